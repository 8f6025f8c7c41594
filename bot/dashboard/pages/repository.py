"""One repository: where it stands, where it goes, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.dashboard.facts import Count
from bot.dashboard.pages.cells import RatioView, view_ratio
from bot.dashboard.pages.insights import InsightView, view_insights
from bot.dashboard.pages.words import PENDING, State, cut, day, moment, state_of, tame
from bot.dashboard.plots import (
    Level,
    Tile,
    coverage_class,
    draw_pyramid,
    draw_treemap,
    draw_trend,
    lay_trend,
)
from worker.core.numbers import (
    Ratio,
    format_count,
    format_limit,
    format_loss,
    format_percent,
    format_points,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from markupsafe import Markup

    from bot.dashboard.facts import InsightFacts
    from bot.dashboard.pages.links import Links
    from bot.dashboard.reading import Branch
    from worker.ports import ConclusionRecord, OverrideRecord, PointRecord, PullRecord

__all__ = [
    "OverrideLine",
    "PullLine",
    "RepositoryPage",
    "TrendView",
    "view_overrides",
    "view_repository",
]

_MOST_TILES = 70
_MOST_FILES = 20
_TABLE_POINTS = 20
_LONGEST = 200
_PYRAMIDS = ("pyramid", "test_types")
"""Analyses that count tests by their type, the better first."""


@dataclass(frozen=True, slots=True)
class TrendView:
    """The plot, its axes, and the same as a table, the newest first."""

    plot: Markup
    axis: tuple[str, ...]
    """Labels from top to bottom."""
    first: str
    last: str
    target: str
    rows: tuple[tuple[str, str, RatioView], ...]
    """Day, commit, coverage."""


@dataclass(frozen=True, slots=True)
class PullLine:
    """An open pull request."""

    state: State
    number: int
    title: str
    author: str
    url: str
    draft: bool
    verdict: str
    time: str


@dataclass(frozen=True, slots=True)
class OverrideLine:
    """An entry of the ledger."""

    who: str
    reason: str
    number: int
    url: str
    scope: str
    made: str
    end: str
    uncovered: str


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file, by how many of its lines are not covered."""

    path: str
    url: str
    missed: int
    ratio: RatioView


@dataclass(frozen=True, slots=True)
class RepositoryPage:
    """All of the page; without `ratio`, there is no report yet."""

    ratio: RatioView | None
    change: str
    goal: str
    """What the target is and how far it is, in words."""
    branch: str
    commit: str
    trend: TrendView | None
    pulls: tuple[PullLine, ...]
    treemap: Markup | None
    files: tuple[FileLine, ...]
    all_files: int
    pyramid: Markup | None
    insights: tuple[InsightView, ...]
    overrides: tuple[OverrideLine, ...]


def view_repository(branch: Branch, links: Links) -> RepositoryPage:
    """Return the page of a branch."""
    lines, target = branch.lines, branch.target
    percents = _percents(branch.points)
    counted = branch.snapshot.counted
    return RepositoryPage(
        ratio=None if lines is None else view_ratio(lines, target),
        change=format_points(percents[-1] - percents[-2]) if len(percents) > 1 else "",
        goal=_goal(lines, target),
        branch=tame(branch.name),
        commit=branch.commit or (branch.points[-1].commit if branch.points else ""),
        trend=_trend(branch.points, target),
        pulls=tuple(_pull(pull, end, links) for pull, end in branch.pulls),
        treemap=_treemap(counted, links, branch.commit),
        files=_files(counted, links, branch.commit),
        all_files=len(counted),
        pyramid=_pyramid(branch.snapshot.insights),
        insights=view_insights(branch.snapshot.insights, links, branch.commit),
        overrides=view_overrides(branch.overrides, links),
    )


def _percents(points: Sequence[PointRecord]) -> list[Fraction]:
    ratios = (Count(one.covered, one.total).ratio.percent for one in points)
    return [percent for percent in ratios if percent is not None]


def _goal(lines: Count | None, target: Fraction | None) -> str:
    percent = lines.ratio.percent if lines is not None else None
    if target is None or percent is None:
        return ""
    limit = f"{format_limit(target)} %"
    if percent >= target:
        goal = f"the target of {limit} is reached"
    else:
        goal = f"{format_loss(target - percent)} below the target of {limit}"
    return goal.replace(" %", "\u00a0%")


def _trend(points: Sequence[PointRecord], target: Fraction | None) -> TrendView | None:
    known = [one for one in points if Count(one.covered, one.total).ratio.total]
    if not known:
        return None
    percents = _percents(known)
    trend = lay_trend(percents, target)
    words = [
        f"{day(one.recorded_at)}, {one.commit[:7]}: {format_percent(percent)}"
        for one, percent in zip(known, percents, strict=True)
    ]
    commits = format_count(len(known), "commit")
    told = f"From {words[0]} to {words[-1]}, over {commits}."
    if target is not None:
        told += f" The target is {format_limit(target)} %."
    rows = [
        (day(one.recorded_at), one.commit[:7], view_ratio(Count(one.covered, one.total)))
        for one in reversed(known[-_TABLE_POINTS:])
    ]
    return TrendView(
        plot=draw_trend(trend, words, "Coverage from commit to commit", told),
        axis=tuple(f"{format_limit(mark)} %" for mark, _height in trend.rules),
        first="" if len(known) == 1 else day(known[0].recorded_at),
        last=day(known[-1].recorded_at),
        target="" if target is None else f"target {format_limit(target)} %",
        rows=tuple(rows),
    )


