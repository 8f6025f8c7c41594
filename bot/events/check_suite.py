"""`check_suite`: a person asks for all of our checks of a commit again.

GitHub sends this request to the App that owns the suite alone.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_suite
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.events.event import (
    Event,
    PullReference,
    RepositoryPayload,
    ShaText,
    pulls_or_commit,
)

if TYPE_CHECKING:
    from worker.contracts import Subject

__all__ = ["EVENT"]


class _CheckSuite(msgspec.Struct, frozen=True, gc=False):
    head_sha: ShaText
    pull_requests: list[PullReference] | None = None


class _Payload(RepositoryPayload, frozen=True, gc=False, kw_only=True):
    check_suite: _CheckSuite


def _subjects(payload: _Payload, installation_id: int) -> list[tuple[Subject, str]]:
    suite = payload.check_suite
    return pulls_or_commit(installation_id, payload.repository, suite.pull_requests, suite.head_sha)


EVENT = Event(
    name="check_suite",
    payload=_Payload,
    actions=("rerequested",),
    subjects=_subjects,
    head=lambda payload: payload.check_suite.head_sha,
)
