"""One look at one subject, from claim to orderly end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from worker.contracts import Subject, SubjectKind
from worker.core.errors import (
    LeaseLostError,
    NotFoundError,
    PostponedError,
    RefusedError,
)
from worker.core.render import messages
from worker.flows.commit import reconcile_commit
from worker.flows.effects import Publisher
from worker.flows.pull import reconcile_pull
from worker.ports import verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from worker.flows.deps import Deps
    from worker.ports import Claim, GitHub

__all__ = ["reconcile"]

_log = structlog.get_logger(__name__)

_FLOWS: dict[SubjectKind, Callable[[Claim, Deps, GitHub], timedelta | None]] = {
    SubjectKind.PULL: reconcile_pull,
    SubjectKind.COMMIT: reconcile_commit,
}

_LONGEST_DELAY = 600.0
"""Seconds between two tries while GitHub is down."""


def reconcile(subject: Subject, deps: Deps) -> str:
    """Claim a subject, make GitHub agree with the facts, and end the claim.

    Returns one word for the log: `idle`, `done`, `waiting`, `postponed`, `gone`, `refused`
    or `overtaken`. Any other error is a defect: it is raised, the lease lapses, and after a
    few such tries the check says so.
    """
    claim = deps.inbox.claim(subject)
    if claim is None:
        return "idle"
    try:
        return _end(claim, deps)
    except LeaseLostError:
        # Another worker took over, and this one may have written after it: look once more.
        deps.inbox.accept(*verification(claim))
        return "overtaken"


def _end(claim: Claim, deps: Deps) -> str:
    subject = claim.subject
    held = deps.inbox.held_for(subject.installation_id)
    if held > 0:
        deps.inbox.put_off(claim, held)
        return "postponed"
    try:
        wait = _look(claim, deps)
    except PostponedError as error:
        _postpone(claim, deps, error)
        return "postponed"
    except NotFoundError as error:
        # Uninstalled, deleted or hidden from the App: nobody is left to tell.
        _log.warning("subject.gone", subject=subject.key, reason=str(error))
        _finish(claim, deps)
        return "gone"
    except RefusedError as error:
        _log.error("subject.refused", subject=subject.key, reason=str(error))
        return _refused(claim, deps, error)
    if wait is not None:
        deps.inbox.effects(subject).remove("delays")
        deps.inbox.put_off(claim, wait.total_seconds())
        return "waiting"
    _finish(claim, deps)
    return "done"


def _look(claim: Claim, deps: Deps) -> timedelta | None:
    subject = claim.subject
    if subject.kind is SubjectKind.INSTALLATION:
        # Repository 0 stands for the whole installation.
        repository_id = subject.repository_id or None
        deps.store.forget(subject.installation_id, repository_id)
        deps.inbox.forget(subject.installation_id, repository_id)
        return None
    return _FLOWS[subject.kind](claim, deps, _open(claim, deps))


def _open(claim: Claim, deps: Deps) -> GitHub:
    newest = max(claim.notices)  # any will do: GitHub redirects an old name
    return deps.github(claim.subject, claim.notices[newest].repository)


def _finish(claim: Claim, deps: Deps) -> None:
    deps.inbox.effects(claim.subject).remove("delays")
    deps.inbox.finish(claim)


def _postpone(claim: Claim, deps: Deps, error: PostponedError) -> None:
    """Put off for as long as GitHub asks, and longer each time it fails in a row."""
    subject = claim.subject
    seconds = error.seconds
    if error.gate:
        deps.inbox.hold_installation(subject.installation_id, seconds)
    else:
        effects = deps.inbox.effects(subject)
        delays = int(effects.get("delays") or 0)
        effects.put("delays", str(delays + 1))
        seconds = min(max(seconds, seconds * 2**delays), max(seconds, _LONGEST_DELAY))
    _log.info("subject.postponed", subject=subject.key, seconds=seconds, reason=str(error))
    deps.inbox.put_off(claim, seconds)


def _refused(claim: Claim, deps: Deps, error: RefusedError) -> str:
    """Say on the check what GitHub refused, where at least that is allowed."""
    if claim.subject.kind is SubjectKind.PULL:
        github = _open(claim, deps)
        try:
            pull = github.pull(int(claim.subject.id))
            message = messages.refused(str(error))
            conclusion = message.conclusion or "action_required"
            Publisher(claim, deps, github).conclude_check(pull.head_sha, conclusion, message.page)
        except (RefusedError, NotFoundError) as second:
            _log.error("subject.mute", subject=claim.subject.key, reason=str(second))
        except PostponedError as later:
            _postpone(claim, deps, later)
            return "postponed"
    _finish(claim, deps)
    return "refused"
