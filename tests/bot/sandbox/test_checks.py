"""Check runs, comments, reactions and rights, with GitHub's limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo
    from bot.sandbox.server import StandIn
    from tests.support.github import Client

REPO = "/repos/octo/calc"
CHECKS = f"{REPO}/check-runs"
COMMENTS = f"{REPO}/issues/1/comments"


@pytest.fixture
def pull(repo: Repo):
    repo.commit("topic", {"calc.py": b"1\n"}, author="ann")
    return repo.open_pull("topic", author="ann")


def note(line: int = 1, **more: object) -> dict[str, object]:
    return {
        "path": "calc.py",
        "start_line": line,
        "end_line": line,
        "annotation_level": "warning",
        "message": "not covered",
        **more,
    }


def test_a_check_run_from_beginning_to_end(client: Client, repo: Repo, pull):
    """The required check could not be tested."""
    body = {"name": "covgate", "head_sha": pull.head_sha, "status": "in_progress"}
    made = client("POST", CHECKS, json=body).json()
    assert (made["status"], made["conclusion"], made["app"]["slug"]) == (
        "in_progress",
        None,
        "covgate",
    )
    for lines in (range(1, 51), range(51, 61)):
        output = {"title": "t", "summary": "s", "annotations": [note(line) for line in lines]}
        change = {"conclusion": "failure", "output": output}
        done = client("PATCH", f"{CHECKS}/{made['id']}", json=change).json()
    assert (done["status"], done["conclusion"]) == ("completed", "failure")
    assert done["output"]["annotations_count"] == 60  # they add up
    listed = client.get(f"{CHECKS}/{made['id']}/annotations?per_page=100").json()
    assert [item["start_line"] for item in listed] == list(range(1, 61))
    assert [check.writes for check in repo.checks_on(pull.head_sha, "covgate")] == [3]
    sent = [(d.event, d.action) for d in repo.world.emitted if d.event == "check_run"]
    assert sent == [("check_run", "created"), ("check_run", "completed")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"conclusion": "passed"},
        {"status": "done"},
        {"status": "completed"},
        {"head_sha": "0" * 40},
        {"name": ""},
        {"output": {"title": "t"}},
        {"output": {"title": "t", "summary": "ä" * 32_768}},
        {"output": {"title": "t", "summary": "s", "text": "x" * 65_536}},
        {"output": {"title": "t", "summary": "s", "annotations": [note()] * 51}},
        {"output": {"title": "t", "summary": "s", "annotations": [note(0)]}},
        {"output": {"title": "t", "summary": "s", "annotations": [note(annotation_level="x")]}},
        {"output": {"title": "t", "summary": "s", "annotations": [note(end_line=2, end_column=1)]}},
        {"actions": [{"label": "a", "description": "b", "identifier": "c"}] * 4},
        {"actions": [{"label": "a" * 21, "description": "b", "identifier": "c"}]},
        {"completed_at": "yesterday"},
    ],
    ids=lambda wrong: str(wrong)[:60],
)
def test_what_github_refuses_in_a_check_run(client: Client, repo: Repo, pull, wrong):
    """A check that GitHub refuses would never be shown, and the merge blocked for ever."""
    body = {"name": "covgate", "head_sha": pull.head_sha, **wrong}
    assert client("POST", CHECKS, json=body).status_code == 422
    assert repo.checks_on(pull.head_sha) == []


def test_a_check_of_another_app_is_not_ours(client: Client, repo: Repo, pull):
    """The job's own check would be overwritten."""
    run = repo.run_ci(pull.head_sha)
    answer = client("PATCH", f"{CHECKS}/{run.check_run_id}", json={"conclusion": "success"})
    assert answer.status_code == 403
    assert "Invalid app_id" in answer.json()["message"]


def test_checks_are_found_by_name_and_app(stand_in: StandIn, client: Client, repo: Repo, pull):
    """A second check would be made beside the first."""
    repo.run_ci(pull.head_sha)
    ids = [
        client("POST", CHECKS, json={"name": "covgate", "head_sha": pull.head_sha}).json()["id"]
        for _ in range(2)
    ]
    path = f"{REPO}/commits/{pull.head_sha}/check-runs"
    assert client.get(path).json()["total_count"] == 2  # the job's, and our latest
    ours = f"?app_id={stand_in.app_id}&check_name=covgate"
    latest = client.get(path + ours).json()["check_runs"]
    everything = client.get(f"{path}{ours}&filter=all").json()["check_runs"]
    assert [check["id"] for check in latest] == ids[1:]
    assert [check["id"] for check in everything] == ids[::-1]


def test_a_comment_from_beginning_to_end(client: Client, pull):
    """The one comment could not be tested."""
    made = client("POST", COMMENTS, json={"body": "<!-- covgate -->"}).json()
    assert (made["user"]["login"], made["user"]["type"]) == ("covgate[bot]", "Bot")
    assert made["performed_via_github_app"]["slug"] == "covgate"
    path = f"{REPO}/issues/comments/{made['id']}"
    assert client("PATCH", path, json={"body": "new"}).json()["body"] == "new"
    assert client("DELETE", path).status_code == 204
    assert client("PATCH", path, json={"body": "newer"}).status_code == 404


def test_a_comment_has_a_limit(client: Client, pull):
    """A comment on a large pull request would never appear."""
    assert client("POST", COMMENTS, json={"body": "ä" * 65_536}).status_code == 201
    too_long = client("POST", COMMENTS, json={"body": "x" * 65_537})
    assert too_long.status_code == 422
    assert "too long" in too_long.json()["errors"][0]["message"]
    assert client("POST", COMMENTS, json={"body": " "}).status_code == 422


def test_somebody_elses_comment_is_left_alone(stand_in: StandIn, client: Client, pull):
    """A stranger's comment with our marker would be overwritten."""
    comment = pull.comment("eve", "<!-- covgate -->")
    path = f"{REPO}/issues/comments/{comment.id}"
    assert client("PATCH", path, json={"body": "x"}).status_code == 403
    assert client("DELETE", path).status_code == 403
    assert comment.body == "<!-- covgate -->"
    assert len(stand_in.world.complaints) == 2
    stand_in.world.complaints.clear()


def test_a_reaction_is_given_once(client: Client, pull):
    """An acknowledgement would be doubled."""
    comment = pull.comment("ann", "/covgate help")
    path = f"{REPO}/issues/comments/{comment.id}/reactions"
    answers = [client("POST", path, json={"content": "eyes"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert client("POST", path, json={"content": "tada"}).status_code == 422
    [given] = client.get(path).json()
    assert client("DELETE", f"{path}/{given['id']}").status_code == 204
    assert comment.reactions == []


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        ("admin", "admin"),
        ("maintain", "write"),
        ("write", "write"),
        ("triage", "read"),
        ("read", "read"),
        ("none", "none"),
    ],
)
def test_rights_are_told_in_the_old_levels_and_the_new(
    client: Client, repo: Repo, role: str, permission: str
):
    """Somebody without the right could override a gate."""
    repo.grant("bob", role)
    body = client.get(f"{REPO}/collaborators/bob/permission").json()
    assert (body["permission"], body["role_name"]) == (permission, role)
    assert client.get(f"{REPO}/collaborators/nobody-at-all/permission").status_code == 404
