"""JavaScript's and TypeScript's facts, by patterns over a masked text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from worker.core.static._mask import Lines, count_code, mask_script, match_brackets
from worker.core.static._outward import calls_in
from worker.core.static._scripts import (
    ASSERT,
    BLOCK,
    CATCH,
    FINDINGS,
    FUNCTION,
    IMPORT,
    IN_BODY_SKIP,
    MOCK,
    NAMED,
    NO_NAMES,
    POINTS,
    SETTING,
    SETUPS,
    SKIPPED,
    SPY,
    STUBBED,
    SUITES,
    THROW,
    WEAKNESSES,
)
from worker.core.static.facts import (
    Assertion,
    FileFacts,
    Finding,
    Language,
    Mock,
    Skip,
    SourceFunction,
    SourcePoint,
    TestFunction,
)
from worker.core.static.text import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["read_script"]

_Value = TypeVar("_Value")

_SPACE = re.compile(r"\s*")
_QUOTE = re.compile(r"['\"`]")
_MOST_BETWEEN = 8
"""Lines between a decorator and the method that it is for."""
_MOST_AROUND = 50
"""Suites inside of each other; more are no tests."""


def read_script(text: str, *, test: bool) -> FileFacts:
    """Return what a source of JavaScript or TypeScript tells."""
    script = _Script(text)
    lines = count_code(script.masked.split("\n"))
    imports = tuple(sorted(set(script.imports())))
    if test:
        return FileFacts(
            Language.JAVASCRIPT,
            lines=lines,
            tests=tuple(script.tests()),
            findings=tuple(script.findings(FINDINGS)),
            imports=imports,
        )
    return FileFacts(
        Language.JAVASCRIPT,
        lines=lines,
        functions=tuple(script.functions()),
        errors=script.errors(),
        points=tuple(script.points()),
        findings=tuple(script.findings(WEAKNESSES)),
        imports=imports,
        calls=script.calls(),
    )


@dataclass(slots=True)
class _Piece:
    """A suite, test or set-up, as a range of the text."""

    what: str
    words: frozenset[str]
    start: int
    end: int
    name: str
    outer: Sequence[_Piece] = field(default_factory=tuple)

    @property
    def skipped(self) -> bool:
        """Whether its own words say that it is not run."""
        return self.what in SKIPPED or bool(self.words & {"skip", "todo"})


class _Script:
    def __init__(self, text: str) -> None:
        self.text = text
        self.masked = mask_script(text)
        self._lines = Lines(text)
        self._brackets = match_brackets(self.masked)

    def imports(self) -> Iterator[str]:
        """Yield what is imported, as written."""
        for match in IMPORT.finditer(self.masked):
            yield self._string(match.start("quote"))

    def _string(self, start: int) -> str:
        """Return the text whose opening quote stands at an offset."""
        quote = self.masked[start]
        end = self.masked.find(quote, start + 1)
        return shorten(self.text[start + 1 : end if end > 0 else start + 200])

    def _line(self, offset: int) -> int:
        return self._lines.at(offset)

    def _skip_space(self, offset: int) -> int:
        match = _SPACE.match(self.masked, offset)
        return match.end() if match else offset

    def _pieces(self) -> Iterator[_Piece]:
        """Yield suites, tests and set-ups in the order of the text, with what they stand in.

        A test that has tests of its own is a suite.
        """
        around: list[_Piece] = []
        test: _Piece | None = None
        for match in BLOCK.finditer(self.masked):
            piece = self._piece(match)
            if piece is None:
                continue
            while around and around[-1].end < piece.start:
                around.pop()
            if match["inner"] and test is not None and test.end > piece.start:
                test.what = "xdescribe" if test.what in SKIPPED else "describe"
                around.append(test)
            piece.outer = tuple(around)
            if piece.what not in SUITES | SETUPS:
                test = piece
            if len(around) < _MOST_AROUND and piece.what in SUITES:
                around.append(piece)
            yield piece

    def _piece(self, match: re.Match[str]) -> _Piece | None:
        words = frozenset(match["more"].split(".")) - {""}
        opening = match.end()
        if "each" in words or "for" in words:
            if self.masked[opening] == "`":
                table = self.masked.find("`", opening + 1)
            else:
                table = self._brackets.get(opening, -1)
            opening = self._skip_space(table + 1)
        end = self._brackets.get(opening) if self.masked[opening : opening + 1] == "(" else None
        if end is None:
            return None
        first = self._skip_space(opening + 1)
        quoted = self.masked[first] in "'\"`"
        piece = _Piece(match["what"], words, match.start(), end, "")
        if piece.what in SETUPS:
            return piece
        body = FUNCTION.search(self.masked, opening, end)
        if body is None and not (quoted and piece.skipped):
            return None
        written = self.masked[first:end].partition(",")[0]
        piece.name = self._string(first) if quoted else shorten(written)
        return piece

    def tests(self) -> Iterator[TestFunction]:
        """Yield the tests, with the mocks of what they stand in and of their file's top."""
        pieces = list(self._pieces())
        tests = [one for one in pieces if one.what not in SUITES | SETUPS]
        asserts = [
            (match.start(), self.text[slice(*match.span("how"))] or match["chain"])
            for match in ASSERT.finditer(self.masked)
        ]
        mocks = [(match.start(), self._mock(match)) for match in MOCK.finditer(self.masked)]
        skips = [match.start() for match in IN_BODY_SKIP.finditer(self.masked)]
        shared = self._shared(mocks, pieces, tests)
        for piece in tests:
            own = [mock for _, mock in _within(mocks, piece)]
            around = [mock for suite in (None, *piece.outer) for mock in shared.get(id(suite), ())]
            found = [Skip(self._line(at), self._reason(at)) for at in _between(skips, piece)]
            found += [
                Skip(self._line(one.start), "todo" if "todo" in one.words else "")
                for one in (*piece.outer, piece)
                if one.skipped
            ]
            yield TestFunction(
                name=" > ".join(one.name for one in (*piece.outer, piece)),
                line=self._line(piece.start),
                end_line=self._line(piece.end),
                asserts=tuple(
                    Assertion(self._line(at), how) for at, how in _within(asserts, piece)
                ),
                mocks=tuple(sorted({*own, *around}, key=lambda m: (m.line, m.how, m.target))),
                skips=tuple(found),
                markers=tuple(sorted(piece.words)),
            )

    def _shared(
        self, mocks: Sequence[tuple[int, Mock]], pieces: Sequence[_Piece], tests: Sequence[_Piece]
    ) -> dict[int, list[Mock]]:
        """Return the mocks outside of tests by the suite that they stand in; None is the file."""
        suites = [one for one in pieces if one.what in SUITES]
        starts = [one.start for one in suites]
        found: dict[int, list[Mock]] = {}
        test_starts = [one.start for one in tests]
        for at, mock in mocks:
            before = bisect_right(test_starts, at) - 1
            if before >= 0 and tests[before].end >= at:
                continue
            inner: _Piece | None = None
            index = bisect_right(starts, at) - 1
            if index >= 0:
                last = suites[index]
                holding = (one for one in (last, *reversed(last.outer)) if one.end >= at)
                inner = next(holding, None)
            found.setdefault(id(inner), []).append(mock)
        return found

    def _mock(self, match: re.Match[str]) -> Mock:
        how = " ".join(match["how"].split())
        opening = match.end()
        first = self._skip_space(opening + 1)
        end = self._brackets.get(opening, opening)
        if self.masked[first : first + 1] in {"'", '"', "`"}:
            target = self._string(first)
        else:
            target = shorten(self.text[opening + 1 : end].partition("\n")[0][:80])
        stubbed = bool(STUBBED.match(self.masked, end + 1))
        replaces = not SETTING.fullmatch(how) and (stubbed or not SPY.fullmatch(how))
        return Mock(self._line(match.start()), target, how, replaces)

    def _reason(self, at: int) -> str:
        opening = self.masked.find("(", at)
        quote = _QUOTE.search(self.masked, opening, self._brackets.get(opening, opening))
        return self._string(quote.start()) if quote else ""

    def findings(self, patterns: Iterable[tuple[str, re.Pattern[str]]]) -> list[Finding]:
        """Return what the patterns of each kind find, by line."""
        found = set()
        for kind, pattern in patterns:
            for match in pattern.finditer(self.masked):
                line = self._line(match.start())
                start = self._lines.start(line)
                found.add(
                    Finding(kind, line, shorten(self.text[start : start + 400].split("\n")[0]))
                )
        return sorted(found, key=lambda one: (one.line, one.kind))

    def functions(self) -> list[SourceFunction]:
        """Return functions and methods with their lines."""
        return self._functions

    @cached_property
    def _functions(self) -> list[SourceFunction]:
        found = []
        for match in NAMED.finditer(self.masked):
            name = match["name"] or match["arrow"] or match["method"]
            if name in NO_NAMES:
                continue
            opening = match.end() - 1 if match["method"] else self._body(match.end())
            end = self._brackets.get(opening, match.end())
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            found.append(SourceFunction(name, self._line(start), self._line(end)))
        return found

    def _body(self, after: int) -> int:
        """Return where a function's body opens: behind its arguments, if they are still ahead."""
        if self.masked[after - 1] == "(":
            after = self._brackets.get(after - 1, after) + 1
        brace = self.masked.find("{", after, after + 200)
        return brace if brace >= 0 else after

    def errors(self) -> tuple[int, ...]:
        """Return the lines of handlers and of what throws."""
        lines: set[int] = set()
        for match in CATCH.finditer(self.masked):
            end = self._brackets.get(match.end())
            if end is not None:
                first, last = self._line(match.end()), self._line(end)
                inside = range(first + 1, last) if last > first + 1 else range(first, last + 1)
                lines.update(inside)
        lines.update(self._line(match.start()) for match in THROW.finditer(self.masked))
        return tuple(sorted(lines))

    def points(self) -> list[SourcePoint]:
        """Return where the program meets the outside."""
        found = set()
        for kind, pattern in POINTS:
            for match in pattern.finditer(self.masked):
                groups = match.groupdict()
                quotes = [name for name in groups if name.startswith("quote") and groups[name]]
                name = self._string(match.start(quotes[0])) if quotes else ""
                before = groups.get("verb") or groups.get("name") or ""
                before = before.upper() if groups.get("verb") else before
                lines = self._lines_of(match, kind)
                named = f"{before} {name}".strip()
                found.add(SourcePoint(kind, named, self._line(match.start()), *lines))
        return sorted(found, key=lambda one: (one.line, one.kind, one.name))

    def _lines_of(self, match: re.Match[str], kind: str) -> tuple[int, int]:
        """Return the lines that run when a point is used; zeros where they are not told.

        A route's own line runs when it is registered, its handler's lines when it is used.
        """
        first = self._line(match.start())
        opening = self.masked.find("(", match.start(), match.end())
        last = self._line(self._brackets.get(opening, opening))
        if kind == "table":
            return (first, last) if match[0].startswith("knex") else (0, 0)
        if kind != "route":
            return first, last
        if match[0].startswith("@"):
            below = [one for one in self._functions if first < one.line <= first + _MOST_BETWEEN]
            return (below[0].line + 1, below[0].end_line) if below else (0, 0)
        return (first + 1, last) if last > first else (0, 0)

    def calls(self) -> tuple[tuple[str, int], ...]:
        """Return what it calls that may lead outside."""
        return calls_in(self.text, self.masked, self._lines)


def _within(events: Sequence[tuple[int, _Value]], piece: _Piece) -> Sequence[tuple[int, _Value]]:
    """Return the events whose offsets, which ascend, lie in a piece."""
    first = bisect_left(events, piece.start, key=itemgetter(0))
    return events[first : bisect_right(events, piece.end, key=itemgetter(0))]


def _between(offsets: Sequence[int], piece: _Piece) -> Sequence[int]:
    first = bisect_left(offsets, piece.start)
    return offsets[first : bisect_right(offsets, piece.end)]
