"""Commit statuses: https://docs.github.com/en/rest/commits/statuses ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.github_api.transport import Transport, quoted

if TYPE_CHECKING:
    from worker.core.refs import Sha
    from worker.ports import CommitStatus

__all__ = ["set_status"]


def set_status(transport: Transport, repository: str, head_sha: Sha, status: CommitStatus) -> None:
    """Set a commit's status of a context; the latest one counts."""
    body = {
        "context": status.context,
        "state": status.state,
        "description": status.description,
    }
    if status.target_url:
        body["target_url"] = status.target_url
    transport.send("POST", f"{repository}/statuses/{quoted(head_sha)}", body=body)
