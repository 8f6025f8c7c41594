"""`issue_comment`: somebody wrote into a pull request's conversation, maybe a command.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#issue_comment
"""

from __future__ import annotations

import re

import msgspec

from bot.events.event import Event, Id, RepositoryPayload
from worker.contracts import Subject

__all__ = ["EVENT"]

_MAY_BE_A_COMMAND = re.compile(r"^[ ]{0,3}/cov[a-z0-9-]*(?=\s|\Z)", re.IGNORECASE | re.MULTILINE)
"""Whether a worker has to look: repositories may have a prefix of their own, which begins so.
What is a command, `worker.core.commands` decides."""


class _User(msgspec.Struct, frozen=True, gc=False):
    type: str = "User"


class _Comment(msgspec.Struct, frozen=True, gc=False):
    id: Id
    body: str | None = None
    user: _User | None = None


class _Link(msgspec.Struct, frozen=True, gc=False):
    """There where the issue is a pull request; what it holds is of no interest."""


class _Issue(msgspec.Struct, frozen=True, gc=False):
    number: Id
    state: str = "open"
    pull_request: _Link | None = None


class _Payload(RepositoryPayload, frozen=True, gc=False, kw_only=True):
    issue: _Issue
    comment: _Comment


def _subjects(payload: _Payload, installation_id: int) -> list[tuple[Subject, str]]:
    issue, comment, repository = payload.issue, payload.comment, payload.repository
    if issue.pull_request is None or issue.state != "open":
        return []
    if comment.user is None or comment.user.type == "Bot":
        return []
    if not _MAY_BE_A_COMMAND.search(comment.body or ""):
        return []
    subject = Subject.pull(installation_id, repository.id, issue.number)
    return [(subject, repository.full_name)]


def _facts(payload: _Payload) -> dict[str, str]:
    return {"comment": str(payload.comment.id)}


EVENT = Event(
    name="issue_comment",
    payload=_Payload,
    actions=("created",),
    subjects=_subjects,
    facts=_facts,
    once=True,
)
