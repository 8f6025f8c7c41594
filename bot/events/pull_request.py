"""`pull_request`: the pull request itself changed.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
"""

from __future__ import annotations

import msgspec

from bot.events.event import Event, Id, RepositoryPayload, ShaText
from worker.contracts import Subject

__all__ = ["EVENT"]


class _Head(msgspec.Struct, frozen=True, gc=False):
    sha: ShaText


class _PullRequest(msgspec.Struct, frozen=True, gc=False):
    number: Id
    head: _Head | None = None
    merge_commit_sha: ShaText | None = None


class _BaseChange(msgspec.Struct, frozen=True, gc=False):
    """What the base branch was before; only that it changed is of interest."""


class _Changes(msgspec.Struct, frozen=True, gc=False):
    base: _BaseChange | None = None


class _Payload(RepositoryPayload, frozen=True, gc=False, kw_only=True):
    pull_request: _PullRequest
    changes: _Changes | None = None
    before: ShaText = ""


def _subjects(payload: _Payload, installation_id: int) -> list[tuple[Subject, str]]:
    # A new title or description changes nothing; a new base branch changes everything.
    if payload.action == "edited" and (payload.changes is None or payload.changes.base is None):
        return []
    repository = payload.repository
    subject = Subject.pull(installation_id, repository.id, payload.pull_request.number)
    return [(subject, repository.full_name)]


def _head(payload: _Payload) -> str:
    head = payload.pull_request.head
    return head.sha if head else ""


def _facts(payload: _Payload) -> dict[str, str]:
    merge = payload.pull_request.merge_commit_sha or ""
    facts = {"head": _head(payload), "before": payload.before, "merge": merge}
    return {name: text for name, text in facts.items() if text}


EVENT = Event(
    name="pull_request",
    payload=_Payload,
    actions=(
        "closed",
        "converted_to_draft",
        "edited",
        "opened",
        "ready_for_review",
        "reopened",
        "synchronize",
    ),
    subjects=_subjects,
    head=_head,
    facts=_facts,
)
