"""Globs on paths, matched in time that grows with the path and never with luck."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_PATTERN", "Glob"]

MAX_PATTERN = 1_000
"""Characters of a glob; the work for one character of a path grows with it."""
_MAX_STATES = 4_096

# "*" and "?" stop at slashes, "**" does not, "**/" stands for any number of folders.
_PART = re.compile(r"(?<![^/])\*\*/|\*\*+|\*|\?|[^*?]", re.DOTALL)
_INSIDE = "**…/"
"""Follows each "**/": some of a folder's name was read, and only a slash ends it."""


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern for a whole path or name: `*` and `?` within a folder, `**` across folders.

    `**/x` also matches `x`, `dir/` means everything below `dir`; brackets and braces are
    ordinary characters (`[id].tsx` is a file's name). Matching takes time in proportion to
    the path, whatever the pattern: it never backtracks. Raises `ValueError` for an empty
    pattern or one longer than `MAX_PATTERN`.
    """

    pattern: str
    _parts: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _start: str = field(init=False, repr=False, compare=False)
    """What every path begins with that matches: most paths are told by it alone."""
    _steps: dict[tuple[int, str], int] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        text = self.pattern.removeprefix("./").removeprefix("/")
        if not text or len(text) > MAX_PATTERN:
            raise ValueError(f"a glob has 1 to {MAX_PATTERN} characters, not {len(text)}")
        if text.endswith("/"):
            text += "**"
        parts: list[str] = []
        for part in _PART.findall(text):
            parts += (part, _INSIDE) if part == "**/" else (part,)
        object.__setattr__(self, "_parts", tuple(parts))
        wild = next((at for at, part in enumerate(parts) if part[0] in "*?"), len(parts))
        object.__setattr__(self, "_start", "".join(parts[:wild]))

    def matches(self, path: str) -> bool:
        """Return whether the whole of `path` (with forward slashes) matches."""
        if not path.startswith(self._start):
            return False
        states, steps = self._closure(1), self._steps
        for character in path:
            key = (states, character)
            following = steps.get(key)
            if following is None:
                if len(steps) > _MAX_STATES:
                    steps.clear()
                following = steps[key] = self._step(states, character)
            states = following
        return bool(states >> len(self._parts) & 1)

    def _step(self, states: int, character: str) -> int:
        """Return the states after one more character; bit n: the first n parts are done."""
        after = 0
        for index in _bits(states):
            part = self._parts[index] if index < len(self._parts) else ""
            if part in ("**/", _INSIDE):
                inside = index + (part == "**/")
                after |= (3 if character == "/" else 1) << inside
            elif part.startswith("**") or (part == "*" and character != "/"):
                after |= 1 << index
            elif part == character or (part == "?" and character != "/"):
                after |= 2 << index
        return self._closure(after)

    def _closure(self, states: int) -> int:
        """Add the states reached by letting wildcards match nothing."""
        for index, part in enumerate(self._parts):
            if states >> index & 1 and part.startswith("*") and part != _INSIDE:
                states |= (4 if part == "**/" else 2) << index
        return states


def _bits(states: int) -> Iterator[int]:
    while states:
        lowest = states & -states
        yield lowest.bit_length() - 1
        states ^= lowest
