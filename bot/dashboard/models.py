"""The shapes of the API's answers: their schema is at /api/v1/openapi.json."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

__all__ = [
    "ConclusionAnswer",
    "FileAnswer",
    "FilesAnswer",
    "InsightAnswer",
    "InsightsAnswer",
    "LinesAnswer",
    "OverrideAnswer",
    "OverridesAnswer",
    "PackageAnswer",
    "PointAnswer",
    "PullAnswer",
    "PullsAnswer",
    "QueueAnswer",
    "RatioAnswer",
    "Refusal",
    "RepositoriesAnswer",
    "RepositoryAnswer",
    "TableAnswer",
    "TrendAnswer",
    "WaitingAnswer",
]

_Spans = list[tuple[int, int]]


class RatioAnswer(BaseModel):
    """Covered of all."""

    covered: int
    total: int
    percent: float | None = Field(description="Two decimals, rounded down; null for nothing.")


class Refusal(BaseModel):
    """Why there is no other answer."""

    status: str
    detail: str


class RepositoryAnswer(BaseModel):
    """A repository, and how its branch stands."""

    full_name: str
    private: bool
    default_branch: str
    branch: str
    commit: str | None = Field(description="The newest commit with a report.")
    recorded_at: datetime | None
    coverage: RatioAnswer | None
    target: float | None = Field(default=None, description="A percentage, where there is one.")
    packages: list[PackageAnswer] = []


class PackageAnswer(RatioAnswer):
    """A package's lines."""

    name: str


class RepositoriesAnswer(BaseModel):
    """A portion of the repositories that may be read."""

    repositories: list[RepositoryAnswer]
    next: str | None = Field(description="The `after` of the next portion; null on the last.")


class PointAnswer(RatioAnswer):
    """A commit of a trend."""

    commit: str
    recorded_at: datetime


class TrendAnswer(BaseModel):
    """The newest commits of a branch, the oldest first."""

    branch: str
    points: list[PointAnswer]


class TableAnswer(BaseModel):
    """A table of an analysis. A name is a text, a place {path, lines}, a duration {seconds}."""

    title: str
    columns: list[str]
    rows: list[list[Any]]
    more_rows: int


class InsightAnswer(BaseModel):
    """What one analysis found."""

    name: str
    title: str
    summary: str
    tables: list[TableAnswer]
    advice: list[str]


class InsightsAnswer(BaseModel):
    """All analyses of a branch's newest report."""

    branch: str
    commit: str | None
    insights: list[InsightAnswer]


class FileAnswer(RatioAnswer):
    """A file's lines."""

    path: str


class FilesAnswer(BaseModel):
    """All files of a branch's newest report, by path."""

    branch: str
    commit: str | None
    files: list[FileAnswer]


class ConclusionAnswer(BaseModel):
    """What a head ended with."""

    head: str
    conclusion: str
    title: str
    recorded_at: datetime


class PullAnswer(BaseModel):
    """A pull request."""

    number: int
    title: str | None
    author: str | None
    state: str | None
    draft: bool | None
    base: str | None
    head: str
    latest: ConclusionAnswer | None = Field(description="Of `head`; null while it is awaited.")
    heads: list[ConclusionAnswer] = Field(default=[], description="The newest first.")
    verdict: dict[str, Any] | None = Field(
        default=None, description="The document that `covgate check --format json` prints."
    )


class PullsAnswer(BaseModel):
    """The open pull requests, newest first."""

    pulls: list[PullAnswer]


class OverrideAnswer(BaseModel):
    """An entry of the ledger."""

    pull: int
    head: str
    who: str
    reason: str
    gate: str = Field(description="Empty for the whole check.")
    made_at: datetime
    until: datetime | None
    ended_at: datetime | None
    ended_by: str
    uncovered: dict[str, _Spans]


class OverridesAnswer(BaseModel):
    """The newest overrides first."""

    overrides: list[OverrideAnswer]


class LinesAnswer(BaseModel):
    """A file's lines, as (first, last)."""

    path: str
    commit: str
    tested: str = Field(description="The commit whose lines these are.")
    coverage: RatioAnswer
    hit: _Spans
    partial: _Spans
    missed: _Spans


class WaitingAnswer(BaseModel):
    """A subject that somebody has to look at."""

    subject: str
    repository: str
    due_in: float = Field(description="Seconds; below 0 it is due.")
    tries: int
    working: bool
    events: list[str]


class QueueAnswer(BaseModel):
    """How many subjects wait, and those that are due first."""

    waiting: int
    first: list[WaitingAnswer]


RepositoryAnswer.model_rebuild()
