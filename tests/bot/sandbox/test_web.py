"""The stand-in's pages on which an App is made and installed: as strict as GitHub's."""

from __future__ import annotations

import json

import pytest
import requests

from bot.sandbox.server import StandIn
from bot.sandbox.web import ManifestError, check_manifest
from bot.setup.manifest import build_manifest
from tests.support.setup import Browser

MANIFEST = build_manifest(
    name="covgate", hook_url="https://c.example/webhooks/github", here="http://127.0.0.1:1"
)


@pytest.fixture(scope="module")
def github():
    with StandIn() as stand_in:
        stand_in.world.web_url = stand_in.site
        yield stand_in


def offer(github, manifest, path="/settings/apps/new?state=s"):
    return requests.post(
        f"{github.site}{path}", data={"manifest": json.dumps(manifest)}, timeout=20
    )


def test_our_manifest_is_one_that_github_takes():
    """The page would end on an error of GitHub's."""
    check_manifest(MANIFEST, local=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 35},
        {"url": ""},
        {"redirect_url": ""},
        {"hook_attributes": {"url": "nonsense"}},
        {"hook_attributes": {"url": "http://localhost:8000/webhooks/github"}},
        {"default_events": ["push", "installation"]},
        {"default_permissions": {}},
    ],
)
def test_what_github_refuses_is_refused(changes):
    """A manifest that only the stand-in takes would be found out by the first administrator."""
    with pytest.raises(ManifestError):
        check_manifest(MANIFEST | changes, local=False)


def test_a_refusal_is_a_page(github):
    """The browser would show nothing."""
    assert offer(github, MANIFEST | {"name": ""}).status_code == 422
    assert requests.post(f"{github.site}/settings/apps/new", timeout=20).status_code == 422


def test_an_offer_makes_one_app(github):
    """A double click would make two."""
    page = offer(github, MANIFEST)
    browser = Browser(page=page)
    form = browser.form("/settings/apps/manifest")
    answers = [
        requests.post(
            f"{github.site}/settings/apps/manifest", data=form, allow_redirects=False, timeout=20
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [302, 404]
    assert answers[0].headers["location"].startswith("http://127.0.0.1:1/setup/created?code=")
    assert answers[0].headers["location"].endswith("&state=s")
    browser.close()


def test_only_the_app_that_is_there_can_be_installed(github):
    """A test would pass with an address that does not exist."""
    assert (
        requests.get(f"{github.site}/apps/other/installations/new", timeout=20).status_code == 404
    )
    assert (
        requests.get(f"{github.site}/apps/covgate/installations/done", timeout=20).status_code
        == 404
    )
    assert requests.get(f"{github.site}/apps/covgate", timeout=20).status_code == 404
