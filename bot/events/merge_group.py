"""`merge_group`: a merge queue wants a commit judged before it becomes the branch's tip.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#merge_group
"""

from __future__ import annotations

import msgspec

from bot.events.event import Event, RepositoryPayload, ShaText
from worker.contracts import Subject

__all__ = ["EVENT"]


class _Group(msgspec.Struct, frozen=True, gc=False):
    head_sha: ShaText
    base_sha: ShaText
    base_ref: str


class _Payload(RepositoryPayload, frozen=True, gc=False, kw_only=True):
    merge_group: _Group


def _subjects(payload: _Payload, installation_id: int) -> list[tuple[Subject, str]]:
    repository = payload.repository
    subject = Subject.group(installation_id, repository.id, payload.merge_group.head_sha)
    return [(subject, repository.full_name)]


def _facts(payload: _Payload) -> dict[str, str]:
    group = payload.merge_group
    return {"base_ref": group.base_ref.removeprefix("refs/heads/"), "base_sha": group.base_sha}


EVENT = Event(
    name="merge_group",
    payload=_Payload,
    actions=("checks_requested",),
    subjects=_subjects,
    facts=_facts,
)
