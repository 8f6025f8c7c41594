"""Every route, answered once for real and judged by GitHub's own description."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.api import ALL_ROUTES
from bot.sandbox.server import StandIn
from bot.sandbox.world import DEFAULT_PERMISSIONS, World
from tests.support.github import Client, app_jwt, checked_stand_in, installation_token, person_token
from tests.support.openapi import DESCRIPTION, DRIFT, Contract

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo


def names(kind: str, route: str) -> set[str]:
    operation = next(op for op in DESCRIPTION.operations if op.name == route)
    if kind == "query":
        parameters = map(DESCRIPTION.resolve, operation.node.get("parameters", []))
        return {p["name"] for p in parameters if p["in"] == "query"}
    content = operation.node.get("requestBody", {}).get("content", {})
    schema = DESCRIPTION.resolve(content.get("application/json", {}).get("schema", {}))
    return set(schema.get("properties", {}))


@pytest.mark.parametrize("route", ALL_ROUTES, ids=lambda route: f"{route.method} {route.template}")
def test_a_route_knows_the_names_that_github_knows(route):
    """A parameter that GitHub ignores would silently do nothing in production."""
    name = f"{route.method} {route.template}"
    assert route.query == names("query", name)
    assert route.fields == names("fields", name)


def test_the_slice_and_the_routes_are_the_same_operations():
    """A route without a description would be checked by nobody."""
    served = {f"{route.method} {route.template}" for route in ALL_ROUTES}
    assert served == {operation.name for operation in DESCRIPTION.operations}


def fill(repo: Repo) -> dict[str, object]:
    """Let some of everything happen, and return the values of the templates' parameters."""
    repo.commit("feature/x", {"calc.py": b"def add(a, b):\n    return b + a\n"}, author="ann")
    pull = repo.open_pull("feature/x", title="Turn it round", author="ann")
    run = repo.run_ci(pull.head_sha, artifacts={"coverage": {"coverage.xml": b"<coverage/>"}})
    comment = pull.comment("bob", "Nice.")
    repo.grant("bob", "maintain")
    repo.world.teams["octo/release"] = {"bob"}
    repo.world.owners["octo"] = {"bob"}
    commit = repo.objects.commits[pull.head_sha]
    blob = next(e.sha for e in repo.objects.trees[commit.tree_sha] if e.kind == "blob")
    installation = repo.world.installation_of(repo)
    assert installation is not None
    return {
        "owner": "octo",
        "org": "octo",
        "team_slug": "release",
        "repo": "calc",
        "installation_id": installation.id,
        "code": repo.world.offer_manifest({"name": "covgate"}),
        "run_id": run.id,
        "artifact_id": run.artifacts[0].id,
        "archive_format": "zip",
        "branch": "feature/x",
        "username": "bob",
        "ref": pull.head_sha,
        "sha": pull.head_sha,
        "commit_sha": pull.head_sha,
        "basehead": "main...feature/x",
        "path": ".github/covgate.yml",
        "file_sha": blob,
        "tree_sha": "main",
        "issue_number": pull.number,
        "pull_number": pull.number,
        "comment_id": comment.id,
    }


BODIES: dict[str, object] = {
    "POST /repos/{owner}/{repo}/check-runs": {
        "name": "covgate",
        "status": "in_progress",
        "external_id": "1",
        "output": {
            "title": "Reading",
            "summary": "…",
            "annotations": [
                {
                    "path": "calc.py",
                    "start_line": 1,
                    "end_line": 2,
                    "annotation_level": "warning",
                    "message": "not covered",
                }
            ],
        },
    },
    "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}": {
        "status": "completed",
        "conclusion": "neutral",
    },
    "POST /repos/{owner}/{repo}/issues/{issue_number}/comments": {"body": "<!-- covgate -->"},
    "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}": {"body": "<!-- covgate --> new"},
    "POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions": {"content": "eyes"},
    "POST /repos/{owner}/{repo}/statuses/{sha}": {"state": "success", "context": "covgate"},
    "POST /app/installations/{installation_id}/access_tokens": {
        "repositories": ["calc"],
        "permissions": {"checks": "write"},
    },
}


def call_route(name: str, app: Client, client: Client, values: dict[str, object]) -> int:
    method, template = name.split(" ")
    path = template.format_map({key: str(value) for key, value in values.items()})
    permission = next(r.permission for r in ALL_ROUTES if f"{r.method} {r.template}" == name)
    body = BODIES.get(name)
    if name == "POST /repos/{owner}/{repo}/check-runs":
        body = {**body, "head_sha": values["sha"]}  # type: ignore[dict-item]
    if template.startswith("/user"):
        with Client(client.stand_in, person_token(client.stand_in, "bob")) as person:
            answer = person(method, path, json=body)
    else:
        answer = (app if permission == "jwt" else client)(method, path, json=body)
    made = answer.json() if answer.content and "json" in answer.headers["Content-Type"] else {}
    if method == "POST" and template.endswith("/check-runs"):
        values["check_run_id"] = made["id"]
    if method == "POST" and template.endswith("/reactions"):
        values["reaction_id"] = made["id"]
    if method == "POST" and template.endswith("/comments"):
        values["comment_id"] = made["id"]
    return answer.status_code


