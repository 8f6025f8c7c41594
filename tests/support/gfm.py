"""Markdown as GitHub reads it, taken apart: what stands in it, and what its texts refer to.

Parsed by CommonMark with GitHub's tables and strikethrough. What GitHub finds in texts
without any mark-up (addresses, mentions, issues, commits, emojis) is looked for here by
rules that are broader than GitHub's own, so that nothing is missed:
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from markdown_it.token import Token

__all__ = ["Shape", "hidden_characters", "shape_of"]

REFERENCES = {
    "mention": r"@[\w-]",
    "issue": r"#\d|\bGH-\d",
    "address": r"://[^\s]|\bwww\.[^\s]",
    "commit": r"(?<![\w-])(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}(?![\w-])",
    "emoji": r":[a-z0-9_+-]+:",
}
"""Looked for in what a reader sees: an escape hides nothing from GitHub here."""
MARKUP = {
    "math": r"\$[^\s$]",
    "footnote": r"\[\^",
    "alert": r"\[!\w+\]",
    "box": r"^\[[ xX]\]",
}
"""Looked for in what is written, where an escape ends it."""
_REFERENCES = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in REFERENCES.items()}
_MARKUP = {name: re.compile(pattern) for name, pattern in MARKUP.items()}
_KEPT = re.compile(r"(?<=^https://github\.com/)[\w.-]+/[\w.-]+|^(?!https://github\.com/).*")
_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a text is made of, whatever its names are."""

    elements: tuple[str, ...]
    """Everything that opens, closes or stands: kinds of tokens, tags, hosts of links."""
    references: tuple[str, ...]
    """What its texts, code aside, refer to: kinds, sorted."""


def shape_of(markdown: str) -> Shape:
    """Return the shape of a Markdown text."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.disable("text_join")  # or escapes could not be told from what they escape
    elements: list[str] = []
    seen, written = [""], [""]
    links = 0
    for token in _flat(parser.parse(markdown)):
        described = _describe(token)
        links += token.nesting * (token.tag == "a")
        if described == "text":
            seen[-1] += "" if links else token.content  # in a link nothing is linked again
            written[-1] += token.content if token.type == "text" else "\0"
            if not token.content or elements[-1:] == ["text"]:
                continue
        elif token.type != "inline":
            # Between the tags of a block of HTML there is text all the same.
            block = token.content if token.type == "html_block" else ""
            seen += [re.sub(r"<[^>]*>", " ", block), ""]
            written.append("")
        elements.append(described)
    found = [*_found(_REFERENCES, seen), *_found(_MARKUP, written)]
    return Shape(tuple(elements), tuple(sorted(found)))


def hidden_characters(text: str) -> list[str]:
    """Return the controls and the marks that turn text around, but for line ends.

    The word joiner, which parts what GitHub would link, is none.
    """
    wrong = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return [c for c in text if c not in ("\n", _JOINER) and unicodedata.category(c) in wrong]


def _flat(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or ())


def _describe(token: Token) -> str:
    if token.type in ("html_inline", "html_block"):
        return f"html {re.findall(r'<[^>]*>', token.content)}"
    if token.type in ("text", "text_special"):
        return "text"
    address = token.attrGet("href") or token.attrGet("src") or ""
    where = " ".join(match[0] for match in _KEPT.finditer(str(address)))
    return f"{token.type} {token.tag} {token.info} {where}".strip()


def _found(kinds: Mapping[str, re.Pattern[str]], texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for name, pattern in kinds.items():
            yield from (name for _ in pattern.finditer(text))
