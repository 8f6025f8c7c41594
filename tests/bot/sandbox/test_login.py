"""The stand-in's sign-in refuses what GitHub refuses."""

from __future__ import annotations

import base64
import hashlib

import pytest
import requests

from bot.sandbox.server import StandIn

BACK = "https://covgate.example/sign-in/callback"
VERIFIER = "v" * 48
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:-1]


@pytest.fixture(scope="module")
def github():
    """Return a running GitHub with one person."""
    with StandIn() as github:
        github.world.user("mira")
        yield github


def _agree(github, login="mira", challenge=CHALLENGE):
    form = {"login": login, "redirect_uri": BACK, "state": "s", "code_challenge": challenge}
    url = f"{github.site}/login/oauth/authorize"
    return requests.post(url, form, allow_redirects=False, timeout=5).headers["location"]


def _exchange(github, code, **changes):
    form = {
        "client_id": github.world.client_id,
        "client_secret": github.world.client_secret,
        "code": code,
        "code_verifier": VERIFIER,
        "redirect_uri": BACK,
    }
    url = f"{github.site}/login/oauth/access_token"
    return requests.post(url, form | changes, timeout=5).json()


def _code(github):
    return _agree(github).partition("code=")[2].partition("&")[0]


def test_a_code_is_changed_for_a_token_once(github):
    """A client that uses codes twice would pass here and fail on GitHub."""
    code = _code(github)
    granted = _exchange(github, code)
    assert granted["token_type"] == "bearer"
    assert granted["expires_in"] == 8 * 3600
    assert _exchange(github, code) == {"error": "bad_verification_code"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "incorrect_client_credentials"),
        ({"code_verifier": "w" * 48}, "bad_verification_code"),
        ({"code_verifier": ""}, "bad_verification_code"),
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
    ],
)
def test_what_does_not_fit_is_refused(github, changes, error):
    """A client without PKCE, or with a wrong secret, would pass here and fail on GitHub."""
    assert _exchange(github, _code(github), **changes) == {"error": error}


def test_who_cancels_is_led_back_with_an_error(github):
    """A client would never be tried with somebody who does not agree."""
    assert "error=access_denied" in _agree(github, login="")


def test_only_the_apps_own_addresses_are_led_to(github):
    """A callback that is not in the manifest would pass here and fail on GitHub."""
    url = f"{github.site}/login/oauth/authorize"
    asked = {"client_id": github.world.client_id, "redirect_uri": BACK}
    github.world.registered = {"callback_urls": [BACK]}
    assert "mira" in requests.get(url, asked, timeout=5).text
    asked["redirect_uri"] = "https://evil.example/"
    assert requests.get(url, asked, timeout=5).status_code == 404
