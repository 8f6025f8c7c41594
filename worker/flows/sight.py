"""See a pull request as it is now, with as few requests as that takes.

GitHub describes it in full (one request), or names its head and base with the runs of its
head, which have to be read anyway: where these are the ones that are known, nothing else has
changed that a verdict hangs on. What deliveries say is believed in two cases only, which decide
nothing: that the known head was pushed over by another one, whose check is opened at once, and
that CI has begun, for which nothing is to be done.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from worker.core.config import DEFAULT_CONFIG
from worker.core.errors import GitHubError, NotFoundError
from worker.core.refs import PullRequest, Sha
from worker.core.runs import Runs
from worker.flows.change import Change
from worker.flows.deps import Look
from worker.flows.effects import Publisher
from worker.flows.tested import note_merge
from worker.flows.vigil import SOON, begin_vigil

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.contracts import Notice
    from worker.core.refs import WorkflowRun
    from worker.flows.deps import Deps
    from worker.ports import Claim

__all__ = ["describe_pull", "forget_rest", "note_rest", "see_pull"]

_KNOWN_FOR = timedelta(hours=1)
"""For how long a full description may be confirmed instead of being asked for again."""
_MERGE_FOR = timedelta(minutes=1)
"""For how long after it was described a pull request's test merge is the one that runs test."""

_PULL, _REST = "pull", "rest"
"""Hold the last description, and the wait that a look ended with."""
_OPENED = "pull_request.opened"
_PUSHED = "pull_request.synchronize"
_BEGUN = frozenset({"workflow_run.requested", "workflow_run.in_progress"})
_OF_RUNS = ("workflow_run", "check_run.", "check_suite.")


class _Known(msgspec.Struct):
    """A pull request as GitHub described it, and when."""

    pull: PullRequest
    read_at: datetime


class _Rest(msgspec.Struct):
    """A wait: for which head, until when, and which deliveries were known by then."""

    head: Sha
    until: datetime
    noted: list[str]


def see_pull(claim: Claim, deps: Deps) -> Look | timedelta | None:
    """Return a look at a pull request as it is now.

    Or after how long to look, or None, where all that is new is that CI has begun, or that
    the head was pushed over, which is answered here. Raises as `describe_pull` does.
    """
    known, rest = _recall(claim, deps)
    noted = set(rest.noted) if rest is not None else set()
    fresh = [notice for name, notice in claim.notices.items() if name not in noted]
    if known is None or known.pull.state != "open" or known.pull.repository is None:
        look = describe_pull(claim, deps)
        new = known is None and bool(fresh) and all(one.event == _OPENED for one in fresh)
        if new and not deps.store.is_judged(look.repository.id, int(claim.subject.id)):
            # Else the queue was lost, and an old delivery came again.
            Publisher(look).note_uncommented()
            return replace(look, new=True)
        return look
    if fresh and all(_is_begun(one, known) for one in fresh):
        return _go_on(claim, deps, known, rest)
    opened = _open_pushed(claim, deps, known, fresh)
    if opened is not None:
        return opened
    if all(notice.event.startswith(_OF_RUNS) for notice in fresh):
        return _confirm(claim, deps, known)
    return describe_pull(claim, deps)


def describe_pull(claim: Claim, deps: Deps) -> Look:
    """Ask GitHub for a pull request, under the name that its repository has now.

    Notices may hold an older one, which another repository may have taken since. Raises
    `NotFoundError` where it is under none of them.
    """
    names = sorted({notice.repository for notice in claim.notices.values()})
    missing = NotFoundError(f"{claim.subject.key}: no delivery names its repository")
    for name in names:
        github = deps.github(claim.subject, name)
        try:
            pull = github.pull(int(claim.subject.id))
            repository = pull.repository or github.repository()
        except NotFoundError as error:
            missing = error
            continue
        deps.store.remember_repository(repository)
        _remember(claim, deps, _Known(replace(pull, repository=repository), deps.clock.now()))
        return Look(claim, deps, github, repository, pull, read=True)
    raise missing


def note_rest(claim: Claim, deps: Deps, head: Sha, wait: timedelta) -> None:
    """Remember that a look ended with a wait."""
    rest = _Rest(head, deps.clock.now() + wait, sorted(claim.notices))
    deps.inbox.effects(claim.subject).put(_REST, msgspec.json.encode(rest).decode())


def forget_rest(claim: Claim, deps: Deps) -> None:
    """Remember that nothing is waited for."""
    deps.inbox.effects(claim.subject).remove(_REST)


