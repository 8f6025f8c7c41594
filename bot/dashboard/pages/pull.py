"""One pull request: the verdict, why it is so, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.dashboard.facts import Count, VerdictFacts
from bot.dashboard.pages.cells import RatioView, view_ratio
from bot.dashboard.pages.insights import InsightView, view_insights
from bot.dashboard.pages.repository import OverrideLine, view_overrides
from bot.dashboard.pages.words import PENDING, State, cut, moment, state_of, tame
from worker.core.numbers import format_count

if TYPE_CHECKING:
    from bot.dashboard.facts import GateFacts, NewFileFacts
    from bot.dashboard.pages.links import Links
    from bot.dashboard.reading import OnePull

__all__ = ["GateView", "PullPage", "view_pull"]

_MOST_FILES = 100
_MOST_EVIDENCE = 5
_MOST_RANGES = 20
_MOST_TEXTS = 20
_LONGEST = 400
_NOTHING = VerdictFacts()


@dataclass(frozen=True, slots=True)
class SpanView:
    """Lines that lie together, and where they are shown."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class FileView:
    """The new code of one file."""

    path: str
    url: str
    ratio: RatioView
    uncovered: tuple[SpanView, ...]
    more: str
    missed: int


@dataclass(frozen=True, slots=True)
class GateView:
    """A gate in the verdict's tree."""

    state: State
    name: str
    actual: str
    required: str
    why: str
    advises: bool
    """Whether it only advises: it can't fail the check."""
    files: tuple[FileView, ...] = ()
    """Where the lines are that it fails for, the most first."""


@dataclass(frozen=True, slots=True)
class HeadView:
    """What a head ended with."""

    state: State
    sha: str
    title: str
    time: str
    current: bool


