"""All repositories that the reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.dashboard.facts import Count
from bot.dashboard.pages.cells import RatioView, view_ratio
from bot.dashboard.pages.links import Links
from bot.dashboard.pages.words import State, cut, moment, state_of, tame
from bot.dashboard.plots import draw_spark
from worker.core.numbers import format_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from bot.dashboard.reading import Listed
    from worker.ports import ConclusionRecord

__all__ = ["Card", "HomePage", "LastVerdict", "view_home"]

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """The newest verdict of a repository."""

    state: State
    title: str
    number: int
    url: str
    time: str


@dataclass(frozen=True, slots=True)
class Card:
    """A repository in the list; without a `ratio`, it has no report yet."""

    owner: str
    name: str
    url: str
    private: bool
    branch: str
    ratio: RatioView | None
    change: str
    spark: Markup | None
    last: LastVerdict | None


@dataclass(frozen=True, slots=True)
class HomePage:
    """The list; `registered` says whether a GitHub App is there to see any."""

    cards: tuple[Card, ...]
    next: str
    """The address of the next portion; empty on the last."""
    first: bool
    registered: bool


def view_home(
    listed: Sequence[Listed], root: str, *, after: str, next_after: str, registered: bool
) -> HomePage:
    """Return a portion of the list."""
    cards = tuple(_card(one, root) for one in listed)
    following = f"{root}/?after={next_after}" if next_after else ""
    return HomePage(cards, following, not after, registered)


def _card(listed: Listed, root: str) -> Card:
    repository, points = listed.repository, listed.points
    links = Links(root, repository.full_name)
    owner, _, name = repository.full_name.partition("/")
    percents = [
        ratio
        for one in points
        if (ratio := Count(one.covered, one.total).ratio.percent) is not None
    ]
    change = format_points(percents[-1] - percents[0]) if len(percents) > 1 else ""
    newest = Count(points[-1].covered, points[-1].total) if points else None
    return Card(
        owner=owner,
        name=name,
        url=links.home,
        private=repository.private,
        branch=tame(repository.default_branch),
        ratio=None if newest is None else view_ratio(newest),
        change=change,
        spark=draw_spark(percents, f"{len(percents)} commits, {change}") if change else None,
        last=None if listed.last is None else view_last(listed.last, links),
    )


def view_last(last: ConclusionRecord, links: Links) -> LastVerdict:
    """Return what a head ended with."""
    return LastVerdict(
        state_of(last.conclusion),
        tame(cut(last.title, _LONGEST)).replace(" %", "\u00a0%"),
        last.number,
        links.pull(last.number),
        moment(last.recorded_at),
    )
