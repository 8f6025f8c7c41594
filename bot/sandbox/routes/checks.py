"""Check runs and commit statuses.

https://docs.github.com/en/rest/checks/runs
"""

from __future__ import annotations

from datetime import UTC, datetime

from bot.sandbox import ci, payloads
from bot.sandbox.bodies import actions, basics
from bot.sandbox.records import CheckRun, Json, node_id, stamp
from bot.sandbox.replies import Call, RefusalError, Reply, Route, invalid
from bot.sandbox.repository import Status

__all__ = ["ROUTES"]

STATUSES = ("queued", "in_progress", "completed")
CONCLUSIONS = (
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "timed_out",
)
LEVELS = ("notice", "warning", "failure")
MOST_ACTIONS = 3
MOST_DESCRIPTION = 140
ACTION_SIZES = {"label": 20, "description": 40, "identifier": 20}


def _time(call: Call, name: str) -> datetime | None:
    text = call.body.get(name)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (TypeError, ValueError) as error:
        raise invalid("CheckRun", name) from error


def _check_output(call: Call) -> Json | None:
    output = call.body.get("output")
    if output is None:
        return None
    caps = call.world.caps
    needed = ("title", "summary") if call.path.get("check_run_id") is None else ("summary",)
    for name in needed:
        if not isinstance(output.get(name), str):
            raise invalid("CheckRun", f"output.{name}", "missing_field")
    for name in ("summary", "text"):
        # GitHub counts bytes, though its reference says characters (github/docs#35252).
        if len((output.get(name) or "").encode()) > caps.output_bytes:
            text = f"Only {caps.output_bytes} characters are allowed; {name} is too long"
            raise invalid("CheckRun", f"output.{name}", "too_long", text)
    annotations = output.get("annotations") or []
    if len(annotations) > caps.annotations:
        text = f"No more than {caps.annotations} annotations per request"
        raise invalid("CheckRun", "annotations", "too_many", text)
    for annotation in annotations:
        _check_annotation(annotation)
    return dict(output)


def _check_annotation(annotation: Json) -> None:
    known = {
        "path",
        "start_line",
        "end_line",
        "start_column",
        "end_column",
        "annotation_level",
        "message",
        "title",
        "raw_details",
    }
    start, end = annotation.get("start_line"), annotation.get("end_line")
    columns = "start_column" in annotation or "end_column" in annotation
    if (
        set(annotation) - known
        or not annotation.get("path")
        or not annotation.get("message")
        or annotation.get("annotation_level") not in LEVELS
        or not isinstance(start, int)
        or not isinstance(end, int)
        or not 0 < start <= end
        or (columns and start != end)
    ):
        raise invalid("CheckRun", "annotations")


def _check_actions(call: Call) -> list[Json]:
    buttons: list[Json] = call.body.get("actions") or []
    if len(buttons) > MOST_ACTIONS:
        raise invalid("CheckRun", "actions", "too_many")
    for button in buttons:
        if set(button) != set(ACTION_SIZES) or any(
            len(button[name]) > size for name, size in ACTION_SIZES.items()
        ):
            raise invalid("CheckRun", "actions")
    return buttons


def _apply(call: Call, check: CheckRun) -> None:
    body = call.body
    status, conclusion = body.get("status"), body.get("conclusion")
    if status is not None and status not in STATUSES:
        raise invalid("CheckRun", "status")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise invalid("CheckRun", "conclusion")
    if status == "completed" and conclusion is None and check.conclusion is None:
        raise invalid("CheckRun", "conclusion", "missing_field")
    started, completed = _time(call, "started_at"), _time(call, "completed_at")
    output, buttons = _check_output(call), _check_actions(call)
    check.started_at = started or check.started_at
    if conclusion is not None or completed is not None:
        status = "completed"
    if status is not None:
        check.status = status
    if status == "completed":
        check.conclusion = conclusion or check.conclusion
        check.completed_at = completed or call.world.clock()
    elif status is not None:
        check.conclusion = check.completed_at = None
    check.name = body.get("name") or check.name
    check.details_url = body.get("details_url") or check.details_url
    check.external_id = body.get("external_id") or check.external_id
    if buttons:
        check.actions = buttons
    if output is not None:
        check.title = output.get("title", check.title)
        check.summary = output.get("summary", check.summary)
        check.text = output.get("text", check.text)
        check.annotations = check.annotations + (output.get("annotations") or [])


def _emit(call: Call, check: CheckRun, action: str) -> None:
    payload = payloads.check_run(call.repo, action, check, call.world.bot)
    call.world.emit("check_run", payload, call.repo)


