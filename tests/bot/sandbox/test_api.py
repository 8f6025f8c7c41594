"""What all routes have in common: pages, entity tags, limits, faults, the log."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import requests

from bot.sandbox.server import StandIn
from tests.support.github import Client, app_jwt, checked_stand_in, installation_token

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo

REPO = "/repos/octo/calc"
CHECKS = f"{REPO}/check-runs"
COMMENTS = f"{REPO}/issues/1/comments"


@pytest.fixture
def pull(repo: Repo):
    repo.commit("topic", {"calc.py": b"def add(a, b):\n    return b + a\n"}, author="ann")
    return repo.open_pull("topic", author="ann")


def test_lists_come_in_pages_with_links(client: Client, pull):
    """A second page that nobody asks for would be lost."""
    for number in range(5):
        pull.comment("bob", f"comment {number}")
    first = client.get(f"{COMMENTS}?per_page=2")
    assert [c["body"] for c in first.json()] == ["comment 0", "comment 1"]
    assert set(first.links) == {"next", "last"}
    last = client.get(first.links["last"]["url"])
    assert [c["body"] for c in last.json()] == ["comment 4"]
    assert set(last.links) == {"prev", "first"}


def test_a_page_holds_a_hundred_at_most(client: Client, pull):
    """A client that asks for 500 would miss 400."""
    for number in range(101):
        pull.comment("bob", f"comment {number}")
    assert len(client.get(f"{COMMENTS}?per_page=100").json()) == 100
    assert len(client.get(f"{COMMENTS}?per_page=500").json()) == 100


def test_an_unchanged_answer_is_a_304_that_costs_nothing(
    stand_in: StandIn, client: Client, repo: Repo
):
    """Polling would eat the hour's budget."""
    first = client.get(REPO)
    again = client.get(REPO, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    left = "X-RateLimit-Remaining"
    assert again.headers[left] == first.headers[left]
    installation = stand_in.world.installation_of(repo)
    assert installation is not None
    with Client(stand_in, installation_token(stand_in, installation.id)) as other:
        answer = other.get(REPO, headers={"If-None-Match": first.headers["ETag"]})
    assert answer.status_code == 200  # the tag varies by token


def test_the_hours_budget_ends(stand_in: StandIn, client: Client):
    """What Covgate does at the primary limit could not be tested."""
    stand_in.world.limits.hourly = 2
    assert [client.get(REPO).status_code for _ in range(3)] == [200, 200, 403]
    answer = client.get(REPO)
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert "rate limit exceeded" in answer.json()["message"]
    assert stand_in.world.complaints.pop().endswith("before the wait was over")
    real = stand_in.world.clock
    stand_in.world.limits.clock = lambda: real() + timedelta(minutes=61)
    assert client.get(REPO).status_code == 200


def test_writes_are_limited_by_the_minute(stand_in: StandIn, client: Client, pull):
    """What Covgate does at the secondary limit could not be tested."""
    stand_in.world.limits.writes_per_minute = 1
    bodies = [client("POST", COMMENTS, json={"body": "x"}) for _ in range(2)]
    assert [answer.status_code for answer in bodies] == [201, 403]
    assert bodies[1].headers["Retry-After"] == "60"
    assert len(stand_in.world.complaints) == 0


def test_what_comes_before_the_wait_is_over_is_a_complaint(
    stand_in: StandIn, client: Client, repo: Repo
):
    """A client that hammers on would get the App banned."""
    stand_in.world.faults.arm(f"GET {'/repos/{owner}/{repo}'}", status=429, retry_after=30)
    assert client.get(REPO).headers["Retry-After"] == "30"
    client.get(REPO)
    assert stand_in.world.complaints == [f"GET {REPO} came before the wait was over"]
    stand_in.world.complaints.clear()


def test_a_fault_before_the_effect_leaves_no_trace(stand_in: StandIn, client: Client, pull):
    """A lost write could not be told from one that took effect."""
    stand_in.world.faults.arm("POST */comments", status=502)
    assert client("POST", COMMENTS, json={"body": "x"}).status_code == 502
    assert pull.repo.comments_on(1) == []


def test_a_fault_after_the_effect_leaves_it(stand_in: StandIn, client: Client, pull):
    """A 502 after the write would make a double comment unseen."""
    stand_in.world.faults.arm("POST */comments", status=502, after=True)
    assert client("POST", COMMENTS, json={"body": "x"}).status_code == 502
    assert [comment.body for comment in pull.repo.comments_on(1)] == ["x"]


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422, 429, 500, 503])
def test_any_error_can_be_had(stand_in: StandIn, client: Client, repo: Repo, status: int):
    """A row of the fault matrix would be missing."""
    stand_in.world.faults.arm("GET *", status=status)
    assert [client.get(REPO).status_code for _ in range(2)] == [status, 200]


