"""`push`: a branch has a new tip, which may become a baseline.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
"""

from __future__ import annotations

from bot.events.event import Event, NamedRepository, Payload, ShaText
from worker.contracts import Subject

__all__ = ["EVENT"]


class _Repository(NamedRepository, frozen=True, gc=False):
    default_branch: str = ""


class _Payload(Payload, frozen=True, gc=False, kw_only=True):
    repository: _Repository
    ref: str
    after: ShaText
    deleted: bool = False


def _subjects(payload: _Payload, installation_id: int) -> list[tuple[Subject, str]]:
    repository = payload.repository
    branch = payload.ref.removeprefix("refs/heads/")
    if payload.deleted or branch == payload.ref:
        return []
    if repository.default_branch and branch != repository.default_branch:
        return []  # its runs are heard of when they end; most of these never become a baseline
    subject = Subject.commit(installation_id, repository.id, payload.after)
    return [(subject, repository.full_name)]


EVENT = Event(name="push", payload=_Payload, actions=("",), subjects=_subjects)
