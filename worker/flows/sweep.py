"""What no delivery told of: failed deliveries, and pull requests that were missed.

GitHub does not repeat a delivery by itself. So the log of the App's deliveries is read every
minute and the failed ones are asked for again; and, because that log forgets after three days
and a queue may be lost, all open pull requests are gone through at the start and every hour.

A sweep is a subject like others: one worker at a time has it, its due time is kept, a rate
limit puts it off. The lists lead from installations to repositories to pull requests, each
step a subject of its own, so that a limit of one installation holds nobody else up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog

from worker.contracts import Notice, Subject, Sweep
from worker.core.errors import GitHubError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from worker.core.refs import HookDelivery
    from worker.flows.deps import Deps, Look
    from worker.ports import Claim

__all__ = ["sweep_app", "sweep_pulls"]

DELIVERIES_EVERY = timedelta(minutes=1)
LISTS_EVERY = timedelta(hours=1)
REMEMBERED = timedelta(days=3)
"""For so long GitHub can deliver something again."""
OVERLAP = timedelta(minutes=2)
"""An attempt is entered into the log after it was made."""
MOST_ASKED = 8
"""After about three hours of growing pauses a delivery is given up: the lists come to it."""
_AT_ONCE = 100
"""How many deliveries are asked for again in one look."""
_SPREAD = 0.25
"""Seconds between the looks at two repositories: they share the limits of one installation."""

_log = structlog.get_logger(__name__)


class _Failed(msgspec.Struct):
    """A delivery that nobody took: its last attempt, and when to ask for another.

    `asked` counts how often it was asked for again. One that was given up is kept as long as
    GitHub's log may show it, or it would be taken for a new one.
    """

    id: int
    asked: int
    due: datetime


class _Book(msgspec.Struct):
    """What is known of the log: up to when it was read, and what is still missing by GUID."""

    read_until: datetime
    failed: dict[str, _Failed]


def sweep_app(claim: Claim, deps: Deps) -> timedelta | None:
    """Look through what is the App's, or an installation's, for what was missed.

    Returns after how long to look again, or None where another sweep leads here.
    """
    return _SWEEPS[Sweep(claim.subject.id)](claim, deps)


def sweep_pulls(look: Look) -> timedelta | None:
    """Ask for a look at each open pull request whose head has no verdict."""
    store, repository = look.deps.store, look.repository
    missed = [
        pull.number
        for pull in look.github.open_pulls()
        if store.verdict(repository.id, pull.number, pull.head_sha) is None
    ]
    subjects = [
        Subject.pull(repository.installation_id, repository.id, number) for number in missed
    ]
    _ask(look.deps, look.claim, [(subject, repository.full_name) for subject in subjects])
    return None


def _sweep_deliveries(claim: Claim, deps: Deps) -> timedelta:
    now = deps.clock.now()
    effects = deps.inbox.effects(claim.subject)
    known = effects.get("book")
    book = msgspec.json.decode(known, type=_Book) if known else _Book(now - REMEMBERED, {})
    _enter(book, deps.app.deliveries(book.read_until - OVERLAP), now)
    asked = 0
    for guid, failed in sorted(book.failed.items()):
        if failed.due <= now and failed.asked < MOST_ASKED and asked < _AT_ONCE:
            deps.inbox.renew(claim)
            _ask_again(deps, guid, failed, now)
            asked += 1
    effects.put("book", msgspec.json.encode(book).decode())
    return DELIVERIES_EVERY


def _enter(book: _Book, deliveries: Iterable[HookDelivery], now: datetime) -> None:
    """Enter what the log has; drop what arrived, and what GitHub can not deliver any more."""
    for delivery in sorted(deliveries, key=lambda one: (one.delivered_at, one.id)):
        book.read_until = max(book.read_until, delivery.delivered_at)
        known = book.failed.get(delivery.guid)
        if delivery.arrived:
            book.failed.pop(delivery.guid, None)
        elif known is None:
            book.failed[delivery.guid] = _Failed(delivery.id, 0, now)
        else:
            known.id = max(known.id, delivery.id)
    for guid, failed in list(book.failed.items()):
        if failed.due < now - REMEMBERED:
            del book.failed[guid]


def _ask_again(deps: Deps, guid: str, failed: _Failed, now: datetime) -> None:
    try:
        deps.app.redeliver(failed.id)
    except GitHubError as error:  # forgotten, or refused: the lists come to it
        _log.warning("delivery.refused", delivery=guid, reason=str(error))
        failed.asked = MOST_ASKED
    else:
        _log.info("delivery.asked_again", delivery=guid, times=failed.asked + 1)
        failed.due = now + min(DELIVERIES_EVERY * 2**failed.asked, LISTS_EVERY)
        failed.asked += 1
    if failed.asked == MOST_ASKED:
        _log.error("delivery.given_up", delivery=guid)


def _sweep_installations(claim: Claim, deps: Deps) -> timedelta:
    active = [one for one in deps.app.installations() if not one.suspended]
    subjects = [Subject.sweep(Sweep.REPOSITORIES, one.id) for one in active]
    _ask(deps, claim, [(subject, "") for subject in subjects])
    return LISTS_EVERY


def _sweep_repositories(claim: Claim, deps: Deps) -> None:
    installation = claim.subject.installation_id
    repositories = deps.app.repositories(installation)
    subjects = [
        (Subject.sweep(Sweep.PULLS, installation, one.id), one.full_name) for one in repositories
    ]
    _ask(deps, claim, subjects)


def _ask(deps: Deps, claim: Claim, subjects: list[tuple[Subject, str]]) -> None:
    """Ask for a look at each subject, one after the other."""
    for number, (subject, repository) in enumerate(subjects):
        notice = Notice(subject, repository, "sweep")
        # The same name each hour: Redis remembers one for each subject, not one an hour.
        name = f"sweep-{subject.key}"
        deps.inbox.accept(name, [notice], delay=number * _SPREAD)
        if number % _AT_ONCE == 0:
            deps.inbox.renew(claim)


_SWEEPS: dict[Sweep, Callable[[Claim, Deps], timedelta | None]] = {
    Sweep.DELIVERIES: _sweep_deliveries,
    Sweep.INSTALLATIONS: _sweep_installations,
    Sweep.REPOSITORIES: _sweep_repositories,
}
