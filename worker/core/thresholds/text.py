"""A text whose comments are blanked, with the lines that its places are on.

All that is done to it keeps every character's place, and takes time that grows with its
length alone, whatever a stranger wrote.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, Self

from worker.core.thresholds.places import Kind, base_name, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LONGEST_BLOCK", "NUMBER", "Entry", "Found", "Text", "percent_of"]

NUMBER = r"(?P<number>\d{1,3}(?:\.\d{1,6})?)(?!\w|\.\d)"
"""A percentage as it is written in all these files."""
_MARKS = {
    Kind.SCRIPT: ("//", ("/*", "*/")),
    Kind.GRADLE: ("//", ("/*", "*/")),
    Kind.XML: (None, ("<!--", "-->")),
    Kind.JSON: (None, None),
}
_HASH = ("#", None)
_LINE = re.compile(r"[^\n]+")
_END = re.compile(r"\n")
_ENTRY = re.compile(
    r"""(?P<indent>[ ]*)(?P<item>-[ ]+)?["']?(?P<key>[\w./-]{1,100})["']?[ ]*:(?=\s|$)[ ]*"""
    r"""(?P<value>[^\n]*)"""
)
LONGEST_BLOCK = 20_000
"""Characters between two braces."""
_MOST_BLOCKS = 5


class Found(NamedTuple):
    """A threshold at a place of the text."""

    at: int
    tool: str
    percent: Fraction
    new_code: bool = False


class Entry(NamedTuple):
    """A line "key: value" of YAML, with the keys that it stands under."""

    keys: tuple[str, ...]
    value: str
    at: int


def percent_of(number: str, *, most: int = 100) -> Fraction | None:
    """Return a percentage above 0 and of at most `most`; None for anything else.

    With 1 as `most`, the number is a share of one: 0.8 is 80 %.
    """
    value = Fraction(number)
    return value * 100 / most if 0 < value <= most else None


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text; `code` is the same without comments, its characters in their places."""

    path: str
    kind: Kind
    code: str
    starts: tuple[int, ...]
    """Where lines begin."""

    @classmethod
    def of(cls, path: str, text: str) -> Self:
        """Return a text without its comments; of a file of no known kind, "#" begins one."""
        kind = kind_of(path) or Kind.COMMANDS
        mark, block = _MARKS.get(kind, _HASH)
        code = text if block is None else _without_blocks(text, *block)
        if mark is not None:
            code = _without_lines(code, mark)
        starts = (0, *(found.end() for found in _END.finditer(text)))
        return cls(path, kind, code, starts)

    @property
    def name(self) -> str:
        """The file's own name, without its folder."""
        return base_name(self.path)

    def line(self, at: int) -> int:
        """Return the number of the line that a place is on, from 1."""
        return max(1, bisect_right(self.starts, at))

    def blocks(self, opening: str, start: int = 0, end: int | None = None) -> Iterator[range]:
        """Yield what stands between braces behind each match of a pattern; of five at most."""
        stop = len(self.code) if end is None else end
        pattern = re.compile(rf"{opening}[\s:=(]{{0,20}}\{{")
        for count, found in enumerate(pattern.finditer(self.code, start, stop)):
            if count == _MOST_BLOCKS:
                return
            yield range(found.end(), self._end(found.end(), stop))

    def _end(self, start: int, stop: int) -> int:
        """Return where the block ends whose first character is at `start`."""
        depth = 1
        stop = min(stop, start + LONGEST_BLOCK)
        for found in re.compile(r"[{}]").finditer(self.code, start, stop):
            depth += 1 if found[0] == "{" else -1
            if not depth:
                return found.start()
        return stop

    def entries(self) -> Iterator[Entry]:
        """Yield the entries of YAML in block style, in their order."""
        above: list[tuple[int, str]] = []
        for line in _LINE.finditer(self.code):
            found = _ENTRY.match(self.code, line.start(), line.end())
            if found is None:
                continue
            depth = len(found["indent"]) + len(found["item"] or "")
            while above and above[-1][0] >= depth:
                above.pop()
            above.append((depth, found["key"]))
            keys = tuple(key for _, key in above[-12:])
            yield Entry(keys, found["value"].strip(), found.start("key"))


def _without_lines(text: str, mark: str) -> str:
    """Blank what stands from a mark to the end of its line, where it is behind white space."""
    return re.sub(
        rf"(?:(?<=\s)|^){re.escape(mark)}[^\n]*",
        lambda found: " " * len(found[0]),
        text,
        flags=re.MULTILINE,
    )


def _without_blocks(text: str, opening: str, closing: str) -> str:
    """Blank what stands between two marks, line ends but for."""
    parts: list[str] = []
    at = 0
    while True:
        start = text.find(opening, at)
        end = text.find(closing, start + len(opening)) if start >= 0 else -1
        if end < 0:
            parts.append(text[at:])
            return "".join(parts)
        end += len(closing)
        parts += [text[at:start], re.sub(r"[^\n]", " ", text[start:end])]
        at = end
