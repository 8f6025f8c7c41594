"""Tokens of the API: made by who may write, for one repository, to read alone."""

from __future__ import annotations

import re
import time

import pytest
from itsdangerous import TimestampSigner

API = "/api/v1/repositories/acme"


def _make(site, browser, **headers):
    form = {"proof": site.proof(browser)}
    return browser.ask("POST", "/acme/secret/token", form, **headers)


@pytest.fixture
def token(site):
    """Return a fresh token of acme/secret."""
    page = _make(site, site.sign_in("mira"))
    assert page.headers["cache-control"] == "no-store"
    return re.search(r"<code>(covgate_[^<]+)</code>", page.body.decode())[1]


def _status(site, path, token):
    return site.browser().get(path, Authorization=f"Bearer {token}").status


def test_a_token_opens_its_repositorys_api_and_nothing_else(site, token):
    """A token in a script would open other repositories, or pages that show more."""
    assert _status(site, f"{API}/secret", token) == 200
    for path in (f"{API}/vault", "/acme/secret", "/acme/secret/token", "/queue", "/api/v1/queue"):
        assert _status(site, path, token) == 404, path


@pytest.mark.parametrize(
    "spoil", [lambda one: one[:-1], lambda one: one[8:], lambda one: f"{one}x", lambda _one: "é"]
)
def test_a_token_that_was_changed_opens_nothing(site, token, spoil):
    """Tokens could be guessed or made longer-lived."""
    spoilt = spoil(token).encode("utf-8").decode("latin-1")
    assert _status(site, f"{API}/secret", spoilt) == 404


def test_a_token_ends_after_ninety_days(site, token, monkeypatch):
    """A token that leaked would open a repository for ever."""
    later = int(time.time()) + 91 * 24 * 3600
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: later)
    assert _status(site, f"{API}/secret", token) == 404


@pytest.mark.parametrize("login", ["rolf", "stranger"])
def test_who_may_not_write_makes_no_tokens(site, login):
    """A reader could hand on a right that was given to them alone."""
    browser = site.sign_in(login)
    assert browser.get("/acme/secret/token").status == 404
    assert _make(site, browser).status == 404


def test_another_site_makes_no_tokens(site):
    """A page on the web could have a token made by a signed-in person's browser."""
    browser = site.sign_in("mira")
    assert _make(site, browser, Origin="https://evil.example").status == 403
    assert browser.ask("POST", "/acme/secret/token", {}).status == 403
