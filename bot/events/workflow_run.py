"""`workflow_run`: a run of GitHub Actions began or ended, so reports may be there.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
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
from worker.contracts import Subject, SubjectKind

__all__ = ["EVENT"]


class _Run(msgspec.Struct, frozen=True, gc=False):
    event: str
    head_sha: ShaText
    pull_requests: list[PullReference] | None = None


class _Payload(RepositoryPayload, frozen=True, gc=False, kw_only=True):
    workflow_run: _Run


def _subjects(payload: _Payload, installation_id: int) -> list[tuple[Subject, str]]:
    run, repository = payload.workflow_run, payload.repository
    found = pulls_or_commit(installation_id, repository, run.pull_requests, run.head_sha)
    if payload.action != "completed":
        # A commit's run is of use once it has ended; of a pull request's it is told earlier.
        return [pair for pair in found if pair[0].kind is SubjectKind.PULL]
    if run.event == "push":
        # Its report may become a baseline, whether or not a pull request has this head.
        commit = Subject.commit(installation_id, repository.id, run.head_sha), repository.full_name
        found = [commit, *(pair for pair in found if pair != commit)]
    return found


EVENT = Event(
    name="workflow_run",
    payload=_Payload,
    actions=("completed", "in_progress", "requested"),
    subjects=_subjects,
    head=lambda payload: payload.workflow_run.head_sha,
    facts=lambda payload: {"head": payload.workflow_run.head_sha},
)
