"""Writing on GitHub so that a repeated run never makes a second check or comment.

GitHub has no idempotency keys. So an intent is recorded before each creation and the id
after it. Who finds an intent without an id does not know whether the creation happened:
it waits until GitHub's lists would show it, looks, adopts what is there and removes
doubles. Nothing is written without the lease, and nothing that would change nothing.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from worker.contracts import CHECK_NAME, Subject
from worker.core.errors import GitHubError, NotFoundError, PostponedError
from worker.core.refs import Sha
from worker.core.render import MARKER, Page
from worker.core.render.messages import Message, superseded
from worker.ports import CheckAction, CheckOutput, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from worker.contracts import Notice
    from worker.core.refs import CheckRun, Comment
    from worker.core.render import Annotation, Conclusion
    from worker.flows.deps import Look
    from worker.ports import Effects

__all__ = ["RECHECK", "Publisher", "asks_again"]

RECHECK = "recheck"
"""The identifier of the check's button."""
_AGAIN = CheckAction("Check again", "Judge anew from fresh facts", RECHECK)
_NOTES = "check:notes"
"""Is there while annotations may or may not have arrived."""
_OPEN = "open"
"""Holds the head whose check this pull request has in progress; there is one at a time."""
_UNCOMMENTED = "uncommented"
"""Is there where the pull request was seen when it was opened."""
_REOPENED = "reopened"
"""Holds the deliveries at hand that asked for a check again."""


def asks_again(notice: Notice) -> bool:
    """Return whether a person pressed "Re-run", or the check's own button."""
    return notice.event.endswith(".rerequested") or notice.facts.get("action") == RECHECK


