"""`push`: a branch has a new tip, which may become a baseline.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
"""

from __future__ import annotations

from bot.events.event import Event, RepositoryPayload, ShaText
from worker.contracts import Subject

__all__ = ["EVENT"]


class _Payload(RepositoryPayload, frozen=True, gc=False, kw_only=True):
    ref: str
    after: ShaText
    deleted: bool = False


def _subjects(payload: _Payload, installation_id: int) -> list[tuple[Subject, str]]:
    if payload.deleted or not payload.ref.startswith("refs/heads/"):
        return []
    repository = payload.repository
    subject = Subject.commit(installation_id, repository.id, payload.after)
    return [(subject, repository.full_name)]


EVENT = Event(name="push", payload=_Payload, actions=("",), subjects=_subjects)
