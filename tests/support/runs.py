"""Workflow runs, with all that a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime

from worker.core.refs import Sha, WorkflowRun

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = Sha("a" * 40)


def run(
    number: int,
    *,
    workflow: int = 1,
    name: str = "CI",
    event: str = "pull_request",
    status: str = "completed",
    conclusion: str | None = "success",
) -> WorkflowRun:
    return WorkflowRun(
        id=number,
        attempt=1,
        name=name,
        workflow_id=workflow,
        event=event,
        status=status,
        conclusion=conclusion if status == "completed" else None,
        head_sha=HEAD,
        head_branch="topic",
        head_repository="octo/app",
        started_at=NOON,
        updated_at=NOON,
        url=f"https://github.com/octo/app/actions/runs/{number}",
    )
