"""Error paths: how much of what runs when something goes wrong is covered."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._parts import list_parts, remember, sources_of
from worker.core.model import MAX_LINE, FileCoverage, bitmap
from worker.core.numbers import Ratio, format_count, format_limit, format_percent
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "error_paths"
TITLE = "Error paths"
_GATE = "error paths"
_GOOD, _MODERATE = 60, 40
"""Per cent. A team that counted by hand called 40 to 60 % moderate, less low."""


class _Lines(NamedTuple):
    """The measured lines of a file: those of error paths, and all others."""

    file: FileCoverage
    errors: int

    def ratio(self, within: int = -1) -> Ratio:
        return self.file.within(self.errors & within)

    @property
    def missed(self) -> int:
        return self.file.missed & self.errors

    @property
    def others(self) -> Ratio:
        return self.file.within(~self.errors)


def look(evidence: Evidence) -> Insight | None:
    """Count the measured lines of error paths; nothing where the source's facts name none."""
    found = remember(evidence, "error paths", _find)
    if not found:
        told = "no report measures a line of an error path"
        results = _results(evidence, Ratio())
        return Insight(NAME, TITLE, told, results=results) if results else None
    whole = _sum(one.ratio() for one in found.values())
    new = _new_code(evidence, found)
    fresh = _sum(ratio for _, ratio, _ in new)
    others = _sum(one.others for one in found.values())
    told = format_count(whole.total, "line")
    summary = f"{format_percent(whole.percent)} of {told} of error paths covered"
    if fresh.total:
        summary += f", of the new code's {fresh.covered:,} of {fresh.total:,}"
    rows: list[tuple[Cell, ...]] = [("error paths", whole, _level(whole))]
    if fresh.total:
        rows.append(("error paths of the new code", fresh, _level(fresh)))
    rows.append(("all other lines of these files", others, None))
    return Insight(
        NAME,
        TITLE,
        summary,
        (
            Table(("lines", "covered", "that is"), tuple(rows)),
            _new_table(new),
            _by_part(evidence, found),
            _worst(found.values()),
        ),
        _results(evidence, whole),
        relevant=any(missed for *_, missed in new),
    )


def _find(evidence: Evidence) -> Mapping[str, _Lines]:
    """Return the source files that have a measured line in an error path, by path."""
    facts = evidence.inputs.material.facts
    found = {}
    for file in sources_of(evidence):
        known = facts.get(file.path)
        lines = known.errors if known is not None else ()
        errors = bitmap(line for line in lines if 0 < line <= MAX_LINE) & file.measured
        if errors:
            found[file.path] = _Lines(file, errors)
    return found


def _sum(ratios: Iterable[Ratio]) -> Ratio:
    return sum(ratios, Ratio())


def _level(ratio: Ratio) -> str:
    percent = ratio.percent or 0
    return "good" if percent >= _GOOD else "moderate" if percent >= _MODERATE else "low"


def _new_code(evidence: Evidence, found: Mapping[str, _Lines]) -> list[tuple[str, Ratio, int]]:
    """Return the error paths among the new code: path, ratio, uncovered lines."""
    rows = []
    for file in evidence.new_code.files:
        one, lines = found.get(file.path), file.covered | file.missed
        if one is not None and one.errors & lines:
            rows.append((file.path, one.ratio(lines), one.errors & file.missed))
    return sorted(rows, key=lambda row: (-row[2].bit_count(), row[0]))


def _new_table(new: Iterable[tuple[str, Ratio, int]]) -> Table:
    rows = tuple(
        (Place(path), ratio, Place(path, missed, named=False))
        for path, ratio, missed in new
        if missed
    )
    return Table(("file", "covered", "uncovered lines"), rows, "Error paths of the new code")


def _by_part(evidence: Evidence, found: Mapping[str, _Lines]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for part in list_parts(evidence):
        own = [found[file.path] for file in part.files if file.path in found]
        if own:
            ratio = _sum(one.ratio() for one in own)
            rows.append((Code(part.name), ratio, _level(ratio), _sum(one.others for one in own)))
    columns = ("package", "error paths", "that is", "all other lines")
    return Table(columns, tuple(rows) if len(rows) > 1 else (), "By package")


def _worst(found: Iterable[_Lines]) -> Table:
    """Return the files whose error paths have uncovered lines, the most first."""
    missing = [one for one in found if one.missed]
    missing.sort(key=lambda one: (-one.missed.bit_count(), one.file.path))
    rows = tuple(
        (Place(one.file.path), one.ratio(), Place(one.file.path, one.missed, named=False))
        for one in missing
    )
    return Table(("file", "covered", "uncovered lines"), rows, "Files with the most to test")


def _results(evidence: Evidence, whole: Ratio) -> tuple[GateResult, ...]:
    rule = evidence.config.error_paths
    if rule.minimum is None:
        return ()
    required = f"≥ {format_limit(rule.minimum)} %"
    percent = whole.percent
    if percent is None:
        summary = "no report measures a line of an error path that was found in the source"
        return (GateResult(_GATE, Outcome.NEUTRAL, summary, "–", required, rule.blocking),)
    actual = f"{whole.covered:,} of {format_count(whole.total, 'line')}, {format_percent(percent)}"
    outcome, summary = Outcome.NEUTRAL, evidence.doubt()
    if not summary and percent >= rule.minimum:
        outcome, summary = Outcome.PASS, format_percent(percent)
    elif not summary:
        more = ceil(rule.minimum * whole.total / 100) - whole.covered
        outcome = Outcome.FAIL
        summary = f"error paths have {format_percent(percent)}, {format_limit(rule.minimum)} % is "
        summary += f"needed: cover {format_count(more, 'more line')}"
    return (GateResult(_GATE, outcome, summary, actual, required, rule.blocking),)


LOOK = Look(NAME, look, judges=lambda config: config.error_paths.minimum is not None)