def _pull(pull: PullRecord, end: ConclusionRecord | None, links: Links) -> PullLine:
    return PullLine(
        state=PENDING if end is None else state_of(end.conclusion),
        number=pull.number,
        title=tame(cut(pull.title, _LONGEST)),
        author=tame(pull.author),
        url=links.pull(pull.number),
        draft=pull.draft,
        verdict="waits for its CI" if end is None else tame(cut(end.title, _LONGEST)),
        time=moment(pull.seen_at if end is None else end.recorded_at),
    )


def _treemap(counted: Sequence[tuple[str, Ratio]], links: Links, commit: str) -> Markup | None:
    measured = sorted(
        ((path, lines) for path, lines in counted if lines.total),
        key=lambda pair: (-pair[1].total, pair[0]),
    )
    if not measured:
        return None
    tiles = [_tile(path, lines, links, commit) for path, lines in measured[:_MOST_TILES]]
    rest = measured[_MOST_TILES:]
    if rest:
        lines = sum((lines for _, lines in rest), Ratio())
        name = f"{len(rest):,} smaller files"
        words = f"{name}: {_told(lines)}"
        tiles.append(Tile(name, words, lines.total, coverage_class(lines.percent)))
    told = f"The area of a file is as large as it has lines; {format_count(len(counted), 'file')}."
    return draw_treemap(tiles, "Files by their lines and coverage", told)


def _tile(path: str, lines: Ratio, links: Links, commit: str) -> Tile:
    shown = tame(path)
    return Tile(
        name=shown.rpartition("/")[2] or shown,
        words=f"{cut(shown, _LONGEST)}: {_told(lines)}",
        weight=lines.total,
        class_=coverage_class(lines.percent),
        url=links.file(commit, path) if commit else "",
        note=format_percent(lines.percent),
    )


def _told(lines: Ratio) -> str:
    return f"{format_percent(lines.percent)}, {lines.covered:,} of {lines.total:,} lines"


def _files(counted: Sequence[tuple[str, Ratio]], links: Links, commit: str) -> tuple[FileLine, ...]:
    worst = sorted(counted, key=lambda pair: (-pair[1].missed, pair[0]))[:_MOST_FILES]
    return tuple(
        FileLine(
            tame(cut(path, _LONGEST)),
            links.file(commit, path) if commit else "",
            lines.missed,
            view_ratio(Count(lines.covered, lines.total)),
        )
        for path, lines in worst
        if lines.missed
    )


def _pyramid(insights: Sequence[InsightFacts]) -> Markup | None:
    """Return the pyramid of the analysis that counts tests by type, where there is one."""
    for name in _PYRAMIDS:
        found = next((one for one in insights if one.name == name and one.tables), None)
        levels = _levels(found) if found is not None else []
        if len(levels) > 1:
            total = sum(level.tests for level in levels)
            told = f"{format_count(total, 'test')}: " + ", ".join(
                f"{level.name} {level.tests:,}" for level in levels
            )
            return draw_pyramid(levels, "Tests by their type", told)
    return None


def _levels(insight: InsightFacts) -> list[Level]:
    """Return the levels, those with the fewest tests on top, of the first table about tests."""
    table = insight.tables[0]
    at = next((at for at, name in enumerate(table.columns) if name == "tests"), None)
    if at is None:
        return []
    levels = [
        Level(tame(cut(str(row[0]), 40)), row[at])
        for row in table.rows
        if len(row) > at and type(row[at]) is int and row[at] >= 0 and row[0]
    ]
    return sorted(levels, key=lambda level: (level.tests, level.name))


def view_overrides(overrides: Sequence[OverrideRecord], links: Links) -> tuple[OverrideLine, ...]:
    """Return entries of the ledger."""
    return tuple(_override(one, links) for one in overrides)


def _override(one: OverrideRecord, links: Links) -> OverrideLine:
    lines = sum(lines.bit_count() for lines in one.uncovered.values())
    if one.ended_at is not None:
        by = {"push": "a push", "date": "its date"}.get(one.ended_by, tame(one.ended_by))
        end = f"ended by {by}, {day(one.ended_at)}"
    else:
        end = "holds" if one.until is None else f"holds until {day(one.until)}"
    return OverrideLine(
        who=tame(one.who),
        reason=tame(one.reason),
        number=one.number,
        url=links.pull(one.number),
        scope=tame(one.gate) or "the whole check",
        made=moment(one.made_at),
        end=end,
        uncovered=f"{format_count(lines, 'line')} uncovered" if lines else "",
    )