class Publisher:
    """The check and the comment of one pull request, under one claim.

    The comment's effects are the pull request's own; a check's are those of its commit,
    which several pull requests may have as their head: there is one check a head.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._claim = look.claim
        self._deps = look.deps
        self._github = look.github
        self._effects = look.effects

    def is_made(self, head: Sha) -> bool:
        """Return whether the head has its check."""
        return bool(self._check(head))

    def is_judged(self, head: Sha) -> bool:
        """Return whether the head's check has a verdict, which stands until a newer one."""
        return bool(self._check(head).get("judged"))

    def is_concluded(self, head: Sha) -> bool:
        """Return whether the head's check has ended, with a verdict or a message."""
        return bool(self._check(head).get("concluded"))

    def needs_opening(self, head: Sha) -> bool:
        """Return whether the head's check is missing, or ended for a reason that is gone."""
        known = self._check(head)
        return not known or bool(known.get("stale"))

    def note_requests(self, head: Sha) -> None:
        """Take note that somebody pressed "Re-run", or the check's own button.

        GitHub has cleared the conclusion of a check that is run again.

        https://docs.github.com/en/rest/checks/runs#rerequest-a-check-run
        """
        asked = [delivery for delivery, notice in self._claim.notices.items() if asks_again(notice)]
        noted = json.loads(self._effects.get(_REOPENED) or "[]")
        if set(asked) <= set(noted):
            return  # none, or noted before the claim was put off
        known = self._check(head)
        if known:
            self._keep(head, id=known["id"], stale=True, noted=known.get("noted", ()))
        self._effects.put(_REOPENED, json.dumps(sorted(asked)))

    def was_cleared(self, head: Sha) -> bool:
        """Return whether the check is to end again because GitHub cleared it, and for no more."""
        asked = [notice for notice in self._claim.notices.values() if asks_again(notice)]
        return (
            bool(self._check(head).get("stale"))
            and bool(asked)
            and all(notice.event.endswith(".rerequested") for notice in asked)
        )

    def note_uncommented(self) -> None:
        """Remember that the pull request can't have a comment of this App's yet."""
        self._effects.put(_UNCOMMENTED, "")

    def end_superseded(self, head: Sha) -> None:
        """End the check of a former head that is still in progress."""
        former = self._effects.get(_OPEN)
        if former is None or former == head:
            return
        if self.is_concluded(Sha(former)) or not self._was_opened(Sha(former)):
            # Another pull request of that commit has ended it, or it never came to be.
            self._effects.remove(_OPEN)
            return
        try:
            message = superseded(head)
            self._publish_check(Sha(former), message.conclusion, message.page, stale=True)
        except GitHubError:
            # The commit or its check is gone, and nobody waits for it.
            self._effects.remove(_OPEN)

    def update_waiting(self, head: Sha, message: Message) -> None:
        """Say on a check in progress that it waits for something else now."""
        if not self.is_concluded(head):
            self._publish_check(head, None, message.page)

    def show_waiting(self, head: Sha, message: Message, awaited: str, *, news: bool) -> None:
        """Make the head's check where it needs opening, or say on it what is awaited now.

        What it says is written once for each `awaited`, and only if there is `news`: a text
        that changes with every look would cost a write with every look.
        """
        name = f"awaited:{head}"
        if self.needs_opening(head):
            self.open_check(head, message)
        elif news and not self.is_concluded(head) and self._effects.get(name) != awaited:
            self._publish_check(head, None, message.page)
        else:
            return
        self._effects.put(name, awaited)

    def open_check(self, head: Sha, message: Message) -> None:
        """Make the head's check, in progress, where it needs opening."""
        if self.needs_opening(head):
            # Before it is made: who dies in between leaves a check that the next head ends.
            self._effects.put(_OPEN, head)
            self._publish_check(head, None, message.page)

    def conclude_check(
        self, head: Sha, conclusion: Conclusion, page: Page, *, judged: bool
    ) -> None:
        """End the head's check, or change how it ended."""
        self._publish_check(head, conclusion, page, judged=judged)

    def comment(self, number: int, body: str, *, create: bool = True) -> None:
        """Bring the one comment up to date; make it where there is none and `create` says so."""
        with self._deps.meter.timing("publish"):
            self._comment(number, body, create=create)

    def _comment(self, number: int, body: str, *, create: bool) -> None:
        known = _recall(self._effects, "comment")
        digest = _digest(body)
        if known.get("digest") == digest:
            return
        if known:
            self._look.keep_lease()
            try:
                self._github.update_comment(int(known["id"]), body)
            except NotFoundError:
                self._effects.remove("comment")  # somebody deleted it: that is no veto
            else:
                _remember(self._effects, "comment", id=known["id"], digest=digest)
                return
        if create:
            comment = self._adopt_comment(number, body) or self._create_comment(number, body)
            _remember(self._effects, "comment", id=comment.id, digest=digest)
            self._effects.remove("comment:intent")

    def reply(self, number: int, mark: str, body: str) -> None:
        """Write a reply once, though the job be killed: `mark` is in this one alone.

        Raises `PostponedError` while nobody knows whether it was written.
        """
        name = f"{mark}:intent"
        if self._effects.get(name) is not None:
            self._wait_for_doubt(self._effects, name)
            if any(one.own and mark in one.body for one in self._github.comments(number)):
                return
            self._effects.remove(name)
        with self._intent(self._effects, name):
            self._github.create_comment(number, body)

    def reopen(self, head: Sha) -> None:
        """Let the head's check be opened and made anew, however it stands."""
        known = self._check(head)
        if known:
            self._keep(head, id=known["id"], stale=True, noted=known.get("noted", ()))

    def forget_reply(self, mark: str) -> None:
        """Forget the intent of a reply of which there is no doubt any more."""
        self._effects.remove(f"{mark}:intent")

    def _create_comment(self, number: int, body: str) -> Comment:
        with self._intent(self._effects, "comment:intent"):
            return self._github.create_comment(number, body)

    def _adopt_comment(self, number: int, body: str) -> Comment | None:
        doubted = self._effects.get("comment:intent") is not None
        if not doubted and self._effects.get(_UNCOMMENTED) is not None:
            return None
        self._wait_for_doubt(self._effects, "comment:intent")
        own = [
            comment
            for comment in self._github.comments(number)
            if comment.own and comment.body.startswith(MARKER)
        ]
        for double in own[1:]:
            self._look.keep_lease()
            self._github.delete_comment(double.id)
        if not own:
            self._effects.remove("comment:intent")
            return None
        self._look.keep_lease()
        return self._github.update_comment(own[0].id, body)

    def _publish_check(
        self,
        head: Sha,
        conclusion: str | None,
        page: Page,
        *,
        judged: bool = False,
        stale: bool = False,
    ) -> None:
        with self._deps.meter.timing("publish"):
            self._bring_check(head, conclusion, page, judged=judged, stale=stale)

    def _bring_check(
        self, head: Sha, conclusion: str | None, page: Page, *, judged: bool, stale: bool
    ) -> None:
        output = CheckOutput(page.title, page.summary, page.text, page.annotations)
        status = "completed" if conclusion else "in_progress"
        # GitHub shows buttons of ended checks alone.
        actions = (_AGAIN,) if conclusion else ()
        state = CheckState(status, conclusion, output, self._look.page_url or None, actions)
        known = self._check(head)
        digest = _digest(json.dumps(asdict(state), sort_keys=True))
        if known.get("digest") != digest:
            if conclusion:
                self._deps.meter.count("covgate_checks", conclusion)
            if known:
                noted = known.get("noted", ())
                check = self._update_check(head, int(known["id"]), noted, state, doubted=False)
            else:
                check = self._adopt_check(head, state) or self._create_check(head, state)
            self._keep(
                head,
                id=check.id,
                digest=digest,
                concluded=conclusion is not None,
                judged=judged,
                stale=stale,
                noted=sorted({*known.get("noted", ()), *map(_mark, page.annotations)}),
            )
            self._effects_of(head).remove("check:intent")
            self._effects_of(head).remove(_NOTES)
        if conclusion is not None and self._effects.get(_OPEN) == head:
            self._effects.remove(_OPEN)

    def _update_check(
        self, head: Sha, check_id: int, noted: Iterable[str], state: CheckState, *, doubted: bool
    ) -> CheckRun:
        """Change the check, and add the annotations that it does not have yet.

        GitHub adds whatever it is sent. So it is asked which are there where nobody knows
        whether some arrived.
        """
        effects, there = self._effects_of(head), set(noted)
        if doubted or effects.get(_NOTES) is not None:
            self._wait_for_doubt(effects, _NOTES)
            there |= {_mark(one) for one in self._github.annotations(check_id)}
        fresh = tuple(one for one in state.output.annotations if _mark(one) not in there)
        self._look.keep_lease()
        if fresh:
            effects.put(_NOTES, self._deps.clock.now().isoformat())
        new = replace(state, output=replace(state.output, annotations=fresh))
        try:
            return self._github.update_check(check_id, new)
        except PostponedError:
            if fresh:  # it may have waited for its turn: the doubt begins now
                effects.put(_NOTES, self._deps.clock.now().isoformat())
            raise

    def _create_check(self, head: Sha, state: CheckState) -> CheckRun:
        key = self._claim.subject.key
        with self._intent(self._effects_of(head), "check:intent"):
            return self._github.create_check(head, CHECK_NAME, state, external_id=key)

    def _adopt_check(self, head: Sha, state: CheckState) -> CheckRun | None:
        """Return this App's check on the head where a creation is in doubt and did happen.

        Doubles can not be deleted on GitHub: all are given the same state.
        """
        if self._effects_of(head).get("check:intent") is None and not self._was_judged(head):
            return None
        self._wait_for_doubt(self._effects_of(head), "check:intent")
        own = self._github.checks(head, CHECK_NAME)
        for check in own:
            self._update_check(head, check.id, (), state, doubted=True)
        if not own:
            self._effects_of(head).remove("check:intent")
            return None
        return own[0]

    def _was_opened(self, head: Sha) -> bool:
        """Return whether the head's check was made, or may have been."""
        return bool(self._check(head)) or self._effects_of(head).get("check:intent") is not None

    def _was_judged(self, head: Sha) -> bool:
        """Return whether the history knows a verdict that the effects have forgotten."""
        return bool(self._deps.store.verdicts(self._claim.subject.repository_id, head))

    def _effects_of(self, head: Sha) -> Effects:
        subject = self._claim.subject
        commit = Subject.commit(subject.installation_id, subject.repository_id, head)
        return self._deps.inbox.effects(commit)

    def _check(self, head: Sha) -> dict[str, Any]:
        return _recall(self._effects_of(head), "check")

    def _keep(self, head: Sha, **values: object) -> None:
        _remember(self._effects_of(head), "check", **values)

    @contextmanager
    def _intent(self, effects: Effects, name: str) -> Iterator[None]:
        """Record the intent around a creation; GitHub's clear "no" leaves no doubt behind.

        Raises `PostponedError` where another look has the same intent: two pull requests of
        one commit are two subjects, and make one check.
        """
        self._look.keep_lease()
        if not effects.put_new(name, self._deps.clock.now().isoformat()):
            wait = self._deps.settle.total_seconds()
            raise PostponedError("another look is making it", seconds=wait)
        try:
            yield
        except GitHubError:
            effects.remove(name)
            raise
        except PostponedError:
            # It may have waited for its turn, and for an answer: the doubt begins now.
            effects.put(name, self._deps.clock.now().isoformat())
            raise

    def _wait_for_doubt(self, effects: Effects, name: str) -> None:
        intended = effects.get(name)
        if intended is None:
            return
        age = self._deps.clock.now() - datetime.fromisoformat(intended)
        if timedelta(0) <= age < self._deps.settle:
            rest = (self._deps.settle - age).total_seconds()
            raise PostponedError("a creation is in doubt; GitHub's lists may lag", seconds=rest)


def _recall(effects: Effects, name: str) -> dict[str, Any]:
    text = effects.get(name)
    return json.loads(text) if text else {}


def _remember(effects: Effects, name: str, **values: object) -> None:
    effects.put(name, json.dumps(values, sort_keys=True))


def _mark(annotation: Annotation) -> str:
    """Return by what an annotation is known again."""
    return _digest(f"{annotation.path}\0{annotation.first}\0{annotation.last}")[:16]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