@dataclass(frozen=True, slots=True)
class PullPage:
    """All of the page."""

    number: int
    title: str
    author: str
    open: bool
    draft: bool
    base: str
    head: str
    github: str
    state: State
    verdict: str
    time: str
    judged: bool
    """Whether reports were read; else a message concluded, or nothing yet."""
    gates: tuple[GateView, ...]
    new_code: RatioView | None
    project: RatioView | None
    before: RatioView | None
    files: tuple[FileView, ...]
    more_files: str
    unmeasured: tuple[str, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    reports: tuple[str, ...]
    tested: str
    insights: tuple[InsightView, ...]
    heads: tuple[HeadView, ...]
    overrides: tuple[OverrideLine, ...]


def view_pull(found: OnePull, links: Links) -> PullPage:
    """Return the page of a pull request."""
    pull, record, facts = found.pull, found.record, found.facts
    head = pull.head_sha if pull is not None else found.heads[0].head_sha
    title = tame(cut(pull.title, _LONGEST)) if pull is not None else f"Pull request {found.number}"
    known = facts if facts is not None else _NOTHING
    files = [_file(one, links, head) for one in known.new_code.files[:_MOST_FILES]]
    left = len(known.new_code.files) - len(files)
    return PullPage(
        number=found.number,
        title=title,
        author=tame(pull.author) if pull is not None else "",
        open=pull is None or pull.state == "open",
        draft=pull is not None and pull.draft,
        base=tame(pull.base_ref if pull is not None else known.base),
        head=head,
        github=_address(pull.url) if pull is not None else "",
        state=PENDING if record is None else state_of(record.conclusion),
        verdict=_first_words(found),
        time="" if record is None else moment(record.recorded_at),
        judged=facts is not None,
        gates=tuple(_gate(gate, files) for gate in known.gates),
        new_code=_ratio(known.new_code.covered, known.new_code.total),
        project=_ratio(known.project.covered, known.project.total),
        before=None
        if known.baseline is None
        else _ratio(known.baseline.covered, known.baseline.total),
        files=tuple(files),
        more_files=format_count(left, "more file") if left else "",
        unmeasured=tuple(tame(cut(one.path, _LONGEST)) for one in known.new_code.unmeasured)[
            :_MOST_TEXTS
        ],
        problems=_texts(known.problems),
        notes=_texts(known.notes),
        reports=tuple(
            f"{tame(cut(one.name, 80))}: {tame(one.format)}, {format_count(one.files, 'file')}"
            + (f", flag {tame(one.flag)}" if one.flag else "")
            for one in known.reports[:_MOST_TEXTS]
        ),
        tested=_tested(known),
        insights=view_insights(known.insights, links, head, whole=False),
        heads=tuple(
            HeadView(
                state_of(one.conclusion),
                one.head_sha[:7],
                tame(cut(one.title, _LONGEST)),
                moment(one.recorded_at),
                one.head_sha == head,
            )
            for one in found.heads
        ),
        overrides=view_overrides(found.overrides, links),
    )


def _first_words(found: OnePull) -> str:
    if found.record is None:
        return "Waiting for its CI to end; then there will be a verdict."
    return tame(cut(found.record.title, _LONGEST))


def _ratio(covered: int, total: int) -> RatioView | None:
    return view_ratio(Count(covered, total)) if total else None


def _gate(gate: GateFacts, files: list[FileView]) -> GateView:
    name = gate.name.partition("/")[0].replace("_", " ")
    return GateView(
        state=state_of(gate.verdict),
        name=tame(f"{name}: {gate.subject}" if gate.subject else name),
        actual=tame(cut(gate.actual, _LONGEST)),
        required=tame(cut(gate.required, _LONGEST)),
        why=tame(cut(gate.summary, _LONGEST)),
        advises=not gate.blocking,
        files=_evidence(files) if (gate.name, gate.verdict) == ("new_code", "fail") else (),
    )


def _evidence(files: list[FileView]) -> tuple[FileView, ...]:
    missing = [file for file in files if file.uncovered]
    return tuple(sorted(missing, key=lambda file: -file.missed)[:_MOST_EVIDENCE])


def _file(one: NewFileFacts, links: Links, head: str) -> FileView:
    spans = _spans(one.uncovered)
    shown = tuple(
        SpanView(
            f"{first}" if first == last else f"{first}–{last}", links.file(head, one.path, first)
        )
        for first, last in spans[:_MOST_RANGES]
    )
    left = len(spans) - len(shown)
    return FileView(
        path=tame(cut(one.path, _LONGEST)),
        url=links.file(head, one.path),
        ratio=view_ratio(Count(one.covered, one.total)),
        uncovered=shown,
        more=f"and {left:,} more" if left else "",
        missed=len(one.uncovered),
    )


def _spans(lines: list[int]) -> list[tuple[int, int]]:
    """Return runs of lines that follow one another."""
    spans: list[tuple[int, int]] = []
    for line in sorted(lines):
        if spans and line == spans[-1][1] + 1:
            spans[-1] = spans[-1][0], line
        else:
            spans.append((line, line))
    return spans


def _texts(texts: list[str]) -> tuple[str, ...]:
    return tuple(tame(cut(text, _LONGEST)) for text in texts[:_MOST_TEXTS])


def _tested(facts: VerdictFacts) -> str:
    tested, parts = facts.tested, []
    if tested.commit:
        what = {"merge": "the merge of", "head": "the head,"}.get(tested.kind, "")
        shown = facts.head[:7] if tested.kind == "merge" else tested.commit[:7]
        parts.append(f"Tested: {what} {shown}".replace("  ", " "))
    if facts.merge_base:
        parts.append(f"merge base {facts.merge_base[:7]}")
    if facts.baseline is not None:
        back = facts.baseline.distance
        far = f", {format_count(back, 'commit')} back" if back else ""
        parts.append(f"baseline {facts.baseline.commit[:7]}{far}")
    return " · ".join(parts)


def _address(url: str) -> str:
    """Return an address that a link may lead to, or nothing."""
    return url if url.startswith(("https://", "http://")) else ""
