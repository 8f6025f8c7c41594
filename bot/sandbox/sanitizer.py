"""HTML from strangers, cut down to what GitHub lets through.

The allow-list follows GitHub's own, as published in
https://github.com/gjtorikian/html-pipeline/blob/main/lib/html_pipeline/sanitization_filter.rb
without what a page of ours has no use for (ids, pictures' sources, microdata). Everything is
written anew from what the parser understood: where a browser would understand the input
otherwise, it never sees the input.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

__all__ = ["sanitize"]

_ELEMENTS = frozenset(
    "a b blockquote br code dd del details dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img input ins"  # noqa: SIM905 - a literal would be fifty lines
    " kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub summary sup table"
    " tbody td tfoot th thead tr tt ul var".split()
)
_VOID = frozenset({"br", "hr", "img", "input"})
_SILENCED = frozenset(
    "embed iframe math noembed noframes noscript object plaintext script select style svg template"  # noqa: SIM905 - the same
    " textarea title xmp".split()
)
"""Their content is no text for a reader."""

_ATTRIBUTES = {
    "a": frozenset({"href"}),
    "code": frozenset({"class"}),
    "details": frozenset({"open"}),
    "img": frozenset({"alt", "height", "src", "width"}),
    "input": frozenset({"checked", "disabled", "type"}),
    "ol": frozenset({"start"}),
}
_EVERYWHERE = frozenset({"align", "colspan", "dir", "rowspan", "title"})

_LANGUAGE = re.compile(r"language-[\w+#.-]{1,40}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_SCHEMES = {"href": ("http:", "https:", "mailto:"), "src": ("http:", "https:")}
# Browsers drop or skip these inside an address: "java\tscript:" runs.
_IGNORED = re.compile(r"[\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028\u2029\u2060\ufeff]")
_BARE_LINK = re.compile(r"\bhttps?://[^\s<>\"'`]*[^\s<>\"'`?!.,:;*_~)\]]")

_DEPTH = 60
"""Elements within elements; deeper ones are left out, their text stays."""


def sanitize(html: str) -> str:
    """Return balanced HTML of allowed elements and attributes only; bare links made links."""
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return writer.finish()


class _Writer(HTMLParser):
    """Writes what it reads, as far as it is allowed; closes what was left open."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []
        self._silenced = ""
        self._silenced_depth = 0

    def finish(self) -> str:
        """Return all that was written."""
        self._out += [f"</{tag}>" for tag in reversed(self._open)]
        self._open = []
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silenced:
            self._silenced_depth += tag == self._silenced
        elif tag in _SILENCED:
            self._silenced, self._silenced_depth = tag, 1
        elif tag in _ELEMENTS and self._fits(tag, attrs):
            self._out.append(f"<{tag}{_attributes(tag, attrs)}>")
            if tag not in _VOID:
                self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # "<svg/>" ends itself; "<b/>" does not: to a browser it is "<b>".
        if not self._silenced and tag not in _SILENCED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._silenced:
            self._silenced_depth -= tag == self._silenced
            if not self._silenced_depth:
                self._silenced = ""
        elif tag in self._open:
            while True:
                last = self._open.pop()
                self._out.append(f"</{last}>")
                if last == tag:
                    return

    def handle_data(self, data: str) -> None:
        if self._silenced:
            return
        if {"a", "code", "pre"} & set(self._open):
            self._out.append(escape(data))
        else:
            self._out.append(_with_links(data))

    def _fits(self, tag: str, attrs: list[tuple[str, str | None]]) -> bool:
        if tag == "input":
            # A task's box, which nobody can tick here; no other input.
            return ("type", "checkbox") in attrs and "disabled" in dict(attrs)
        return tag in _VOID or len(self._open) < _DEPTH


def _attributes(tag: str, attrs: list[tuple[str, str | None]]) -> str:
    allowed = _EVERYWHERE | _ATTRIBUTES.get(tag, frozenset())
    written: dict[str, str] = {}
    for name, value in attrs:
        if name in allowed and name not in written and _is_harmless(name, value or ""):
            written[name] = f' {name}="{escape(value or "")}"'
    rel = ' rel="nofollow noopener"' if "href" in written else ""
    return "".join(written.values()) + rel


def _is_harmless(name: str, value: str) -> bool:
    if name == "class":
        return _LANGUAGE.fullmatch(value) is not None
    if name not in _SCHEMES:
        return True
    scheme = _SCHEME.match(_IGNORED.sub("", value))
    return scheme is None or scheme[0].lower() in _SCHEMES[name]


def _with_links(text: str) -> str:
    """Return escaped text in which addresses are links, as GitHub makes them.

    https://github.github.com/gfm/#autolinks-extension-
    """
    parts: list[str] = []
    at = 0
    for found in _BARE_LINK.finditer(text):
        address = escape(found[0])
        link = f'<a href="{address}" rel="nofollow noopener">{address}</a>'
        parts += [escape(text[at : found.start()]), link]
        at = found.end()
    return "".join(parts) + escape(text[at:])
