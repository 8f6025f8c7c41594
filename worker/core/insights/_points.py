"""Where a program meets the outside: what its source tells, and what a team's patterns find."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from worker.core.insights._parts import matcher, sources_of
from worker.core.insights._ran import measured_at, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from worker.core.config import PointPattern
    from worker.core.model import FileCoverage
    from worker.core.static import FileFacts, SourcePoint
    from worker.core.verdict import Evidence

__all__ = ["CallPattern", "Site", "sites_of"]

_PIECES = re.compile(r"(?<!\w)(?:(?P<before>\w++)\.)?(?=(?P<name>\w++))")


@dataclass(frozen=True, slots=True)
class Site:
    """A place at which a program meets the outside, by one of its points.

    `lines` are the measured lines that run when it is used; 0 where that is not told.
    """

    kind: str
    name: str
    path: str
    line: int
    lines: int = 0


@dataclass(frozen=True, slots=True)
class CallPattern:
    """A call with `*` for any text.

    Its parts are looked for one after the other, so that the work grows with the text alone,
    whatever the pattern. It may begin anywhere behind a dot: "bus.emit(*)" is found in
    "self.bus.emit(created)", too.
    """

    pattern: str

    def match(self, call: str) -> str | None:
        """Return what the `*` stand for, with spaces between; None where it does not fit."""
        if self.pattern.partition("*")[0] not in call:
            return None
        name = call.partition("(")[0]
        starts = [0, *(at + 1 for at, sign in enumerate(name) if sign == ".")]
        fits = (self._fit(call, start) for start in starts)
        return next((one for one in fits if one is not None), None)

    def _fit(self, call: str, start: int) -> str | None:
        first, *rest = self.pattern.split("*")
        if not call.startswith(first, start):
            return None
        at = start + len(first)
        if not rest:
            return "" if at == len(call) else None
        found = []
        for part in rest[:-1]:
            place = call.find(part, at)
            if place < 0:
                return None
            found.append(call[at:place])
            at = place + len(part)
        last = len(call) - len(rest[-1])
        if last < at or not call.endswith(rest[-1]):
            return None
        return " ".join(filter(None, [*found, call[at:last]]))


def sites_of(evidence: Evidence) -> tuple[Site, ...]:
    """Return all places in measured source files, sorted."""
    known = evidence.inputs.material.facts
    files = [(file, known[file.path]) for file in sources_of(evidence) if file.path in known]
    own = [(file, facts, point) for file, facts in files for point in facts.points]
    handlers = _Handlers(files)
    found: set[Site] = set()
    for file, _, point in own:
        elsewhere = handlers.sites(file.path, point) if point.named else ()
        lines = measured_at(file, point.first, point.last) if point.first else 0
        site = Site(point.kind, point.name, file.path, point.line, lines)
        found.update(elsewhere or [site])
    for pattern in evidence.config.points:
        found.update(_matched(pattern, files))
    return tuple(sorted(found, key=attrgetter("kind", "name", "path", "line", "lines")))


def _matched(
    pattern: PointPattern, files: Sequence[tuple[FileCoverage, FileFacts]]
) -> Iterator[Site]:
    asked, matches = CallPattern(pattern.pattern), matcher(pattern.paths)
    for file, facts in files:
        for call, line in facts.calls if matches(file.path) else ():
            name = asked.match(call)
            if name is not None:
                lines = measured_at(file, line, line)
                yield Site(pattern.kind, name or call, file.path, line, lines)


class _Handlers:
    """Finds what stands for a point elsewhere: a route's handler, the uses of a table's class."""

    def __init__(self, files: Sequence[tuple[FileCoverage, FileFacts]]) -> None:
        self._functions: dict[tuple[str, str], list[tuple[str, int, int]]] = defaultdict(list)
        self._modules: dict[str, list[str]] = defaultdict(list)
        """Paths by what names them: the ends of each, without its suffix."""
        self._known: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
        self._uses: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
        tables = _tables(files)
        asked = {
            point.named.rpartition(".")[2]
            for _, facts in files
            for point in facts.points
            if point.kind != "table"
        }
        for file, facts in files:
            for end in _ends_of(file.path):
                self._modules[end].append(file.path)
            for one in facts.functions:
                names = asked.intersection(
                    (one.name.partition(".")[0], one.name.rpartition(".")[2])
                )
                if not names:
                    continue
                place = (file.path, one.line, file.measured & span(one.line + 1, one.end_line))
                for name in names:
                    self._functions[file.path, name].append(place)
            for call, line in facts.calls if tables else ():
                for name in _named_in(call, tables):
                    self._uses[name].append((file.path, line, measured_at(file, line, line)))

    def sites(self, path: str, point: SourcePoint) -> list[Site]:
        """Return the places of a point that stands for something elsewhere; none if unknown."""
        if point.kind == "table":
            places = self._uses.get(point.named, [])
        else:
            places = self._handlers(path, point.named)
        return [Site(point.kind, point.name, *place) for place in places]

    def _handlers(self, path: str, named: str) -> list[tuple[str, int, int]]:
        """Return the functions, or the methods of the class, that a name means in a file."""
        module, _, last = named.removeprefix("self.").removeprefix("cls.").rpartition(".")
        dots = len(named) - len(named.lstrip("."))
        end = module.lstrip(".").replace(".", "/")
        if dots:
            end = "/".join([*path.split("/")[:-dots], *filter(None, [end])])
        if not end:
            return self._functions.get((path, last), [])
        if (end, last) not in self._known:
            self._known[end, last] = self._only(end, last)
        return self._known[end, last]

    def _only(self, module: str, name: str) -> list[tuple[str, int, int]]:
        """Return the functions of the only module of that name that has any so called."""
        found: list[tuple[str, int, int]] = []
        for path in self._modules.get(module, ()):
            own = self._functions.get((path, name), [])
            if found and own:
                return []
            found = found or own
        return found


def _tables(files: Sequence[tuple[FileCoverage, FileFacts]]) -> dict[str, set[str]]:
    """Return the modules that define each table's class or variable, by its name."""
    found: dict[str, set[str]] = defaultdict(set)
    for file, facts in files:
        for point in facts.points:
            if point.kind == "table" and point.named:
                *folders, name = file.path.split("/")
                found[point.named] |= {name.partition(".")[0], *folders[-1:]}
    return found


def _named_in(call: str, tables: Mapping[str, set[str]]) -> set[str]:
    """Return which of the tables a call names.

    A class is known by its name; a variable, whose name is often a common word, only behind
    the module that defines it.
    """
    return {
        match["name"]
        for match in _PIECES.finditer(call)
        if match["name"] in tables
        if match["name"][:1].isupper() or match["before"] in tables[match["name"]]
    }


def _ends_of(path: str) -> list[str]:
    """Return what may name a module: "shop/api/views", "api/views", "views"."""
    parts = path.rpartition(".")[0].removesuffix("/__init__").split("/")
    return ["/".join(parts[at:]) for at in range(len(parts))]
