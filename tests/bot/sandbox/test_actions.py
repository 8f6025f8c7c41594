"""Workflow runs, artifacts, and the storage on its other origin."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo
    from bot.sandbox.server import StandIn
    from tests.support.github import Client

REPO = "/repos/octo/calc"


@pytest.fixture
def run(repo: Repo):
    repo.commit("topic", {"calc.py": b"1\n"}, author="ann")
    pull = repo.open_pull("topic", author="ann")
    return repo.run_ci(pull.head_sha, artifacts={"coverage": {"c.xml": b"<coverage/>"}})


def location(client: Client, artifact: int) -> str:
    answer = client.get(f"{REPO}/actions/artifacts/{artifact}/zip")
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_an_artifact_is_downloaded_from_the_storage(stand_in: StandIn, client: Client, run):
    """No report would ever be read."""
    [listed] = client.get(f"{REPO}/actions/runs/{run.id}/artifacts").json()["artifacts"]
    url = location(client, listed["id"])
    assert url.startswith(stand_in.storage_url)
    data = requests.get(url, timeout=5).content
    assert listed["digest"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("c.xml") == b"<coverage/>"


def test_the_storage_refuses_a_token(stand_in: StandIn, client: Client, run):
    """A client that gives its token away to another host would pass."""
    url = location(client, run.artifacts[0].id)
    answer = requests.get(url, headers={"Authorization": "Bearer x"}, timeout=5)
    assert answer.status_code == 400
    assert stand_in.world.complaints.pop().startswith("sent an Authorization header")


def test_an_address_is_good_for_a_minute(stand_in: StandIn, client: Client, run):
    """A kept address would work in tests alone."""
    url = location(client, run.artifacts[0].id)
    assert requests.get(url.replace("sig=", "sig=0"), timeout=5).status_code == 403
    real = stand_in.world.clock
    stand_in.world.clock = lambda: real() + timedelta(seconds=61)
    assert requests.get(url, timeout=5).status_code == 403


def test_an_expired_artifact_is_gone(stand_in: StandIn, client: Client, run):
    """An old report would seem to be there."""
    run.artifacts[0].expires_at = stand_in.world.clock()
    [listed] = client.get(f"{REPO}/actions/runs/{run.id}/artifacts").json()["artifacts"]
    assert listed["expired"] is True
    answer = client.get(f"{REPO}/actions/artifacts/{listed['id']}/zip")
    assert answer.status_code == 410


def test_the_storage_has_faults_too(stand_in: StandIn, client: Client, run):
    """A download that breaks off could not be tested."""
    faults = stand_in.world.faults
    url = location(client, run.artifacts[0].id)
    faults.arm("GET /artifact/*", cut=20)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(url, timeout=5)
    faults.arm("GET /artifact/*", status=503)
    assert requests.get(url, timeout=5).status_code == 503
    faults.arm("GET /artifact/*", body="<html>sorry</html>")
    assert requests.get(url, timeout=5).text == "<html>sorry</html>"
    assert requests.get(url, timeout=5).status_code == 200


def test_a_run_of_a_fork_names_no_pull_request(client: Client, repo: Repo):
    """Pull requests from forks would be looked up where GitHub says nothing."""
    repo.fork("eve").commit("evil", {"calc.py": b"1\n"})
    pull = repo.open_pull("eve:evil")
    repo.run_ci(pull.head_sha)
    query = f"?head_sha={pull.head_sha}&event=pull_request"
    [run] = client.get(f"{REPO}/actions/runs{query}").json()["workflow_runs"]
    assert run["pull_requests"] == []
    assert run["head_repository"]["full_name"] == "eve/calc"
    found = client.get(f"{REPO}/pulls?head=eve:evil").json()
    assert [item["number"] for item in found] == [pull.number]


def test_a_second_attempt_keeps_the_id(client: Client, repo: Repo, run):
    """An older attempt would overwrite the newer one."""
    repo.rerun(run)
    body = client.get(f"{REPO}/actions/runs/{run.id}").json()
    assert (body["run_attempt"], body["status"], body["conclusion"]) == (2, "in_progress", None)
    repo.finish_run(run, "failure", {"coverage": b"no zip at all"})
    body = client.get(f"{REPO}/actions/runs/{run.id}").json()
    assert (body["run_attempt"], body["conclusion"]) == (2, "failure")
    listed = client.get(f"{REPO}/actions/artifacts?name=coverage").json()
    assert listed["total_count"] == 2


def test_runs_are_filtered(client: Client, repo: Repo, run):
    """Push runs would be mixed with those of pull requests."""
    repo.run_ci(repo.tip(), event="push")
    for query, count in {
        "": 2,
        "?event=push": 1,
        "?branch=topic": 1,
        f"?head_sha={run.head_sha}": 1,
        "?status=completed": 2,
        "?status=failure": 0,
    }.items():
        assert client.get(f"{REPO}/actions/runs{query}").json()["total_count"] == count


def test_a_run_checks_out_what_github_gives_it(repo: Repo):
    """Reports here would be of the head, and no test see what a merge does to line numbers."""
    repo.commit("topic", {"new.py": b"1\n"}, author="ann")
    pull = repo.open_pull("topic", author="ann")
    repo.commit("main", {"other.py": b"2\n"})
    first = repo.run_ci(pull.head_sha, artifacts=lambda tree: {"files": dict(tree)})
    assert first.checkout_sha == pull.merge_sha
    with zipfile.ZipFile(io.BytesIO(first.artifacts[0].archive)) as archive:
        assert {"new.py", "other.py"} <= set(archive.namelist())
    repo.commit("main", {"other.py": b"3\n"})
    assert repo.rerun(first).checkout_sha != pull.merge_sha  # a re-run tests what the run did
    assert repo.run_ci(pull.head_sha, event="push").checkout_sha == pull.head_sha
    asked = repo.run_ci(pull.head_sha, checkout=f"refs/pull/{pull.number}/head")
    assert asked.checkout_sha == pull.head_sha
