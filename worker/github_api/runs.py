"""Workflow runs: https://docs.github.com/en/rest/actions/workflow-runs ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.github_api.answers import RunPage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.core.refs import Repository, Sha
    from worker.github_api.answers import RunAnswer
    from worker.github_api.transport import Transport

__all__ = ["are_of", "list_runs"]


def list_runs(transport: Transport, repository: str, head_sha: Sha) -> list[RunAnswer]:
    """Return all workflow runs of a commit, by id, each in its latest attempt."""
    pages = transport.pages(f"{repository}/actions/runs", RunPage, {"head_sha": head_sha})
    runs = {run.id: run for page in pages for run in page.workflow_runs}
    return [runs[key] for key in sorted(runs) if runs[key].head_sha == head_sha]


def are_of(runs: Iterable[RunAnswer], place: Repository) -> bool:
    """Return whether runs name a repository as theirs, under that very name."""
    names = {
        (run.repository.id, run.repository.full_name) for run in runs if run.repository is not None
    }
    return names == {(place.id, place.full_name)}
