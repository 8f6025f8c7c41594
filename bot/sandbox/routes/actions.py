"""Workflow runs and their artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bot.sandbox.bodies import actions
from bot.sandbox.replies import Call, RefusalError, Reply, Route
from bot.sandbox.storage import sign

if TYPE_CHECKING:
    from bot.sandbox.records import Artifact, Run

__all__ = ["ROUTES"]


def _runs(call: Call) -> Reply:
    query = call.query
    found = [
        run
        for run in call.visible(list(call.repo.runs.values()))
        if query.get("head_sha") in (None, run.head_sha)
        and query.get("event") in (None, run.event)
        and query.get("branch") in (None, run.head_branch)
        and query.get("status") in (None, run.status, run.conclusion)
        and query.get("check_suite_id") in (None, str(run.suite_id))
        and query.get("actor") in (None, run.actor.login)
    ]
    found.sort(key=lambda run: -run.id)
    page, headers = call.page(found)
    body = {
        "total_count": len(found),
        "workflow_runs": [actions.run(call.repo, run) for run in page],
    }
    return Reply(body, headers=headers)


def _find(call: Call) -> Run:
    run = call.repo.runs.get(call.number("run_id"))
    if run is None:
        raise RefusalError(404, "Not Found")
    return run


def _run(call: Call) -> Reply:
    return Reply(actions.run(call.repo, _find(call)))


def _list(call: Call, pairs: list[tuple[Run, Artifact]]) -> Reply:
    wanted = call.query.get("name")
    shown = set(map(id, call.visible([item for _, item in pairs])))
    pairs = [pair for pair in pairs if wanted in (None, pair[1].name) and id(pair[1]) in shown]
    pairs.sort(key=lambda pair: -pair[1].id)
    page, headers = call.page(pairs)
    body = {
        "total_count": len(pairs),
        "artifacts": [actions.artifact(call.repo, run, item) for run, item in page],
    }
    return Reply(body, headers=headers)


def _run_artifacts(call: Call) -> Reply:
    run = _find(call)
    return _list(call, [(run, item) for item in run.artifacts])


def _artifacts(call: Call) -> Reply:
    runs = call.repo.runs.values()
    return _list(call, [(run, item) for run in runs for item in run.artifacts])


def _find_artifact(call: Call) -> tuple[Run, Artifact]:
    number = call.number("artifact_id")
    for run in call.repo.runs.values():
        for item in run.artifacts:
            if item.id == number:
                return run, item
    raise RefusalError(404, "Not Found")


def _artifact(call: Call) -> Reply:
    return Reply(actions.artifact(call.repo, *_find_artifact(call)))


def _download(call: Call) -> Reply:
    """Redirect to the storage, with a signature that is good for a minute."""
    _, item = _find_artifact(call)
    if call.path["archive_format"] != "zip":
        raise RefusalError(404, "Not Found")
    if call.caller.token is None:
        message = "You must have the actions scope to download artifacts."
        raise RefusalError(401, message)
    if item.expires_at <= call.world.clock():
        raise RefusalError(410, "Artifact has expired")
    path = f"/artifact/{item.id}"
    query = urlencode(sign(call.world, path, call.world.caps.artifact_url_seconds))
    location = f"{call.world.storage_url}{path}?{query}"
    return Reply(b"", 302, {"Location": location}, "text/html;charset=utf-8")


PAGED = frozenset({"per_page", "page"})
ACTIONS = "/repos/{owner}/{repo}/actions"
READ = "actions:read"
FILTERS = frozenset(
    {
        "actor",
        "branch",
        "event",
        "status",
        "created",
        "exclude_pull_requests",
        "check_suite_id",
        "head_sha",
    }
)

ROUTES = (
    Route("GET", f"{ACTIONS}/runs", _runs, READ, PAGED | FILTERS),
    Route(
        "GET",
        f"{ACTIONS}/runs/{{run_id}}",
        _run,
        READ,
        frozenset({"exclude_pull_requests"}),
    ),
    Route(
        "GET",
        f"{ACTIONS}/runs/{{run_id}}/artifacts",
        _run_artifacts,
        READ,
        PAGED | {"name", "direction"},
    ),
    Route("GET", f"{ACTIONS}/artifacts", _artifacts, READ, PAGED | {"name"}),
    Route("GET", f"{ACTIONS}/artifacts/{{artifact_id}}", _artifact, READ),
    Route("GET", f"{ACTIONS}/artifacts/{{artifact_id}}/{{archive_format}}", _download, READ),
)
