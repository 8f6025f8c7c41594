"""What could have run in a Python source: coverage.py's own static analysis, in memory.

coverage.py's data files hold what was executed and nothing else; its reports join that with
its analysis of the sources (`coverage.results`), and so does this: the same parser, without
its file access, plugins and settings. Excluded are the lines that coverage.py excludes by
default; a project's own `exclude_lines` are in its settings, not in the data file.
https://coverage.readthedocs.io/en/latest/excluding.html
https://coverage.readthedocs.io/en/latest/branch.html

coverage.py's patterns take up to cubic time on a line made for it, and the sources are
anybody's: the same lines are found here in linear time.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from coverage.exceptions import CoverageException
from coverage.parser import PythonParser
from coverage.phystokens import source_encoding

from worker.core.errors import ReportError
from worker.core.model import bitmap, line_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from worker.core.formats._build import FileBuilder

__all__ = ["Executed", "add_source"]

MAX_SOURCE = 400_000
"""Bytes of a source; the parser takes up to a thousand times as much memory."""
MAX_SCOPES = 10_000
"""Functions, classes and comprehensions of a source; Python's compiler takes quadratic time."""

_SCOPE = re.compile(rb"\b(?:def|class|lambda|for)\b")
_NO_COVER = re.compile(r"#\s*(?:pragma|PRAGMA)[:\s]?\s*(?:no|NO)\s*(?:cover|COVER)")
_NO_BRANCH = re.compile(r"#\s*(?:pragma|PRAGMA)[:\s]?\s*(?:no|NO)\s*(?:branch|BRANCH)")
_CONSTANT = re.compile(r"\s*(?:while|if) (?:True|1|False|0):")
_TYPE_CHECKING = re.compile(r"\s*if (?:typing\.)?TYPE_CHECKING:")
_ELLIPSIS = re.compile(r"\.\.\.\s*(?:#|$)")
_DEF = re.compile(r"(?:async )?def ")
_RETURNS = re.compile(r"[\])]\s*->")
_CLOSED = re.compile(r"[\])]+(?:$|\s*->)")
_MAX_STUB = 10_000
"""Characters of a line that may be a stub; a longer one with many `...` takes long to look at."""
_EXCLUDES_MORE = (7, 10)
"""The release that began to exclude `...` bodies and `if TYPE_CHECKING:`."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What a data file says of one source."""

    lines: int = 0
    """The bitmap of lines on which something ran, as traced: any line of a statement."""
    arcs: AbstractSet[tuple[int, int]] = frozenset()
    """Jumps from line to line; the negative of a scope's first line is its entry or exit."""
    contexts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """The lines by context."""


def add_source(
    file: FileBuilder,
    source: bytes,
    executed: Executed,
    version: tuple[int, ...],
    *,
    branches: bool,
) -> None:
    """Give `file` the statements of a source, and what was executed of them.

    `version` is that of the coverage.py which wrote the data file; `branches` whether it
    recorded arcs. Raises `ReportError` where the source is not Python that can be parsed.
    """
    parser = _parse(source, more=version >= _EXCLUDES_MORE)
    statements = bitmap(parser.statements)
    move = _mover(parser, statements)
    hit = move(executed.lines)
    file.add_bitmaps(statements, hit)
    if branches:
        for line, taken in _arms(parser, executed.arcs):
            file.add_arms(line, taken)
    for name, lines in executed.contexts.items():
        file.add_context_bitmap(name, move(lines))


class _Parser(PythonParser):
    """coverage.py's parser, which finds excluded lines by our functions."""

    def __init__(self, text: str, *, more: bool) -> None:
        super().__init__(text=text, filename="<source>", exclude="(lines_matching knows)")
        self._more = more

    def lines_matching(self, *regexes: str) -> set[int]:  # noqa: ARG002 - `exclude` alone
        lines = self.text.split("\n")
        found = {n for n, line in enumerate(lines, 1) if _NO_COVER.search(line)}
        if self._more:
            found |= {n for n, line in enumerate(lines, 1) if _TYPE_CHECKING.match(line)}
            found |= _stubs(lines)
        return found

    def lines_excused(self) -> set[int]:
        """Return the first lines of the statements whose branches are not asked for."""
        lines = enumerate(self.text.split("\n"), 1)
        return self.first_lines(
            n for n, line in lines if _NO_BRANCH.search(line) or _CONSTANT.match(line)
        )


def _parse(source: bytes, *, more: bool) -> _Parser:
    if len(source) > MAX_SOURCE or len(_SCOPE.findall(source)) > MAX_SCOPES:
        raise ReportError(
            f"its source has more than {MAX_SOURCE} bytes or {MAX_SCOPES} functions, too much to "
            "analyse here"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence" is not our business
            parser = _Parser(_text(source), more=more)
            parser.parse_source()
    except (CoverageException, SyntaxError, ValueError, LookupError) as error:
        reason = str(error.__cause__ or error)
        raise ReportError(f"its source is not Python that can be parsed ({reason})") from None
    except (RecursionError, MemoryError):
        raise ReportError("its source is nested too deeply to be parsed") from None
    return parser


def _text(source: bytes) -> str:
    """Return a source as `coverage.python.get_python_source` reads it from a file."""
    lines = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\f", b" ")
    text = lines.decode(source_encoding(lines), "replace")
    return text if not text or text.endswith("\n") else text + "\n"


def _mover(parser: PythonParser, statements: int) -> Callable[[int], int]:
    """Return what moves traced lines to the first lines of their statements."""

    def move(lines: int) -> int:
        others = lines & ~statements
        moved = bitmap(parser.translate_lines(line_numbers(others))) if others > 1 else 0
        return (lines | moved) & statements

    return move


def _arms(parser: _Parser, arcs: Iterable[tuple[int, int]]) -> Iterable[tuple[int, list[bool]]]:
    """Yield, for each line with several ways out, which were taken, by where they lead.

    As `coverage.results.Analysis` counts: a way that leads to or from an excluded line is
    none, and one that "no branch" excuses is not missing.
    """
    possible = parser.arcs()
    exits: dict[int, list[int]] = defaultdict(list)
    for start, end in sorted(possible):
        if start not in parser.excluded and end not in parser.excluded:
            exits[start].append(end)
    excused = parser.lines_excused()
    executed = parser.translate_arcs(parser.translate_arcs(arcs))
    for line, ends in exits.items():
        if len(ends) > 1:
            yield line, [line in excused or (line, end) in executed for end in ends]


def _stubs(lines: list[str]) -> set[int]:
    """Return the numbers of the lines of bodies that are `...`, with their signatures.

    https://coverage.readthedocs.io/en/latest/excluding.html#default-exclusions
    """
    found = set()
    last = 0  # the last line before this one that is not blank
    for number, line in enumerate(lines, 1):
        if "..." in line and len(line) <= _MAX_STUB:
            for stub in _ELLIPSIS.finditer(line):
                before = line[: stub.start()].strip()
                if not before:
                    found.add(number)
                    if last and _is_signature(lines[last - 1].strip()):
                        found.update(range(last, number))
                elif _is_signature(before):
                    found.add(number)
        if line.strip():
            last = number
    return found


def _is_signature(text: str) -> bool:
    """Return whether `text` is a signature or the end of one that began on lines above."""
    if not text.endswith(":") or len(text) > _MAX_STUB:
        return False
    text = text[:-1]
    definition = _DEF.match(text)
    if definition is None:
        return _CLOSED.match(text) is not None
    start = definition.end()
    return text.endswith((")", "]"), start) or _RETURNS.search(text, start) is not None
