"""What is awaited, what is overdue, and what fails again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.dashboard.pages.words import State, cut, tame
from worker.core.numbers import format_count

if TYPE_CHECKING:
    from worker.inbox.waiting import Queue, Waiting

__all__ = ["QueueLine", "QueuePage", "view_queue"]

_OVERDUE = 60
"""Seconds after which something due should have been looked at."""
_MANY_TRIES = 2
_WHAT = {
    "pull": "Pull request",
    "commit": "Commit",
    "group": "Merge queue",
    "sweep": "Sweep",
    "installation": "Installation",
}


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A subject that somebody has to look at."""

    state: State
    repository: str
    what: str
    url: str
    due: str
    events: str
    tries: int


@dataclass(frozen=True, slots=True)
class QueuePage:
    """The queue; `lines` are of the subjects that are due first."""

    lines: tuple[QueueLine, ...]
    waiting: int
    overdue: int
    working: int
    failing: int
    more: str


def view_queue(queue: Queue, root: str) -> QueuePage:
    """Return the page."""
    lines = tuple(_line(one, root) for one in queue.first)
    kinds = [line.state.kind for line in lines]
    left = queue.waiting - len(lines)
    return QueuePage(
        lines,
        queue.waiting,
        kinds.count("attention"),
        kinds.count("working"),
        kinds.count("failure"),
        format_count(left, "more subject") if left > 0 else "",
    )


def _line(one: Waiting, root: str) -> QueueLine:
    kind, _, identity = one.subject.partition(":")
    what = _WHAT.get(kind, kind)
    number = f" {identity[:7] if kind in {'commit', 'group'} else identity}"
    url = f"{root}/{one.repository}/pull/{identity}" if kind == "pull" and one.repository else ""
    return QueueLine(
        state=_state(one),
        repository=tame(cut(one.repository, 200)),
        what=f"{what} {'#' if kind == 'pull' else ''}{number.strip()}",
        url=url,
        due=_due(one.seconds),
        events=tame(cut(", ".join(one.events), 200)),
        tries=one.tries,
    )


def _state(one: Waiting) -> State:
    if one.tries > _MANY_TRIES:
        return State("failure", "Fails")
    if one.working:
        return State("working", "In work")
    if one.seconds < -_OVERDUE:
        return State("attention", "Overdue")
    return State("pending", "Due" if one.seconds <= 0 else "Awaited")


def _due(seconds: float) -> str:
    """Return when it is due, in words that are as exact as anybody needs."""
    span = _span(abs(int(seconds)))
    if not span:
        return "now"
    return f"in {span}" if seconds > 0 else f"{span} ago"


def _span(seconds: int) -> str:
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds >= size:
            return format_count(seconds // size, unit)
    return ""
