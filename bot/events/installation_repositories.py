"""`installation_repositories`: repositories were taken away from the App.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation_repositories
"""

from __future__ import annotations

import msgspec

from bot.events.event import Event, NamedRepository, Payload
from worker.contracts import Subject, SubjectKind

__all__ = ["EVENT"]


class _Payload(Payload, frozen=True, gc=False, kw_only=True):
    repositories_removed: list[NamedRepository] = msgspec.field(default_factory=list)


def _subjects(payload: _Payload, installation_id: int) -> list[tuple[Subject, str]]:
    return [
        (
            Subject(installation_id, repository.id, SubjectKind.INSTALLATION, "removed"),
            repository.full_name,
        )
        for repository in payload.repositories_removed
    ]


EVENT = Event(
    name="installation_repositories",
    payload=_Payload,
    actions=("removed",),
    subjects=_subjects,
)
