"""One look at one subject, from claim to orderly end."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from worker.contracts import SubjectKind
from worker.core.errors import (
    CovgateError,
    GitHubError,
    LeaseLostError,
    NotFoundError,
    PostponedError,
    StoppedError,
)
from worker.core.render import messages
from worker.flows.commit import reconcile_commit
from worker.flows.deps import Look
from worker.flows.group import reconcile_group, tell_group
from worker.flows.pull import reconcile_pull, tell
from worker.flows.sight import describe_pull, forget_rest, note_rest, see_pull
from worker.flows.sweep import sweep_app, sweep_pulls
from worker.ports import verification

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.contracts import Subject
    from worker.core.render.messages import Message
    from worker.flows.deps import Deps
    from worker.ports import Claim

__all__ = ["MAX_TRIES", "reconcile"]

MAX_TRIES = 3
"""How many claims may die before a subject is taken for one that kills its workers."""

_LONGEST_DELAY = 600.0
"""Seconds between two tries while GitHub is down."""
_GIVE_UP = timedelta(days=1)
_MOST_NAMED = 20
"""Deliveries that the lines of one look name."""

_log = structlog.get_logger(__name__)

_FLOWS: dict[SubjectKind, Callable[[Look], timedelta | None]] = {
    SubjectKind.COMMIT: reconcile_commit,
    SubjectKind.GROUP: reconcile_group,
    SubjectKind.SWEEP: sweep_pulls,
}


_SPEAKERS: dict[SubjectKind, Callable[[Look, Message], None]] = {
    SubjectKind.PULL: tell,
    SubjectKind.GROUP: tell_group,
}


def reconcile(subject: Subject, deps: Deps) -> str:
    """Claim a subject, make GitHub agree with the facts, and end the claim.

    Returns how it went in one word: `idle`, `done`, `waiting`, `postponed`, `gone`, `refused`,
    `given up`, `overtaken` or `handed back`. Any other error is a defect: it is raised, the
    lease lapses, and after a few such tries the check says so.
    """
    claim = deps.inbox.claim(subject)
    if claim is None:
        return "idle"
    with structlog.contextvars.bound_contextvars(**_log_fields(claim)):
        return _reconcile(claim, deps)


def _log_fields(claim: Claim) -> dict[str, str]:
    """Return what the lines of a look say of the deliveries that led to it."""
    names = sorted({notice.repository for notice in claim.notices.values()} - {""})
    fields = {"delivery": ",".join(sorted(claim.notices)[:_MOST_NAMED])}
    if names:
        fields["repository"] = ",".join(names)
    if claim.subject.kind is SubjectKind.PULL:
        fields["head"] = ""  # until it has been asked for
    return fields


def _reconcile(claim: Claim, deps: Deps) -> str:
    begun, ending = time.monotonic(), "failed"
    try:
        ending = _end_or_hand_back(claim, deps)
    except LeaseLostError:
        # Another worker took over, and this one may have written after it: look once more.
        deps.inbox.accept(*verification(claim))
        ending = "overtaken"
    finally:
        seconds = time.monotonic() - begun
        deps.meter.observe("covgate_reconcile_seconds", seconds, claim.subject.kind, ending)
        _log.info("reconciled", ending=ending, seconds=round(seconds, 3))
    return ending


def _end_or_hand_back(claim: Claim, deps: Deps) -> str:
    try:
        return _end(claim, deps)
    except StoppedError:
        deps.inbox.put_off(claim, 0)
        return "handed back"


def _end(claim: Claim, deps: Deps) -> str:
    subject = claim.subject
    held = deps.inbox.held_for(subject.installation_id)
    if held > 0:
        deps.inbox.put_off(claim, held)
        return "postponed"
    if claim.tries > MAX_TRIES:
        _give_up(claim, deps)
        return _finish(claim, deps, "given up")
    try:
        with deps.keep_alive(claim):
            wait = _look(claim, deps)
    except PostponedError as error:
        return _postpone(claim, deps, error)
    except NotFoundError as error:
        # Uninstalled, deleted or hidden from the App: nobody is left to tell.
        _log.warning("subject.gone", subject=subject.key, reason=str(error))
        return _finish(claim, deps, "gone")
    except GitHubError as error:
        # Not even the check may be written: only the log can tell.
        _log.error("subject.refused", subject=subject.key, reason=str(error))
        return _finish(claim, deps, "refused")
    if wait is None:
        return _finish(claim, deps, "done")
    _forget_delays(claim, deps)
    deps.inbox.put_off(claim, wait.total_seconds())
    return "waiting"


def _look(claim: Claim, deps: Deps) -> timedelta | None:
    subject = claim.subject
    if subject.kind is SubjectKind.INSTALLATION:
        # Repository 0 stands for the whole installation.
        repository_id = subject.repository_id or None
        deps.store.forget(subject.installation_id, repository_id)
        deps.inbox.forget(subject.installation_id, repository_id)
        return None
    if subject.kind is SubjectKind.SWEEP and not subject.repository_id:
        return sweep_app(claim, deps)
    if subject.kind is SubjectKind.PULL:
        return _look_at_pull(claim, deps)
    return _FLOWS[subject.kind](_open(claim, deps))


def _look_at_pull(claim: Claim, deps: Deps) -> timedelta | None:
    seen = see_pull(claim, deps)
    if not isinstance(seen, Look):
        return seen
    wait = reconcile_pull(seen)
    if wait is None or seen.pull is None:
        forget_rest(claim, deps)
    else:
        note_rest(claim, deps, seen.pull.head_sha, wait)
    return wait


def _open(claim: Claim, deps: Deps) -> Look:
    """Open the repository under the name that it has now.

    Notices may hold an older one, which another repository may have taken since. Raises
    `NotFoundError` where it has none of them.
    """
    if claim.subject.kind is SubjectKind.PULL:
        return describe_pull(claim, deps)
    names = sorted({notice.repository for notice in claim.notices.values()})
    missing = NotFoundError(f"{claim.subject.key}: no delivery names its repository")
    for name in names:
        github = deps.github(claim.subject, name)
        try:
            repository = github.repository()
        except NotFoundError as error:
            missing = error
            continue
        deps.store.remember_repository(repository)
        return Look(claim, deps, github, repository)
    raise missing


def _finish(claim: Claim, deps: Deps, ending: str) -> str:
    _forget_delays(claim, deps)
    deps.inbox.finish(claim)
    return ending


def _forget_delays(claim: Claim, deps: Deps) -> None:
    effects = deps.inbox.effects(claim.subject)
    effects.remove("delays")
    effects.remove("delayed since")


def _postpone(claim: Claim, deps: Deps, error: PostponedError) -> str:
    """Put off for as long as GitHub asks, and longer each time it fails in a row.

    After the deadline the check says so, though it is still tried; after a day, no more.
    """
    subject, now = claim.subject, deps.clock.now()
    effects = deps.inbox.effects(subject)
    since = datetime.fromisoformat(effects.get("delayed since") or now.isoformat())
    effects.put("delayed since", since.isoformat())
    delays = int(effects.get("delays") or 0)
    effects.put("delays", str(delays + 1))
    seconds = error.seconds
    if error.gate:
        deps.inbox.hold_installation(subject.installation_id, seconds)
    else:
        seconds = max(seconds, min(seconds * 2 ** min(delays, 8), _LONGEST_DELAY))
        if now - since > deps.deadline:
            _try_to_tell(claim, deps, messages.unreachable(str(error)))
    _log.info("subject.postponed", subject=subject.key, seconds=seconds, reason=str(error))
    if now - since > _GIVE_UP:
        return _finish(claim, deps, "given up")
    deps.inbox.put_off(claim, seconds)
    return "postponed"


def _give_up(claim: Claim, deps: Deps) -> None:
    """Say that the subject kills its workers; where even that fails, it ends in the log."""
    try:
        _try_to_tell(claim, deps, messages.internal_error(MAX_TRIES))
    except LeaseLostError:
        raise
    except Exception:  # noqa: BLE001 - the very defect that it ends for must not bring it back
        _log.exception("subject.given_up", subject=claim.subject.key)


def _try_to_tell(claim: Claim, deps: Deps, message: Message) -> None:
    """Put a message on a subject's check, where it has one and that can be done at all."""
    speak = _SPEAKERS.get(claim.subject.kind)
    if speak is None:
        return
    try:
        speak(_open(claim, deps), message)
    except LeaseLostError:
        raise
    except CovgateError as error:
        _log.error("subject.mute", subject=claim.subject.key, reason=str(error))
