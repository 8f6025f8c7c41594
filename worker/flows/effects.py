"""Writing on GitHub so that a repeated run never makes a second check or comment.

GitHub has no idempotency keys. So an intent is recorded before each creation and the id
after it. Who finds an intent without an id does not know whether the creation happened:
it waits until GitHub's lists would show it, looks, adopts what is there and removes
doubles. Nothing is written without the lease, and nothing that would change nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from worker.contracts import CHECK_NAME
from worker.core.errors import NotFoundError, PostponedError
from worker.core.refs import CheckRun, Comment, Sha
from worker.core.render import MARKER, Page
from worker.core.render.messages import Message, superseded
from worker.ports import CheckOutput, CheckState, Claim, GitHub

if TYPE_CHECKING:
    from worker.flows.deps import Deps

__all__ = ["Publisher"]

_OPEN = "open"
"""Holds the head whose check is still in progress; there is one at a time."""


class Publisher:
    """The check and the comment of one pull request, under one claim."""

    def __init__(self, claim: Claim, deps: Deps, github: GitHub) -> None:
        self._claim = claim
        self._deps = deps
        self._github = github
        self._effects = deps.inbox.effects(claim.subject)

    def is_concluded(self, head: Sha) -> bool:
        """Return whether the head's check has a conclusion already."""
        return bool(self._recall(f"check:{head}").get("concluded"))

    def reopen_check(self, head: Sha) -> None:
        """Take note that somebody pressed "Re-run": GitHub has cleared the conclusion.

        https://docs.github.com/en/rest/checks/runs#rerequest-a-check-run
        """
        known = self._recall(f"check:{head}")
        if known:
            self._remember(f"check:{head}", id=known["id"], digest="", concluded=False)

    def open_check(self, head: Sha, message: Message) -> None:
        """Make the head's check, in progress, where there is none; end an older head's."""
        stale = self._effects.get(_OPEN)
        if stale is not None and stale != head:
            self._publish_check(Sha(stale), superseded(head).conclusion, superseded(head).page)
        if not self._recall(f"check:{head}"):
            self._publish_check(head, None, message.page)

    def conclude_check(self, head: Sha, conclusion: str, page: Page) -> None:
        """End the head's check (or change how it ended)."""
        self._publish_check(head, conclusion, page)

    def comment(self, number: int, body: str, *, create: bool = True) -> None:
        """Bring the one comment up to date; make it where there is none and `create` says so."""
        known = self._recall("comment")
        digest = _digest(body)
        if known.get("digest") == digest:
            return
        if known:
            self._renew()
            try:
                self._github.update_comment(int(known["id"]), body)
            except NotFoundError:
                self._effects.remove("comment")  # somebody deleted it: that is no veto
            else:
                self._remember("comment", id=known["id"], digest=digest)
                return
        if create:
            comment = self._adopt_comment(number, body) or self._create_comment(number, body)
            self._remember("comment", id=comment.id, digest=digest)
            self._effects.remove("comment:intent")

    def _create_comment(self, number: int, body: str) -> Comment:
        self._intend("comment:intent")
        return self._github.create_comment(number, body)

    def _adopt_comment(self, number: int, body: str) -> Comment | None:
        self._wait_for_doubt("comment:intent")
        own = [
            comment
            for comment in self._github.comments(number)
            if comment.own and comment.body.startswith(MARKER)
        ]
        for double in own[1:]:
            self._renew()
            self._github.delete_comment(double.id)
        if not own:
            return None
        self._renew()
        return self._github.update_comment(own[0].id, body)

    def _publish_check(self, head: Sha, conclusion: str | None, page: Page) -> None:
        name = f"check:{head}"
        output = CheckOutput(page.title, page.summary, page.text)
        state = CheckState("completed" if conclusion else "in_progress", conclusion, output)
        known = self._recall(name)
        digest = _digest(json.dumps(asdict(state), sort_keys=True))
        if known.get("digest") != digest:
            if known:
                self._renew()
                check = self._github.update_check(int(known["id"]), state)
            else:
                check = self._adopt_check(head, state) or self._create_check(head, state)
            self._remember(name, id=check.id, digest=digest, concluded=conclusion is not None)
            self._effects.remove(f"{name}:intent")
        if conclusion is None:
            self._effects.put(_OPEN, head)
        elif self._effects.get(_OPEN) == head:
            self._effects.remove(_OPEN)

    def _create_check(self, head: Sha, state: CheckState) -> CheckRun:
        self._intend(f"check:{head}:intent")
        return self._github.create_check(
            head, CHECK_NAME, state, external_id=self._claim.subject.key
        )

    def _adopt_check(self, head: Sha, state: CheckState) -> CheckRun | None:
        """Return this App's check on the head where a creation is in doubt and did happen.

        Doubles can not be deleted on GitHub: all are given the same state.
        """
        if self._effects.get(f"check:{head}:intent") is None and not self._was_judged(head):
            return None
        self._wait_for_doubt(f"check:{head}:intent")
        own = self._github.checks(head, CHECK_NAME)
        for check in own:
            self._renew()
            self._github.update_check(check.id, state)
        return own[0] if own else None

    def _was_judged(self, head: Sha) -> bool:
        """Return whether the history knows a verdict that the effects have forgotten."""
        subject = self._claim.subject
        record = self._deps.store.verdict(subject.repository_id, int(subject.id), head)
        return record is not None

    def _intend(self, name: str) -> None:
        self._renew()
        self._effects.put(name, self._deps.clock.now().isoformat())

    def _wait_for_doubt(self, name: str) -> None:
        intended = self._effects.get(name)
        if intended is None:
            return
        age = self._deps.clock.now() - datetime.fromisoformat(intended)
        if timedelta(0) <= age < self._deps.settle:
            rest = (self._deps.settle - age).total_seconds()
            raise PostponedError("a creation is in doubt; GitHub's lists may lag", seconds=rest)

    def _renew(self) -> None:
        self._deps.inbox.renew(self._claim)

    def _recall(self, name: str) -> dict[str, str]:
        text = self._effects.get(name)
        return json.loads(text) if text else {}

    def _remember(self, name: str, **values: object) -> None:
        self._effects.put(name, json.dumps(values, sort_keys=True))


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
