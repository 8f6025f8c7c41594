"""Workflow runs, artifacts, check runs and suites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.bodies import basics, commits, pulls
from bot.sandbox.records import Artifact, CheckRun, CheckSuite, Json, Run, node_id, stamp

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo

__all__ = ["artifact", "check_run", "check_suite", "run", "workflow"]


def workflow(repo: Repo, item: Run) -> Json:
    """Return the workflow of a run."""
    record = item.workflow
    return {
        "id": record.id,
        "node_id": node_id("Workflow", record.id),
        "name": record.name,
        "path": record.path,
        "state": "active",
        "created_at": stamp(repo.created_at),
        "updated_at": stamp(repo.created_at),
        "url": f"{basics.repository_url(repo)}/actions/workflows/{record.id}",
        "html_url": basics.web(repo, f"/blob/{repo.default_branch}/{record.path}"),
        "badge_url": basics.web(repo, f"/workflows/{record.name}/badge.svg"),
    }


def _pulls_of(repo: Repo, sha: str) -> list[Json]:
    # GitHub leaves this list empty for pull requests from forks.
    return [pulls.minimal(p) for p in repo.pulls_with_head(sha) if not p.from_fork]


def run(repo: Repo, item: Run) -> Json:
    """Return a workflow run in its latest attempt."""
    url = f"{basics.repository_url(repo)}/actions/runs/{item.id}"
    suite_url = f"{basics.repository_url(repo)}/check-suites/{item.suite_id}"
    head = repo.world.repositories.get(item.head_repository_id or 0)
    commit = repo.objects.commits[item.head_sha]
    previous = f"{url}/attempts/{item.attempt - 1}" if item.attempt > 1 else None
    return {
        "id": item.id,
        "name": item.workflow.name,
        "node_id": node_id("WorkflowRun", item.id),
        "head_branch": item.head_branch,
        "head_sha": item.head_sha,
        "path": item.workflow.path,
        "display_title": commit.message.partition("\n")[0],
        "run_number": item.number,
        "event": item.event,
        "status": item.status,
        "conclusion": item.conclusion,
        "workflow_id": item.workflow.id,
        "check_suite_id": item.suite_id,
        "check_suite_node_id": node_id("CheckSuite", item.suite_id),
        "url": url,
        "html_url": basics.web(repo, f"/actions/runs/{item.id}"),
        "pull_requests": _pulls_of(repo, item.head_sha),
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "actor": basics.user(repo.world, item.actor),
        "triggering_actor": basics.user(repo.world, item.actor),
        "run_attempt": item.attempt,
        "referenced_workflows": [],
        "run_started_at": stamp(item.started_at),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": suite_url,
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": previous,
        "workflow_url": f"{basics.repository_url(repo)}/actions/workflows/{item.workflow.id}",
        "head_commit": commits.simple_commit(commit),
        "repository": basics.minimal_repository(repo),
        "head_repository": (
            basics.minimal_repository(head) if head is not None and not head.deleted else None
        ),
    }


def artifact(repo: Repo, run_record: Run, item: Artifact) -> Json:
    """Return an artifact's description."""
    url = f"{basics.repository_url(repo)}/actions/artifacts/{item.id}"
    return {
        "id": item.id,
        "node_id": node_id("Artifact", item.id),
        "name": item.name,
        "size_in_bytes": len(item.archive),
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": item.expires_at <= repo.world.clock(),
        "digest": item.digest,
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.created_at),
        "expires_at": stamp(item.expires_at),
        "workflow_run": {
            "id": run_record.id,
            "repository_id": repo.id,
            "head_repository_id": run_record.head_repository_id or repo.id,
            "head_branch": run_record.head_branch,
            "head_sha": run_record.head_sha,
        },
    }


def check_run(repo: Repo, item: CheckRun) -> Json:
    """Return a check run."""
    url = f"{basics.repository_url(repo)}/check-runs/{item.id}"
    html = basics.web(repo, f"/runs/{item.id}")
    return {
        "id": item.id,
        "name": item.name,
        "node_id": node_id("CheckRun", item.id),
        "head_sha": item.head_sha,
        "external_id": item.external_id,
        "url": url,
        "html_url": html,
        "details_url": item.details_url or html,
        "status": item.status,
        "conclusion": item.conclusion,
        "started_at": stamp(item.started_at),
        "completed_at": stamp(item.completed_at) if item.completed_at else None,
        "output": {
            "title": item.title,
            "summary": item.summary,
            "text": item.text,
            "annotations_count": len(item.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": item.suite_id},
        "app": basics.app(repo.world, item.app),
        "pull_requests": _pulls_of(repo, item.head_sha),
    }


def check_suite(repo: Repo, item: CheckSuite) -> Json:
    """Return a check suite."""
    url = f"{basics.repository_url(repo)}/check-suites/{item.id}"
    checks = [check for check in repo.checks.values() if check.suite_id == item.id]
    commit = repo.objects.commits[item.head_sha]
    done = bool(checks) and all(check.status == "completed" for check in checks)
    bad = [check.conclusion for check in checks if check.conclusion != "success"]
    return {
        "id": item.id,
        "node_id": node_id("CheckSuite", item.id),
        "head_branch": item.head_branch,
        "head_sha": item.head_sha,
        "status": "completed" if done else "queued",
        "conclusion": (bad[0] if bad else "success") if done else None,
        "url": url,
        "before": commit.parents[0] if commit.parents else None,
        "after": item.head_sha,
        "pull_requests": _pulls_of(repo, item.head_sha),
        "app": basics.app(repo.world, item.app),
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.created_at),
        "rerequestable": True,
        "runs_rerequestable": True,
        "latest_check_runs_count": len(checks),
        "check_runs_url": f"{url}/check-runs",
        "head_commit": commits.simple_commit(commit),
    }