def _create(call: Call) -> Reply:
    repo, world = call.repo, call.world
    sha, name = call.body.get("head_sha"), call.body.get("name")
    if not name:
        raise invalid("CheckRun", "name", "missing_field")
    if sha not in repo.objects.commits:
        raise RefusalError(422, f"No commit found for SHA: {sha}")
    now = world.clock()
    branch = next((b for b, tip in sorted(repo.branches.items()) if tip == sha), None)
    suite = ci.suite_of(repo, world.app, sha, branch)
    check = CheckRun(0, name, sha, world.app, suite.id, now, now)
    _apply(call, check)
    check.id = world.next_id("check_run")
    repo.checks[check.id] = check
    _emit(call, check, "created")
    if check.status == "completed":
        _emit(call, check, "completed")
    return Reply(actions.check_run(repo, check), 201)


def _find(call: Call) -> CheckRun:
    check = call.repo.checks.get(call.number("check_run_id"))
    if check is None:
        raise RefusalError(404, "Not Found")
    return check


def _update(call: Call) -> Reply:
    check = _find(call)
    if check.app.id != call.world.app.id:
        message = (
            f"Invalid app_id `{call.world.app.id}` - check run can only be modified by the "
            "GitHub App that created it."
        )
        raise RefusalError(403, message)
    was = check.status
    _apply(call, check)
    check.writes += 1
    if check.status == "completed" and was != "completed":
        _emit(call, check, "completed")
    return Reply(actions.check_run(call.repo, check))


def _check(call: Call) -> Reply:
    return Reply(actions.check_run(call.repo, _find(call)))


def _annotations(call: Call) -> Reply:
    check = _find(call)
    page, headers = call.page(check.annotations)
    href = basics.web(call.repo, f"/blob/{check.head_sha}")
    blank: Json = {"start_column": None, "end_column": None, "title": None, "raw_details": None}
    listed = [{**blank, **item, "blob_href": f"{href}/{item['path']}"} for item in page]
    return Reply(listed, headers=headers)


def _checks_of(call: Call) -> Reply:
    commit = call.repo.resolve(call.path["ref"])
    if commit is None:
        raise RefusalError(422, f"No commit found for SHA: {call.path['ref']}")
    query = call.query
    found = [
        check
        for check in call.visible(list(call.repo.checks.values()))
        if check.head_sha == commit.sha
        and query.get("check_name") in (None, check.name)
        and query.get("status") in (None, check.status)
        and query.get("app_id") in (None, str(check.app.id))
    ]
    if query.get("filter", "latest") == "latest":
        latest = {(check.suite_id, check.name): check for check in found}
        found = list(latest.values())
    found.sort(key=lambda check: -check.id)
    page, headers = call.page(found)
    body = {
        "total_count": len(found),
        "check_runs": [actions.check_run(call.repo, check) for check in page],
    }
    return Reply(body, headers=headers)


def _create_status(call: Call) -> Reply:
    sha, body, world = call.path["sha"], call.body, call.world
    if sha not in call.repo.objects.commits:
        raise RefusalError(422, f"No commit found for SHA: {sha}")
    if body.get("state") not in ("error", "failure", "pending", "success"):
        raise invalid("Status", "state")
    if len(body.get("description") or "") > MOST_DESCRIPTION:
        text = f"description is too long (maximum is {MOST_DESCRIPTION} characters)"
        raise invalid("Status", "description", "custom", text)
    status = Status(
        world.next_id("status"),
        sha,
        body["state"],
        body.get("context") or "default",
        body.get("description"),
        body.get("target_url"),
    )
    call.repo.statuses.append(status)
    creator = basics.user(world, world.bot)
    made: Json = {
        "url": f"{basics.repository_url(call.repo)}/statuses/{sha}",
        "avatar_url": creator["avatar_url"],
        "id": status.id,
        "node_id": node_id("Status", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": stamp(world.clock()),
        "updated_at": stamp(world.clock()),
        "creator": creator,
    }
    return Reply(made, 201)


PAGED = frozenset({"per_page", "page"})
REPO = "/repos/{owner}/{repo}"
CHECK = f"{REPO}/check-runs/{{check_run_id}}"
FIELDS = frozenset(
    {
        "name",
        "details_url",
        "external_id",
        "status",
        "started_at",
        "conclusion",
        "completed_at",
        "output",
        "actions",
    }
)

ROUTES = (
    Route("POST", f"{REPO}/check-runs", _create, "checks:write", fields=FIELDS | {"head_sha"}),
    Route("GET", CHECK, _check, "checks:read"),
    Route("PATCH", CHECK, _update, "checks:write", fields=FIELDS),
    Route("GET", f"{CHECK}/annotations", _annotations, "checks:read", PAGED),
    Route(
        "GET",
        f"{REPO}/commits/{{ref}}/check-runs",
        _checks_of,
        "checks:read",
        PAGED | {"check_name", "status", "filter", "app_id"},
    ),
    Route(
        "POST",
        f"{REPO}/statuses/{{sha}}",
        _create_status,
        "statuses:write",
        fields=frozenset({"state", "target_url", "description", "context"}),
    ),
)
