"""The API: what it answers is what its own description says, and what the pages show."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from tests.bot.dashboard.samples import DETAILS, HEAD, TIP
from tests.bot.parts import ask
from worker.core.errors import CovgateError, PostponedError
from worker.inbox.waiting import Queue, Waiting

HOME = "/api/v1/repositories/acme/rockets"
ROUTES = {
    "/repositories": "/api/v1/repositories",
    "/repositories/{owner}/{repo}": HOME,
    "/repositories/{owner}/{repo}/trend": f"{HOME}/trend",
    "/repositories/{owner}/{repo}/insights": f"{HOME}/insights",
    "/repositories/{owner}/{repo}/files": f"{HOME}/files",
    "/repositories/{owner}/{repo}/pulls": f"{HOME}/pulls",
    "/repositories/{owner}/{repo}/pulls/{number}": f"{HOME}/pulls/5",
    "/repositories/{owner}/{repo}/overrides": f"{HOME}/overrides",
    "/repositories/{owner}/{repo}/lines/{commit}/{path}": f"{HOME}/lines/{TIP}/src/engine.py",
    "/queue": "/api/v1/queue",
}


@pytest.fixture
def description(own_site):
    """Return the API's description of itself."""
    return own_site.get("/api/v1/openapi.json").json


def test_every_route_is_tried(description):
    """An answer could change its shape without anybody noticing."""
    assert set(description["paths"]) == set(ROUTES)
    assert all(set(methods) == {"get"} for methods in description["paths"].values())


@pytest.mark.parametrize("route", ROUTES)
def test_answers_are_as_described(own_site, description, route):
    """A program made from the description would fail on the first answer."""
    own_site.queue = Queue(1, (Waiting("pull:5", "acme/rockets", -6.0, 0, False, ("push",)),))
    reply = own_site.get(ROUTES[route])
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "application/json"
    answer = description["paths"][route]["get"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]
    validator = jsonschema_rs.Draft202012Validator(
        schema | {"components": description["components"]}
    )
    assert [error.message for error in validator.iter_errors(reply.json)] == []


@pytest.mark.parametrize("route", ROUTES)
def test_answers_are_sent_once(own_site, route):
    """A program that asks each minute would load everything each minute."""
    first = own_site.get(ROUTES[route])
    again = own_site.get(ROUTES[route], if_none_match=first.headers["etag"])
    assert again.status == 304


def test_the_numbers_are_those_of_the_pages(site):
    """A program would decide on other numbers than people see."""
    assert site.get(HOME).json["coverage"] == {"covered": 73, "total": 90, "percent": 81.11}
    assert site.get(HOME).json["target"] == 80.0
    assert site.get(HOME).json["packages"][0]["name"] == "engine"
    points = site.get(f"{HOME}/trend").json["points"]
    assert [point["covered"] for point in points] == [70, 71, 72, 73]
    pull = site.get(f"{HOME}/pulls/5").json
    assert pull["verdict"] == json.loads(DETAILS)
    assert pull["latest"]["conclusion"] == "failure"
    assert pull["head"] == HEAD
    assert [one["number"] for one in site.get(f"{HOME}/pulls").json["pulls"]] == [6, 5]
    lines = site.get(f"{HOME}/lines/{TIP}/src/engine.py").json
    assert (lines["missed"], lines["partial"]) == ([[6, 7]], [[2, 2]])
    assert site.get(f"{HOME}/overrides").json["overrides"][0]["uncovered"] == {"a.py": [[1, 2]]}


def test_names_of_strangers_are_json(site):
    """One odd name in a repository would make all of its answers unreadable."""
    for path in ("", "/insights", "/files", "/pulls/5", "/overrides"):
        assert site.get(f"/api/v1/repositories/acme/odd.names{path}").json


@pytest.mark.parametrize("path", ["", "/trend", "/insights", "/files", "/pulls", "/pulls/5"])
def test_what_one_may_not_see_is_as_if_it_were_not_there(site, path):
    """A stranger could find out which private repositories there are."""
    hidden = site.get(f"/api/v1/repositories/acme/secret{path}")
    absent = site.get(f"/api/v1/repositories/acme/nothing{path}")
    assert hidden.status == absent.status == 404
    assert hidden.body == absent.body == site.get("/api/v1/no/such/route").body


def test_the_queue_is_for_operators(site, own_site):
    """Everybody would see the names of all repositories that are looked at."""
    assert site.get("/api/v1/queue").status == 404
    assert own_site.get("/api/v1/queue").status == 200


@pytest.mark.parametrize(
    ("error", "seconds"), [(PostponedError("down", seconds=7), "7"), (CovgateError("odd"), "30")]
)
def test_a_database_that_is_away_is_said_so(site, error, seconds):
    """A program would take it for an empty repository."""
    site.store.broken = error
    reply = site.get(HOME)
    assert reply.status == 503
    assert reply.headers["retry-after"] == seconds
    assert reply.json["status"] == "refused"


def test_it_only_reads(site):
    """Whoever may look could change something."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert ask(site.port, method, HOME).status == 405


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_that_loads_from_elsewhere(site, path):
    """FastAPI's own pages would load scripts from a stranger's server."""
    assert site.get(f"/api/v1{path}").status == 404
