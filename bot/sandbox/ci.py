"""GitHub Actions of the stand-in: runs, their artifacts and their check runs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.sandbox import payloads
from bot.sandbox.objects import Tree
from bot.sandbox.records import App, Artifact, CheckRun, CheckSuite, Run, Workflow

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo

__all__ = [
    "Artifacts",
    "Content",
    "finish_run",
    "pack",
    "rerun",
    "start_run",
    "suite_of",
    "upload",
]

Content = Mapping[str, bytes] | bytes
"""An artifact's files by name, or the archive's own bytes (a broken one, say)."""

Artifacts = Mapping[str, Content] | Callable[[Tree], Mapping[str, Content]]
"""A run's artifacts by name, or what makes them of the files that it checks out."""

RETENTION = timedelta(days=90)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive; the same files give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return target.getvalue()


def suite_of(repo: Repo, app: App, sha: str, branch: str | None) -> CheckSuite:
    """Return an App's check suite on a commit, made on first sight."""
    for suite in repo.suites.values():
        if suite.app.id == app.id and suite.head_sha == sha:
            return suite
    made = CheckSuite(repo.world.next_id("check_suite"), app, sha, branch, repo.world.clock())
    repo.suites[made.id] = made
    return made


def start_run(
    repo: Repo,
    sha: str,
    *,
    event: str = "pull_request",
    workflow: str = "CI",
    status: str = "in_progress",
    checkout: str = "",
) -> Run:
    """Begin a run of a workflow on a head commit: `requested`, then `in_progress`.

    It checks out what GitHub gives it, for `pull_request` the test merge of now, unless the
    workflow says `checkout`: a ref.
    `status` may also be `queued`, `waiting`, `pending` or `requested`: then it stays there.
    """
    world = repo.world
    with world.lock:
        branch, source = _origin(repo, sha, event)
        now = world.clock()
        suite = CheckSuite(world.next_id("check_suite"), world.actions_app, sha, branch, now)
        repo.suites[suite.id] = suite
        job = CheckRun(
            world.next_id("check_run"), "test", sha, world.actions_app, suite.id, now, now
        )
        repo.checks[job.id] = job
        run = Run(
            id=world.next_id("run"),
            repository_id=repo.id,
            workflow=_workflow(repo, workflow),
            number=1 + sum(1 for r in repo.runs.values() if r.workflow.name == workflow),
            event=event,
            head_sha=sha,
            head_branch=branch,
            head_repository_id=source.id,
            actor=source.owner,
            created_at=now,
            updated_at=now,
            started_at=now,
            suite_id=suite.id,
            check_run_id=job.id,
            checkout_sha=_checkout(repo, sha, event, checkout),
        )
        repo.runs[run.id] = run
        _begin(repo, run, status)
        return run


def _begin(repo: Repo, run: Run, status: str) -> None:
    _move(repo, run, "queued" if status == "in_progress" else status, None)
    _emit(repo, "requested", run)
    if status == "in_progress":
        _move(repo, run, "in_progress", None)
        _emit(repo, "in_progress", run)


def _origin(repo: Repo, sha: str, event: str) -> tuple[str | None, Repo]:
    """Return the branch that a run is for, and the repository that it is in."""
    if event.startswith("pull_request"):
        for pull in repo.pulls.values():
            if pull.head_sha == sha:
                return pull.head_ref, pull.head_repo
    found = [name for name, tip in sorted(repo.branches.items()) if tip == sha]
    if repo.default_branch in found:
        return repo.default_branch, repo
    return (found[0] if found else repo.default_branch), repo


def _checkout(repo: Repo, sha: str, event: str, ref: str) -> str:
    """Return the commit that a run's jobs check out.

    https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
    """
    if ref:
        commit = repo.resolve(ref)
        if commit is None:
            raise KeyError(ref)
        return commit.sha
    if event == "pull_request":
        merges = [pull.merge_sha for pull in repo.pulls_with_head(sha) if pull.merge_sha]
        return merges[0] if merges else sha
    return sha


def _workflow(repo: Repo, name: str) -> Workflow:
    if name not in repo.workflows:
        path = f".github/workflows/{name.lower().replace(' ', '-')}.yml"
        repo.workflows[name] = Workflow(repo.world.next_id("workflow"), name, path)
    return repo.workflows[name]


def _move(repo: Repo, run: Run, status: str, conclusion: str | None) -> None:
    now = repo.world.clock()
    run.status, run.conclusion, run.updated_at = status, conclusion, now
    job = repo.checks[run.check_run_id]
    job.status = status if status in ("queued", "in_progress", "completed") else "queued"
    job.conclusion = conclusion
    job.completed_at = now if conclusion else None


def _emit(repo: Repo, action: str, run: Run) -> None:
    repo.world.emit("workflow_run", payloads.workflow_run(repo, action, run), repo)


def finish_run(repo: Repo, run: Run, conclusion: str, artifacts: Artifacts) -> Run:
    """Upload artifacts and complete a run: `success`, `failure`, `skipped` or the like."""
    with repo.world.lock:
        made = artifacts
        if callable(made):
            made = made(repo.objects.commits[run.checkout_sha].files)
        for name, content in made.items():
            upload(repo, run, name, content)
        _move(repo, run, "completed", conclusion)
        _emit(repo, "completed", run)
        return run


def rerun(repo: Repo, run: Run) -> Run:
    """Begin the next attempt; what the last one uploaded stays listed, as on GitHub."""
    with repo.world.lock:
        run.attempt += 1
        run.started_at = repo.world.clock()
        _begin(repo, run, "in_progress")
        return run


def upload(repo: Repo, run: Run, name: str, content: Content) -> Artifact:
    """Add an artifact to a run."""
    with repo.world.lock:
        archive = content if isinstance(content, bytes) else pack(content)
        now = repo.world.clock()
        made = Artifact(
            id=repo.world.next_id("artifact"),
            name=name,
            archive=archive,
            digest=f"sha256:{hashlib.sha256(archive).hexdigest()}",
            run_id=run.id,
            created_at=now,
            expires_at=now + RETENTION,
        )
        run.artifacts.append(made)
        return made