def _recall(claim: Claim, deps: Deps) -> tuple[_Known | None, _Rest | None]:
    effects = deps.inbox.effects(claim.subject)
    known, rest = effects.get(_PULL), effects.get(_REST)
    try:
        return (
            msgspec.json.decode(known, type=_Known) if known else None,
            msgspec.json.decode(rest, type=_Rest) if rest else None,
        )
    except msgspec.DecodeError:  # of another version
        return None, None


def _remember(claim: Claim, deps: Deps, known: _Known) -> None:
    text = msgspec.json.encode(known).decode()
    deps.inbox.effects(claim.subject).put(_PULL, text)


def _is_begun(notice: Notice, known: _Known) -> bool:
    return notice.event in _BEGUN and notice.facts.get("head") == known.pull.head_sha


def _go_on(claim: Claim, deps: Deps, known: _Known, rest: _Rest | None) -> Look | timedelta | None:
    """Wait on for CI, which has begun; its test merge has to be known before it moves."""
    now, head = deps.clock.now(), known.pull.head_sha
    # A re-run: the verdict stands until the new one ends.
    judged = Publisher(_known_look(claim, deps, known)).is_judged(head)
    if rest is None and judged:
        return None
    if rest is None or rest.head != head or rest.until <= now:
        return _confirm(claim, deps, known)
    if not judged and now - known.read_at > _MERGE_FOR:
        look = describe_pull(claim, deps)
        pull = replace(known.pull, repository=None, merge_commit_sha=None)
        if replace(look.pull or pull, repository=None, merge_commit_sha=None) != pull:
            return look
        note_merge(look, look.pull or pull)
    left = rest.until - now
    wait = deps.look_again if left <= SOON and not judged else left
    note_rest(claim, deps, head, wait)
    return wait


def _open_pushed(
    claim: Claim, deps: Deps, known: _Known, fresh: Sequence[Notice]
) -> timedelta | None:
    """Open the check of a head that was pushed over the known one; None where it is another.

    No harm is done where it is not the newest: its verdict is made of what GitHub says.
    """
    heads = {notice.facts.get("head", "") for notice in fresh}
    if len(heads) != 1 or any(
        notice.event != _PUSHED or notice.facts.get("before") != known.pull.head_sha
        for notice in fresh
    ):
        return None
    (head,), now = heads, deps.clock.now()
    merges = {notice.facts.get("merge") for notice in fresh}
    merge = next((Sha(one) for one in merges if one and one != known.pull.merge_commit_sha), None)
    pull = replace(known.pull, head_sha=Sha(head), merge_commit_sha=merge)
    read_at = known.read_at if merge is None else now
    look = _known_look(claim, deps, _Known(pull, read_at))
    publisher = Publisher(look)
    if not head or not publisher.needs_opening(pull.head_sha):
        return None
    try:
        publisher.end_superseded(pull.head_sha)
        change = Change.of_pull(pull)
        begin_vigil(look, change, publisher, Runs(), DEFAULT_CONFIG).show()
    except GitHubError:
        return None  # renamed, or gone: GitHub will say
    note_merge(look, pull)
    _remember(claim, deps, _Known(pull, read_at))
    note_rest(claim, deps, pull.head_sha, SOON)
    return SOON


def _confirm(claim: Claim, deps: Deps, known: _Known) -> Look:
    """Return a look at the known pull request where the runs of its head name it as it was."""
    if deps.clock.now() - known.read_at > _KNOWN_FOR:
        return describe_pull(claim, deps)
    look = _known_look(claim, deps, known)
    try:
        runs = look.github.runs(known.pull.head_sha)
    except NotFoundError:
        return describe_pull(claim, deps)
    if _is_named(known.pull, runs):
        return replace(look, runs=runs)
    described = describe_pull(claim, deps)
    same = described.pull is not None and described.pull.head_sha == known.pull.head_sha
    return replace(described, runs=runs if same and runs else None)


def _is_named(pull: PullRequest, runs: Sequence[WorkflowRun]) -> bool:
    """Return whether runs name a pull request as it is known; its repository's name, too."""
    naming = [run for run in runs if run.pulls]
    if any(run.head_repository != pull.head_repository for run in naming):
        return False
    named = {one for run in naming for one in run.pulls if one.number == pull.number}
    return {(one.head_sha, one.base_ref) for one in named} == {(pull.head_sha, pull.base_ref)}


def _known_look(claim: Claim, deps: Deps, known: _Known) -> Look:
    repository = known.pull.repository
    if repository is None:  # pragma: no cover - `see_pull` has looked
        raise NotFoundError(f"{claim.subject.key}: its repository is not known")
    github = deps.github(claim.subject, repository.full_name)
    return Look(claim, deps, github, repository, known.pull)
