"""`repository`: the repository was deleted, so what was stored of it goes.

A renamed or transferred one keeps its id, and what is stored hangs on the id; where a
transfer takes it away from the App, `installation_repositories` says so.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#repository
"""

from __future__ import annotations

from bot.events.event import Event, RepositoryPayload
from worker.contracts import Subject, SubjectKind

__all__ = ["EVENT"]


def _subjects(payload: RepositoryPayload, installation_id: int) -> list[tuple[Subject, str]]:
    repository = payload.repository
    subject = Subject(installation_id, repository.id, SubjectKind.INSTALLATION, "removed")
    return [(subject, repository.full_name)]


EVENT = Event(
    name="repository",
    payload=RepositoryPayload,
    actions=("deleted",),
    subjects=_subjects,
)
