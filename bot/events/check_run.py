"""`check_run`: a person asks for our check again, or presses a button on it.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_run
"""

from __future__ import annotations

import msgspec

from bot.events.event import (
    Event,
    PullReference,
    RepositoryPayload,
    ShaText,
    pulls_or_commit,
)
from worker.contracts import CHECK_NAME, Subject

__all__ = ["EVENT"]


class _CheckRun(msgspec.Struct, frozen=True, gc=False):
    name: str
    head_sha: ShaText
    pull_requests: list[PullReference] | None = None


class _Action(msgspec.Struct, frozen=True, gc=False):
    identifier: str


class _Payload(RepositoryPayload, frozen=True, gc=False, kw_only=True):
    check_run: _CheckRun
    requested_action: _Action | None = None


def _subjects(payload: _Payload, installation_id: int) -> list[tuple[Subject, str]]:
    check = payload.check_run
    if check.name != CHECK_NAME:
        return []
    return pulls_or_commit(installation_id, payload.repository, check.pull_requests, check.head_sha)


def _facts(payload: _Payload) -> dict[str, str]:
    action = payload.requested_action
    return {"action": action.identifier[:20]} if action else {}


EVENT = Event(
    name="check_run",
    payload=_Payload,
    actions=("requested_action", "rerequested"),
    subjects=_subjects,
    head=lambda payload: payload.check_run.head_sha,
    facts=_facts,
)
