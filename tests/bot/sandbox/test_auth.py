"""Tokens, permissions and what they hide."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.github import Client, app_jwt, installation_token

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo
    from bot.sandbox.server import StandIn

NOW = int(time.time())


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "999"},
        {"iss": None},
        {"exp": NOW - 10},
        {"exp": NOW + 3600},
        {"exp": None},
        {"iat": NOW + 300},
        {"iat": None},
    ],
    ids=["foreign", "nobody", "ended", "too long", "endless", "from the future", "undated"],
)
def test_a_jwt_that_github_refuses_is_refused(stand_in: StandIn, claims):
    """Covgate could not log in on the real GitHub."""
    with Client(stand_in, app_jwt(stand_in, **claims)) as app:
        assert app.get("/app").status_code == 401


def test_a_jwt_with_a_foreign_signature_is_refused(stand_in: StandIn):
    """Anybody could act as the App."""
    head, body, signature = app_jwt(stand_in).split(".")
    flipped = signature[:-8] + signature[-8:].swapcase()
    for secret in (f"{head}.{body}.{flipped}", "a.b.c", "nonsense"):
        with Client(stand_in, secret) as app:
            assert app.get("/app").status_code == 401


def test_a_token_ends_after_an_hour(stand_in: StandIn, client: Client):
    """A client that never renews its token would pass the tests and fail after an hour."""
    assert client.get("/repos/octo/calc").status_code == 200
    real = stand_in.world.clock
    stand_in.world.clock = lambda: real() + timedelta(minutes=61)
    answer = client.get("/repos/octo/calc")
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_a_token_for_one_repository_sees_no_other(stand_in: StandIn, repo: Repo):
    """A leaked token would open more than it should."""
    secret = stand_in.world.add_repository("octo/secret", private=True, files={"a": b"1"})
    installation = stand_in.world.installation_of(secret)
    assert installation is not None
    token = installation_token(stand_in, installation.id, repository_ids=[repo.id])
    with Client(stand_in, token) as client:
        assert client.get("/repos/octo/calc").status_code == 200
        assert client.get("/repos/octo/secret").status_code == 404
        seen = client.get("/installation/repositories").json()
    assert [item["full_name"] for item in seen["repositories"]] == ["octo/calc"]


def test_a_token_can_not_ask_for_more_than_the_installation_has(
    stand_in: StandIn, repo: Repo, app: Client
):
    """A missing permission would be found in production."""
    installation = stand_in.world.installation_of(repo)
    assert installation is not None
    path = f"/app/installations/{installation.id}/access_tokens"
    assert app("POST", path, json={"permissions": {"contents": "write"}}).status_code == 422
    assert app("POST", path, json={"repository_ids": [1]}).status_code == 422


def test_a_missing_permission_is_a_403(stand_in: StandIn, repo: Repo):
    """The manifest could lack a permission that Covgate needs, and no test would notice."""
    installation = stand_in.world.installation_of(repo)
    assert installation is not None
    token = installation_token(stand_in, installation.id, permissions={"contents": "read"})
    with Client(stand_in, token) as client:
        answer = client("POST", "/repos/octo/calc/check-runs", json={})
        assert client.get("/repos/octo/calc/contents/calc.py").status_code == 200
    assert answer.status_code == 403
    assert answer.json()["message"] == "Resource not accessible by integration"


def test_strangers_read_what_is_public_and_write_nothing(stand_in: StandIn, repo: Repo):
    """A forgotten Authorization header would go unnoticed."""
    pull = _pull(repo)
    stand_in.world.add_repository("octo/secret", private=True, files={"a": b"1"})
    with Client(stand_in, None) as nobody:
        assert nobody.get("/repos/octo/calc").status_code == 200
        assert nobody.get("/repos/octo/secret").status_code == 404
        path = f"/repos/octo/calc/issues/{pull}/comments"
        assert nobody("POST", path, json={"body": "x"}).status_code == 401


def _pull(repo: Repo) -> int:
    repo.commit("topic", {"calc.py": b"1\n"})
    return repo.open_pull("topic").number


def test_uninstalling_kills_the_tokens(stand_in: StandIn, client: Client):
    """Covgate would go on with a repository it was thrown out of."""
    stand_in.world.uninstall("octo")
    assert client.get("/repos/octo/calc").status_code == 401


def test_a_suspended_installation_gets_nothing(stand_in: StandIn, repo: Repo, client: Client):
    """A suspended App would seem to work."""
    installation = stand_in.world.installation_of(repo)
    assert installation is not None
    installation.suspended = True
    assert client.get("/repos/octo/calc").status_code == 403


def test_a_manifest_is_converted_once(stand_in: StandIn):
    """The set-up page could not be tested, or a stolen code would work twice."""
    code = stand_in.world.offer_manifest({"name": "covgate"})
    with Client(stand_in, None) as nobody:
        made = nobody("POST", f"/app-manifests/{code}/conversions")
        again = nobody("POST", f"/app-manifests/{code}/conversions")
    assert made.json()["pem"] == stand_in.private_key_pem
    assert (made.status_code, again.status_code) == (201, 404)
