"""Texts of other languages without the insides of strings, comments and regular expressions.

What is left out becomes spaces, so that every place keeps its offset: patterns look at the
masked text, and names are read from the original. Each takes linear time: what repeats gives
nothing back (`*+`), and every string ends somewhere, be it behind a lone backslash at the end.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Lines", "count_code", "mask", "mask_script", "match_brackets", "weigh_formatted"]

_NOT_NEWLINE = re.compile(r"[^\n]")
_OPEN = {"(": ")", "[": "]", "{": "}"}
_BRACKET = re.compile(r"[()\[\]{}]")

_LINE = r"//[^\n]*"
_BLOCK = r"/\*[\s\S]*?(?:\*/|\Z)"
_HASH = r"\#[^\n]*"
_DOUBLE = r'"(?:[^"\\\n]++|\\[\s\S])*+\\?(?:"|(?=\n)|\Z)'
_SINGLE = r"'(?:[^'\\\n]++|\\[\s\S])*+\\?(?:'|(?=\n)|\Z)"
_CHAR = r"'(?:\\[^\n']{1,10}|[^\\'\n])'"
_LONG = r'"""[\s\S]*?(?:"""|\Z)'
_LONG_SINGLE = r"'''[\s\S]*?(?:'''|\Z)"
_TICKS = r"`[^`]*(?:`|\Z)"
_RAW = r'\br(?P<hashes>\#{0,20})"[\s\S]*?(?:"(?P=hashes)|\Z)'
_ANY_DOUBLE = r'"(?:[^"\\]++|\\[\s\S])*+\\?(?:"|\Z)'
_POD = r"^=begin[\s\S]*?(?:^=end[^\n]*|\Z)"
_SYNTAX = {
    "rust": re.compile(f"{_LINE}|{_BLOCK}|{_RAW}|{_ANY_DOUBLE}|{_CHAR}"),
    "go": re.compile(f"{_LINE}|{_BLOCK}|{_DOUBLE}|{_TICKS}|{_CHAR}"),
    "java": re.compile(f"{_LINE}|{_BLOCK}|{_LONG}|{_DOUBLE}|{_CHAR}"),
    "php": re.compile(rf"{_LINE}|{_BLOCK}|\#(?!\[)[^\n]*|{_DOUBLE}|{_SINGLE}"),
    "ruby": re.compile(f"{_POD}|{_HASH}|{_DOUBLE}|{_SINGLE}", re.MULTILINE),
    "python": re.compile(f"{_HASH}|{_LONG}|{_LONG_SINGLE}|{_DOUBLE}|{_SINGLE}"),
}

_SCRIPT = re.compile(
    rf"(?P<comment>{_LINE}|{_BLOCK})|(?P<text>{_DOUBLE}|{_SINGLE})|(?P<mark>[`/{{}}])"
)
_TEMPLATE = re.compile(r"(?:[^`\\$]++|\\[\s\S]|\$(?!\{))*+\\?(`|\$\{|\Z)")
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+/[a-z]*")
_BEFORE_REGEX = re.compile(
    r"(?:^|[(,=:\[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|delete|void|throw|new|await"
    r"|yield|do|else))$"
)
_FORMATTED = re.compile(
    rf"{_HASH}|(?P<prefix>\b[A-Za-z]{{1,2}})?(?P<text>{_LONG}|{_LONG_SINGLE}|{_DOUBLE}|{_SINGLE})"
)
_LOOK_BACK = 40
_LONGEST_REGEX = 300
_MOST_FAILURES = 10_000
"""Slashes that begin no regular expression; a hostile text could hold nothing else."""


def mask(text: str, syntax: str) -> str:
    """Return a text of one of the languages of `_SYNTAX`, masked; quotes are kept."""
    return _SYNTAX[syntax].sub(_blank_match, text)


def _blank_match(match: re.Match[str]) -> str:
    return _blank(match[0])


def _blank(text: str) -> str:
    """Return spaces for a string or comment; the quotes around a string stay."""
    inner = _NOT_NEWLINE.sub(" ", text)
    quoted = len(text) > 1 and text[0] in "\"'`" and text[-1] == text[0]
    return f"{text[0]}{inner[1:-1]}{text[-1]}" if quoted else inner


def weigh_formatted(text: str) -> int:
    """Return the work that f-strings of a Python source are: each one's length by its braces."""
    return sum(
        len(match["text"]) * match["text"].count("{")
        for match in _FORMATTED.finditer(text)
        if match["prefix"] and "f" in match["prefix"].lower()
    )


def mask_script(text: str) -> str:
    """Return a text of JavaScript or TypeScript, masked; code inside of templates stays."""
    return _Script(text).mask()


class _Script:
    def __init__(self, text: str) -> None:
        self._text = text
        self._parts: list[str] = []
        self._braces: list[bool] = []
        """Of each open brace, whether a template goes on after its end."""
        self._failures = 0

    def mask(self) -> str:
        """Return the masked text."""
        place = 0
        while match := _SCRIPT.search(self._text, place):
            self._parts.append(self._text[place : match.start()])
            place = match.end()
            mark = match["mark"]
            if mark is None:
                self._parts.append(_blank(match[0]))
            elif mark == "/":
                place = self._add_slash(match.start())
            elif mark == "{":
                self._braces.append(False)
                self._parts.append(mark)
            elif mark == "`" or (self._braces and self._braces.pop()):
                self._parts.append(mark)
                place = self._add_template(place)
            else:
                self._parts.append(mark)
        self._parts.append(self._text[place:])
        return "".join(self._parts)

    def _add_slash(self, start: int) -> int:
        """Add a division, or a regular expression as spaces; return where it ends."""
        before = self._text[max(0, start - _LOOK_BACK) : start].rstrip()
        match = None
        if self._failures < _MOST_FAILURES and _BEFORE_REGEX.search(before):
            match = _REGEX.match(self._text, start, start + _LONGEST_REGEX)
            self._failures += match is None
        if match is None:
            self._parts.append("/")
            return start + 1
        self._parts.append(" " * len(match[0]))
        return match.end()

    def _add_template(self, place: int) -> int:
        """Add the inside of a template up to its end or its next `${`; return where that is."""
        match = _TEMPLATE.match(self._text, place)
        if match is None:
            return place
        end = match[1]
        self._parts.append(_NOT_NEWLINE.sub(" ", self._text[place : match.start(1)]))
        self._parts.append(end)
        if end == "${":
            self._braces.append(True)
        return match.end()


def match_brackets(masked: str) -> dict[int, int]:
    """Return where each bracket closes, by where it opens; those without an end are left out."""
    found: dict[int, int] = {}
    opened: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(masked):
        sign = match[0]
        if sign in _OPEN:
            opened.append((sign, match.start()))
        elif opened and _OPEN[opened[-1][0]] == sign:
            found[opened.pop()[1]] = match.start()
    return found


class Lines:
    """Line numbers, counted from 1, by offsets."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def at(self, offset: int) -> int:
        """Return the line that an offset stands on."""
        return bisect_right(self._starts, offset)

    def start(self, line: int) -> int:
        """Return the offset of a line's first character."""
        return self._starts[line - 1]


def count_code(masked: Sequence[str]) -> int:
    """Return how many lines of a masked text hold something."""
    return sum(1 for line in masked if line.strip())
