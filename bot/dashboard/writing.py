"""Values -> the API's answers; pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from bot.dashboard.facts import Count
from bot.dashboard.models import (
    ConclusionAnswer,
    FileAnswer,
    FilesAnswer,
    InsightAnswer,
    InsightsAnswer,
    LinesAnswer,
    OverrideAnswer,
    PackageAnswer,
    PointAnswer,
    PullAnswer,
    QueueAnswer,
    RatioAnswer,
    RepositoryAnswer,
    TrendAnswer,
    WaitingAnswer,
)
from worker.core.model import line_ranges
from worker.core.numbers import Ratio, round_percent

if TYPE_CHECKING:
    from bot.dashboard.reading import Branch, Listed, OnePull
    from worker.core.model import FileCoverage
    from worker.inbox.waiting import Queue
    from worker.ports import ConclusionRecord, OverrideRecord, PointRecord, PullRecord

__all__ = [
    "write_files",
    "write_insights",
    "write_lines",
    "write_listed",
    "write_override",
    "write_pull",
    "write_pull_line",
    "write_queue",
    "write_repository",
    "write_trend",
]


def write_listed(listed: Listed) -> RepositoryAnswer:
    """Return a repository of the list; target and packages are told on its own."""
    repository, point = listed.repository, listed.points[-1] if listed.points else None
    return RepositoryAnswer(
        full_name=repository.full_name,
        private=repository.private,
        default_branch=repository.default_branch,
        branch=repository.default_branch,
        commit=None if point is None else point.commit,
        recorded_at=None if point is None else point.recorded_at,
        coverage=None if point is None else _ratio(_lines(point)),
    )


def write_repository(branch: Branch) -> RepositoryAnswer:
    """Return a repository with a branch of it."""
    repository, point = branch.repository, branch.points[-1] if branch.points else None
    target = branch.target
    return RepositoryAnswer(
        full_name=repository.full_name,
        private=repository.private,
        default_branch=repository.default_branch,
        branch=branch.name,
        commit=None if point is None else point.commit,
        recorded_at=None if point is None else point.recorded_at,
        coverage=None if point is None else _ratio(_lines(point)),
        target=None if target is None else round_percent(target),
        packages=[
            PackageAnswer(name=one.name, **_counts(one.ratio)) for one in branch.snapshot.packages
        ],
    )


def write_trend(branch: Branch) -> TrendAnswer:
    """Return the points of a branch."""
    points = [
        PointAnswer(commit=one.commit, recorded_at=one.recorded_at, **_counts(_lines(one)))
        for one in branch.points
    ]
    return TrendAnswer(branch=branch.name, points=points)


def write_insights(branch: Branch) -> InsightsAnswer:
    """Return what the analyses of a branch's newest report found."""
    found = [
        InsightAnswer.model_validate(msgspec.to_builtins(one)) for one in branch.snapshot.insights
    ]
    return InsightsAnswer(branch=branch.name, commit=branch.commit or None, insights=found)


def write_files(branch: Branch) -> FilesAnswer:
    """Return the files of a branch's newest report."""
    files = [FileAnswer(path=path, **_counts(lines)) for path, lines in branch.snapshot.counted]
    return FilesAnswer(branch=branch.name, commit=branch.commit or None, files=files)


def write_pull_line(pull: PullRecord, end: ConclusionRecord | None) -> PullAnswer:
    """Return a pull request of the list."""
    return PullAnswer(
        number=pull.number,
        title=pull.title,
        author=pull.author,
        state=pull.state,
        draft=pull.draft,
        base=pull.base_ref,
        head=pull.head_sha,
        latest=None if end is None else _conclusion(end),
    )


def write_pull(found: OnePull) -> PullAnswer:
    """Return a pull request with all that is known of it."""
    pull, heads = found.pull, [_conclusion(one) for one in found.heads]
    head = pull.head_sha if pull is not None else found.heads[0].head_sha
    return PullAnswer(
        number=found.number,
        title=None if pull is None else pull.title,
        author=None if pull is None else pull.author,
        state=None if pull is None else pull.state,
        draft=None if pull is None else pull.draft,
        base=None if pull is None else pull.base_ref,
        head=head,
        latest=next((one for one in heads if one.head == head), None),
        heads=heads,
        verdict=_document(found),
    )


def _document(found: OnePull) -> dict[str, Any] | None:
    if found.facts is None or found.record is None:
        return None
    document: dict[str, Any] = json.loads(found.record.details)
    return document


def write_override(one: OverrideRecord) -> OverrideAnswer:
    """Return an entry of the ledger."""
    return OverrideAnswer(
        pull=one.number,
        head=one.head_sha,
        who=one.who,
        reason=one.reason,
        gate=one.gate,
        made_at=one.made_at,
        until=one.until,
        ended_at=one.ended_at,
        ended_by=one.ended_by,
        uncovered={path: line_ranges(lines) for path, lines in sorted(one.uncovered.items())},
    )


def write_lines(commit: str, tested: str, file: FileCoverage) -> LinesAnswer:
    """Return the lines of a file."""
    return LinesAnswer(
        path=file.path,
        commit=commit,
        tested=tested,
        coverage=_ratio(file.lines),
        hit=line_ranges(file.hit & ~file.partial),
        partial=line_ranges(file.partial),
        missed=line_ranges(file.missed),
    )


def write_queue(queue: Queue) -> QueueAnswer:
    """Return what waits."""
    first = [
        WaitingAnswer(
            subject=one.subject,
            repository=one.repository,
            due_in=round(one.seconds, 1),
            tries=one.tries,
            working=one.working,
            events=list(one.events),
        )
        for one in queue.first
    ]
    return QueueAnswer(waiting=queue.waiting, first=first)


def _conclusion(one: ConclusionRecord) -> ConclusionAnswer:
    return ConclusionAnswer(
        head=one.head_sha,
        conclusion=one.conclusion,
        title=one.title,
        recorded_at=one.recorded_at,
    )


def _lines(point: PointRecord) -> Ratio:
    return Count(point.covered, point.total).ratio


def _ratio(lines: Ratio) -> RatioAnswer:
    return RatioAnswer(**_counts(lines))


def _counts(lines: Ratio) -> dict[str, Any]:
    percent = None if lines.percent is None else round_percent(lines.percent)
    return {"covered": lines.covered, "total": lines.total, "percent": percent}