def test_every_route_answers_as_described():
    """Covgate would be tested against answers that GitHub never gives."""
    order = {"POST": 0, "GET": 1, "PATCH": 2, "DELETE": 3}
    routes = [f"{route.method} {route.template}" for route in ALL_ROUTES]
    # What is made first is used later; what lies deeper goes first when it is deleted.
    routes.sort(key=lambda name: (order[name.split(" ")[0]], len(name)))
    routes.sort(key=lambda name: name.startswith("DELETE") and 1 + ("reaction" not in name))
    with checked_stand_in() as stand_in:
        stand_in.world.app.permissions.update(statuses="write", members="read")
        repo = stand_in.world.add_repository("octo/calc", files={"calc.py": b"1\n"})
        values = fill(repo)
        repo.commit("main", {".github/covgate.yml": b"version: 1\n"})
        stand_in.deliver_to("http://127.0.0.1:9/nobody")
        assert stand_in.courier.idle()
        values["delivery_id"] = stand_in.world.deliveries[0].id
        token = installation_token(stand_in, int(str(values["installation_id"])))
        with Client(stand_in, token) as client, Client(stand_in, app_jwt(stand_in)) as app:
            answers = {name: call_route(name, app, client, values) for name in routes}
        stand_in.courier.idle()
    assert {name: status for name, status in answers.items() if status not in range(200, 303)} == {}


def test_every_webhook_is_as_described():
    """The receiver would be tested with payloads that GitHub never sends."""
    world = World(events=(*World().app.events, "repository"), permissions=DEFAULT_PERMISSIONS)
    repo = world.add_repository("octo/calc", files={"calc.py": b"1\n"})
    other = world.add_repository("octo/other", files={"a": b""})
    fill(repo)
    pull = repo.pulls[1]
    pull.push({"calc.py": b"2\n"})
    comment = pull.comment("ann", "/covgate help")
    repo.edit_comment(comment, "/covgate status")
    repo.delete_comment(comment)
    repo.rerequest(next(iter(repo.checks.values())))
    repo.rerequest_suite(pull.head_sha)
    repo.queue(pull)
    pull.edit(title="Other", base="feature/x")
    pull.edit(base="main")
    pull.mark_draft(draft=True)
    pull.mark_draft(draft=False)
    pull.close()
    pull.reopen()
    pull.merge()
    repo.delete_branch("feature/x")
    fork = repo.fork("eve")
    fork.commit("evil", {"b.py": b"x\n"})
    repo.run_ci(repo.open_pull("eve:evil").head_sha)
    repo.rename("calculator")
    repo.delete()
    world.remove_from_installation(other)
    world.uninstall("octo")
    world.ping()
    contract = Contract()
    for delivery in world.emitted:
        contract.check_webhook(delivery.event, json.loads(delivery.body))
    assert contract.violations == []
    missing = set(DESCRIPTION.document["x-webhooks"]) - contract.webhooks
    # Those come from the App's own check runs; test_checks.py makes them.
    assert missing == {"check-run-created", "check-run-completed", "check-run-requested-action"}


def test_a_wrong_shape_is_seen():
    """A checker that sees nothing would let the stand-in drift from GitHub unnoticed."""
    contract = Contract()
    contract.check_webhook("ping", {"zen": 1})
    contract.check_webhook("sponsorship", {"action": "created"})
    assert len(contract.violations) >= 2


def test_every_drift_still_happens():
    """An excuse that outlived its reason would hide a new mistake."""
    contract = Contract()
    with StandIn(wrap=contract.watch) as stand_in:
        repo = stand_in.world.add_repository("octo/calc", files={"calc.py": b"1\n"})
        repo.rerequest_suite(repo.tip())
        contract.check_webhook("check_suite", stand_in.world.emitted[-1].payload)
        fork = repo.fork("eve")
        fork.commit("topic", {"calc.py": b"2\n"})
        repo.run_ci(repo.open_pull("eve:topic").head_sha)
        fork.delete()
        with Client(stand_in, None) as nobody:
            nobody.get("/repos/octo/calc/pulls/1")
            nobody.get("/repos/octo/calc/actions/runs")
        with Client(stand_in, app_jwt(stand_in)) as app:
            app.get("/app/installations")
    assert contract.excused == set(DRIFT)