def test_an_answer_can_be_cut(stand_in: StandIn, client: Client, repo: Repo):
    """A connection that breaks in the middle could not be tested."""
    stand_in.world.faults.arm("GET *", cut=10)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get(REPO)
    assert client.get(REPO).status_code == 200


def test_an_answer_can_be_late(stand_in: StandIn, client: Client, pull):
    """A time-out after the write took effect could not be tested."""
    stand_in.world.faults.arm("POST *", delay=0.4, after=True)
    with pytest.raises(requests.Timeout):
        client.session.post(
            stand_in.url + COMMENTS,
            json={"body": "x"},
            headers={"Authorization": f"Bearer {client.secret}"},
            timeout=0.2,
        )
    assert [comment.body for comment in pull.repo.comments_on(1)] == ["x"]


def test_an_answer_can_be_stale(stand_in: StandIn, client: Client, pull):
    """A list that does not know the newest comment yet would lead to a second one, unseen."""
    assert client("POST", COMMENTS, json={"body": "x"}).status_code == 201
    stand_in.world.faults.arm("GET */comments", stale=30)
    assert client.get(COMMENTS).json() == []
    assert len(client.get(COMMENTS).json()) == 1


def test_an_answer_can_be_a_web_page(stand_in: StandIn, client: Client, repo: Repo):
    """An HTML error page in the place of JSON could not be tested."""
    stand_in.world.faults.arm("GET *", status=503, body="<html>Unicorn!</html>")
    answer = client.get(REPO)
    assert (answer.status_code, answer.text) == (503, "<html>Unicorn!</html>")


def test_names_that_github_ignores_are_complaints():
    """A misspelt parameter would silently do nothing in production."""
    with StandIn() as stand_in:
        repo = stand_in.world.add_repository("octo/calc", files={"a": b"1"})
        repo.commit("topic", {"a": b"2"})
        repo.open_pull("topic")
        installation = stand_in.world.installation_of(repo)
        assert installation is not None
        with Client(stand_in, installation_token(stand_in, installation.id)) as client:
            client.get(f"{REPO}/pulls?stat=open")
            client("POST", COMMENTS, json={"body": "x", "text": "y"}).raise_for_status()
    assert stand_in.world.complaints == [
        f"GET {REPO}/pulls: unknown parameter 'stat'",
        f"POST {COMMENTS}: unknown field 'text'",
    ]


def ask_oddly() -> None:
    with checked_stand_in() as stand_in:
        stand_in.world.add_repository("octo/calc", files={"a": b"1"})
        with Client(stand_in, None) as nobody:
            nobody.get(f"{REPO}/pulls?stat=open")


def test_a_misspelt_parameter_is_seen_by_the_description_too():
    """The description is the second pair of eyes; it must be open."""
    with pytest.raises(AssertionError, match="unknown parameter 'stat'"):
        ask_oddly()


def test_every_request_is_in_the_log(stand_in: StandIn, client: Client, pull):
    """The budget of requests could not be tested."""
    client.get(f"{REPO}/pulls/1")
    client.get("/nothing/here")
    last = stand_in.world.requests[-2:]
    assert [(r.method, r.route, r.path, r.status) for r in last] == [
        ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", f"{REPO}/pulls/1", 200),
        ("GET", "", "/nothing/here", 404),
    ]
    assert stand_in.world.count_requests("GET", "/repos/{owner}/{repo}/pulls/{pull_number}") == 1


def test_a_body_that_is_no_json_object_is_a_400(client: Client, pull):
    """A broken client would get an answer that GitHub never gives."""
    for data in ("{", "[1]"):
        assert client("POST", COMMENTS, data=data).status_code == 400


def test_an_enterprise_server_has_its_prefix():
    """COVGATE_GITHUB_URL with a path could not be tested."""
    with checked_stand_in(prefix="/api/v3") as stand_in:
        stand_in.world.add_repository("octo/calc", files={"a": b"1"})
        assert stand_in.url.endswith("/api/v3")
        with Client(stand_in, app_jwt(stand_in)) as app:
            found = app.get("/repos/octo/calc/installation")
            bare = app.get(stand_in.url.removesuffix("/api/v3") + "/app")
    assert found.json()["access_tokens_url"].startswith(stand_in.url)
    assert (found.status_code, bare.status_code) == (200, 404)
