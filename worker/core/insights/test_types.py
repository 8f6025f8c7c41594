"""Types of tests: what each of them covers, and what only one of them reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._parts import list_parts, matcher
from worker.core.model import Report
from worker.core.numbers import Ratio, format_count, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "test_types"


class _Alone(NamedTuple):
    """Lines of a file that one type of tests reaches, and no other one."""

    path: str
    flag: str
    lines: int


def look(evidence: Evidence) -> Insight | None:
    """Compare the reports by their flags; nothing where fewer than two flags have any."""
    flags = evidence.inputs.flags
    if len(flags) < 2:
        return None
    alone = _find_alone(flags)
    new = {file.path: file.covered | file.missed for file in evidence.new_code.files}
    inside = [one for one in alone if one.lines & new.get(one.path, 0)]
    counted = {flag: _within(report, new) for flag, report in flags.items()}
    told = ", ".join(f"{flag} {format_percent(flags[flag].lines.percent)}" for flag in flags)
    only = sum((one.lines & new.get(one.path, 0)).bit_count() for one in inside)
    summary = told
    if evidence.diff.files:
        summary += f"; {format_count(only, 'new line')} reached by one type only"
    tables = (
        _by_type(flags, counted, alone),
        _by_paths(flags, "package", "By package", _packages(evidence)),
        _by_paths(flags, "critical path", "By critical path", _critical(evidence)),
        _alone_table(
            [one._replace(lines=one.lines & new[one.path]) for one in inside],
            "New code that one type only reaches",
        ),
        _alone_table(alone, "Most lines that one type only reaches"),
    )
    # That one type alone reaches new lines is how it should be: most are for unit tests.
    return Insight(NAME, "Types of tests", summary, tables, relevant=False)


def _within(report: Report, lines: Mapping[str, int]) -> Ratio:
    found = (report.files[path].within(lines[path]) for path in lines if path in report.files)
    return sum(found, Ratio())


def _find_alone(flags: Mapping[str, Report]) -> tuple[_Alone, ...]:
    """Return the lines that one flag alone reaches, the most of a file first."""
    once: dict[str, int] = {}
    twice: dict[str, int] = {}
    for report in flags.values():
        for file in report:
            hit = once.get(file.path, 0)
            twice[file.path] = twice.get(file.path, 0) | hit & file.hit
            once[file.path] = hit | file.hit
    found = [
        _Alone(file.path, flag, lines)
        for flag, report in flags.items()
        for file in report
        if (lines := file.hit & ~twice[file.path])
    ]
    return tuple(sorted(found, key=lambda one: (-one.lines.bit_count(), one.path, one.flag)))


def _by_type(
    flags: Mapping[str, Report], new: Mapping[str, Ratio], alone: tuple[_Alone, ...]
) -> Table:
    count = dict.fromkeys(flags, 0)
    for one in alone:
        count[one.flag] += one.lines.bit_count()
    rows = tuple((Code(flag), flags[flag].lines, new[flag], count[flag]) for flag in flags)
    return Table(("type", "all lines", "new code", "lines that it only reaches"), rows)


def _by_paths(
    flags: Mapping[str, Report], what: str, title: str, paths: Mapping[str, Iterable[str]]
) -> Table:
    """Return a row for each name, with what each type of tests covers of its files."""
    rows: list[tuple[Cell, ...]] = []
    for name, own in paths.items():
        ratios = [
            Report({path: report.files[path] for path in own if path in report.files}).lines
            for report in flags.values()
        ]
        rows.append((Code(name), *ratios))
    return Table((what, *flags), tuple(rows), title)


def _packages(evidence: Evidence) -> Mapping[str, Iterable[str]]:
    """Return the paths of packages by their names; nothing where there is but one folder."""
    parts = list_parts(evidence)
    if len(parts) < 2 and not evidence.config.packages:
        return {}
    return {part.name: [file.path for file in part.files] for part in parts}


def _critical(evidence: Evidence) -> Mapping[str, Iterable[str]]:
    found = {}
    for critical in evidence.config.critical:
        matches = matcher(critical.paths)
        found[critical.name] = [path for path in evidence.report.files if matches(path)]
    return found


def _alone_table(alone: list[_Alone] | tuple[_Alone, ...], title: str) -> Table:
    rows = tuple(
        (Place(one.path), Code(one.flag), one.lines.bit_count(), Place(one.path, one.lines, False))
        for one in alone
    )
    return Table(("file", "type", "lines", "which"), rows, title)


LOOK = Look(NAME, look)
