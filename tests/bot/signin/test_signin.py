"""Sign-in with GitHub over real HTTP: the whole way, and every wrong turn of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from redis import Redis

from bot.serve import open_app
from tests.bot.signin.conftest import Browser, Site, make_settings
from tests.support.web import running
from worker.core.codec import encode_report
from worker.core.model import FileCoverage, Report
from worker.core.refs import Sha
from worker.logs import redact
from worker.ports import BaselineRecord


def test_who_signs_in_sees_what_they_may_read_on_github(site):
    """Nobody would see the page of a private repository, or not come back to it."""
    here = {"Referer": f"http://127.0.0.1:{site.port}/acme/secret?branch=main"}
    browser = site.browser()
    assert browser.get("/acme/secret").status == 404
    answer = browser.get(site.agree(site.start(browser, **here), "mira"))
    assert answer.headers["location"] == "/acme/secret?branch=main"
    page = browser.get("/acme/secret")
    assert page.status == 200
    assert "Sign out <bdi>mira</bdi>" in page.body.decode()
    assert browser.get("/acme/vault").status == 404
    assert browser.get("/api/v1/repositories/acme/secret").status == 200


def test_lists_show_what_may_be_read_and_name_nothing_else(site):
    """A list would tell a stranger the names of private repositories, or hide one's own."""
    for browser, names in (
        (site.browser(), ["acme/open"]),
        (site.sign_in("stranger"), ["acme/open"]),
        (site.sign_in("mira"), ["acme/open", "acme/secret"]),
    ):
        listed = browser.get("/api/v1/repositories").json
        assert [one["full_name"] for one in listed["repositories"]] == names
        text = browser.get("/").body.decode()
        assert ("secret" in text) is ("acme/secret" in names)
        assert "vault" not in text + str(listed)


@pytest.mark.parametrize("login", [None, "stranger"])
@pytest.mark.parametrize("below", ["", "/pull/1", "/insights/goals", "/badge.svg", "/token"])
def test_private_is_the_same_as_absent(site, login, below):
    """A stranger could find out the names of private repositories, byte by byte."""
    browser = site.sign_in(login) if login else site.browser()
    private, absent = (browser.get(f"/acme/{name}{below}") for name in ("secret", "nothing"))
    assert private.status == absent.status == 404
    assert private.body == absent.body
    unlike = {"date"}
    assert {k: v for k, v in private.headers.items() if k not in unlike} == {
        k: v for k, v in absent.headers.items() if k not in unlike
    }


def test_github_is_asked_the_same_for_private_and_for_absent(site):
    """The time of an answer would tell which private names there are."""
    browser, world = site.sign_in("stranger"), site.github.world
    for name in ("secret", "nothing"):
        before = world.count_requests("GET", "/repos/{owner}/{repo}")
        browser.get(f"/acme/{name}")
        browser.get(f"/acme/{name}")
        assert world.count_requests("GET", "/repos/{owner}/{repo}") == before + 1, name


def test_public_is_open_without_asking_github(site):
    """A public repository's page would be closed, or wait for GitHub."""
    asked = site.github.world.count_requests()
    assert site.browser().get("/acme/open").status == 200
    assert site.github.world.count_requests() == asked


def test_sources_are_shown_with_the_viewers_own_right(site):
    """Who may read a file on GitHub would not see it here, or who may not, would."""
    head = Sha(site.github.world.repository("acme/secret").branches["main"])
    repository = site.store.find_repository("acme/secret")
    measured = Report.of([FileCoverage("app.py", 0b10, 0b10, 0)])
    site.store.record_baseline(
        BaselineRecord(
            repository.id, head, "main", 1, 1, encode_report(measured), 1, 1, datetime.now(UTC)
        )
    )
    path = f"/acme/secret/blob/{head}/app.py"
    assert site.sign_in("stranger").get(path).status == 404
    rolf, world = site.sign_in("rolf"), site.github.world
    assert "its text" in rolf.get(path).body.decode()
    before = world.count_requests()
    for odd in ("..%2f..%2f..%2fopen%2fcontents%2fapp.py", "%2fapp.py", "./app.py", "a//b"):
        assert rolf.get(f"/acme/secret/blob/{head}/{odd}").status == 404
    assert world.count_requests() == before, "a path led to another of GitHub's resources"


@pytest.mark.parametrize("state", ["", "wrong", "ünsinn", None])
def test_a_wrong_state_signs_nobody_in(site, state):
    """Somebody could be signed in as somebody else, by a link."""
    browser = site.browser()
    back = site.agree(site.start(browser), "mira")
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    given = "" if state is None else f"&state={state.replace('ü', '%C3%BC')}"
    answer = browser.get(f"/sign-in/callback?code={query['code']}{given}")
    assert answer.status == 400
    assert not browser.cookies


def test_an_answer_in_another_browser_signs_nobody_in(site):
    """A stranger's link would sign a victim in under the stranger's name."""
    back = site.agree(site.start(site.browser()), "stranger")
    victim = site.browser()
    site.start(victim)
    assert victim.get(back).status == 400
    assert site.browser().get(back).status == 400


def test_an_answer_serves_once(site):
    """An address in a browser's history would sign in whoever opens it."""
    browser = site.browser()
    back = site.agree(site.start(browser), "mira")
    pending = dict(browser.cookies)
    assert browser.get(back).status == 303
    assert browser.get(back).status == 400
    # Even with the cookie that it was begun with: GitHub takes no code twice.
    assert Browser(site.port, pending).get(back).status == 400


def test_who_does_not_agree_is_told_so(site):
    """A person who cancels would see an error, or be signed in."""
    browser = site.browser()
    answer = browser.get(site.agree(site.start(browser), ""))
    assert answer.status == 400
    assert "you did not agree" in answer.body.decode()
    assert not browser.cookies


def test_a_session_that_was_put_there_is_not_taken_over(site):
    """Who knows a session's id from before the sign-in would be signed in with it."""
    browser = site.browser()
    browser.cookies["covgate"] = "chosen-by-somebody-else"
    answer = browser.get(site.agree(site.start(browser), "mira"))
    assert answer.status == 303
    assert browser.cookies["covgate"] != "chosen-by-somebody-else"
    first = browser.cookies["covgate"]
    browser.get(site.agree(site.start(browser), "mira"))
    assert browser.cookies["covgate"] != first
    assert Browser(site.port, {"covgate": first}).get("/acme/secret").status == 404


def test_signing_out_ends_the_session_everywhere(site):
    """A cookie that was copied would open private pages after its owner signed out."""
    browser = site.sign_in("mira")
    copied = Browser(site.port, dict(browser.cookies))
    proof = site.proof(browser)
    answer = browser.ask("POST", "/sign-out", {"proof": proof})
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert not browser.cookies
    assert copied.get("/acme/secret").status == 404


@pytest.mark.parametrize(
    ("form", "headers"),
    [({}, {}), ({"proof": "forged"}, {}), (None, {"Origin": "https://evil.example"})],
)
def test_other_sites_can_not_sign_anybody_out(site, form, headers):
    """Any page on the web could act in a signed-in person's name."""
    browser = site.sign_in("mira")
    form = {"proof": site.proof(browser)} if form is None else form
    assert browser.ask("POST", "/sign-out", form, **headers).status == 403
    assert browser.get("/acme/secret").status == 200
    assert browser.get("/sign-out").status in {404, 405}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://["])
def test_other_sites_can_not_drop_anybodys_cookie(site, origin):
    """Browsers send no cookie with a form of another site, but take one away by its answer."""
    answer = site.browser().ask("POST", "/sign-out", {}, Origin=origin)
    assert answer.status == 403
    assert "covgate=" not in answer.headers.get("set-cookie", "")


def test_an_origin_that_is_none_is_no_defect(site):
    """Anybody could fill the log with tracebacks."""
    assert site.browser().get("/sign-in", Origin="http://[").status == 303
    assert site.browser().get("/setup", Origin="http://[").status == 200


def test_a_token_that_ended_means_signed_out(site):
    """Private pages would stay open to somebody whom GitHub does not know any more."""
    browser = site.sign_in("mira")
    site.github.world.user_tokens.clear()
    assert browser.get("/acme/secret").status == 404
    assert "Sign in</a>" in browser.get("/").body.decode()


def test_a_session_lives_as_long_as_its_token(site, redis_client):
    """Sessions would pile up in Redis, or outlive what they rest on."""
    site.sign_in("mira")
    (key,) = redis_client.keys("covgate:session:*")
    assert 0 < redis_client.ttl(key) <= 8 * 3600 - 60


def test_a_right_that_was_lost_is_lost_here_soon(site, redis_client):
    """Who left a team would go on reading its pages."""
    browser = site.sign_in("rolf")
    assert browser.get("/acme/secret").status == 200
    site.github.world.repository("acme/secret").grant("rolf", "none")
    keys = redis_client.keys("covgate:sight:*")
    assert keys
    assert all(0 < redis_client.ttl(key) <= 300 for key in keys)
    redis_client.delete(*keys)
    assert browser.get("/acme/secret").status == 404


def test_who_writes_to_redis_gives_nobody_a_right(site, redis_client):
    """An answer of GitHub's about one person could be put in another's place."""
    stranger = site.sign_in("stranger")
    stranger.get("/acme/secret")
    (theirs,) = redis_client.keys("covgate:sight:*")
    mira = site.sign_in("mira")
    assert mira.get("/acme/secret").status == 200
    keys = [key for key in redis_client.keys("covgate:sight:*") if key.endswith(theirs[-32:])]
    (own,) = set(keys) - {theirs}
    redis_client.set(theirs, redis_client.get(own))
    assert stranger.get("/acme/secret").status == 404
    redis_client.set(theirs, b'{"repository_id":1,"writes":true}')
    assert stranger.get("/acme/secret").status == 404


def test_another_repository_under_an_old_name_opens_nothing(site):
    """Who takes over a name that was freed would read the former owner's pages."""
    world = site.github.world
    world.repository("acme/vault").rename("elsewhere")
    world.add_repository("acme/vault", private=True, files={}).grant("stranger", "admin")
    assert site.sign_in("stranger").get("/acme/vault").status == 404


@pytest.mark.parametrize(
    "referer",
    [
        "https://evil.example/acme/secret",
        "http://127.0.0.1:{port}//evil.example",
        "http://127.0.0.1:{port}/\\evil.example",
        "http://127.0.0.1:{port}@evil.example/",
        "http://[",
        "http://127.0.0.1:{port}/sign-in",
        "javascript:alert(1)",
    ],
)
def test_nobody_is_led_elsewhere_after_signing_in(site, referer):
    """A link to this page could lead on to somebody else's, which asks for a password."""
    browser = site.browser()
    back = site.agree(site.start(browser, Referer=referer.format(port=site.port)), "mira")
    assert browser.get(back).headers["location"] == "/"


def test_nothing_secret_is_written_in_redis_or_in_the_log(site, redis_client, caplog):
    """Whoever reads Redis or the log could act in a person's name."""
    caplog.set_level(logging.DEBUG)
    browser = site.sign_in("mira")
    browser.get("/acme/secret")
    (token,) = site.github.world.user_tokens
    secrets = (token, browser.cookies["covgate"])
    kept = b"".join(
        key + (redis_client.get(key) or b"")
        for key in redis_client.keys("*")
        if redis_client.type(key) == b"string"
    )
    for secret in secrets:
        assert secret.encode() not in kept
        assert secret not in caplog.text
    assert token not in redact(f"authorization: Bearer {token}")


def test_cookies_are_for_this_page_alone(site):
    """A script, another site or a network could read the session."""
    browser = site.browser()
    browser.get(site.agree(site.start(browser), "mira"))
    for name in ("covgate", "covgate_sign_in"):
        assert "httponly" in browser.flags[name]
        assert "samesite=lax" in browser.flags[name]
        assert "path=/" in browser.flags[name]
        assert "domain" not in browser.flags[name]


def test_behind_https_cookies_never_go_out_in_the_clear(github, tmp_path, redis_url):
    """A session would travel readably, or a neighbouring host could set it."""
    public = "https://covgate.example"
    settings = make_settings(github, tmp_path, redis_url, public_url=public)
    with running(open_app(settings)) as port:
        browser = Browser(port)
        begun = browser.get("/sign-in", Host="covgate.example")
        asked = parse_qs(urlsplit(begun.headers["location"]).query)
        assert asked["redirect_uri"] == [f"{public}/sign-in/callback"]
        assert asked["code_challenge_method"] == ["S256"]
        (flags,) = [one for name, one in browser.flags.items() if name.startswith("__Host-")]
        assert "secure" in flags


def test_without_a_client_there_is_no_sign_in(github, tmp_path, redis_url):
    """A page would lead to a sign-in that can't work."""
    settings = make_settings(github, tmp_path, redis_url, client_secret="")
    with running(open_app(settings)) as port:
        assert Browser(port).get("/sign-in").status == 404
        assert "Sign in" not in Browser(port).get("/").body.decode()


def test_github_away_is_told_and_tells_nothing(site):
    """A failing GitHub would open private pages, or tell which there are."""
    browser = site.sign_in("mira")
    site.github.world.faults.arm("GET /repos/{owner}/{repo}", status=503, after=True, times=2)
    answers = [browser.get(f"/acme/{name}") for name in ("secret", "nothing")]
    assert [one.status for one in answers] == [503, 503]
    assert answers[0].body == answers[1].body


def test_an_uninstalled_apps_pages_are_gone(site):
    """What GitHub took from Covgate would go on being shown."""
    browser = site.sign_in("mira")
    repo = site.github.world.repository("acme/secret")
    installation = site.github.world.installation_of(repo).id
    assert browser.get("/acme/secret").status == 200
    site.store.forget(installation, repo.id)
    absent = browser.get("/acme/nothing")
    assert browser.get("/acme/secret").body == absent.body
    assert browser.get("/acme/open").status == 200
    site.store.forget(installation)
    assert browser.get("/acme/open").body == absent.body


def test_the_queue_is_for_the_apps_owner(site):
    """Strangers would see what all repositories wait for, or the owner would not."""
    world = site.github.world
    assert site.sign_in("mira").get("/queue").status == 404
    assert site.sign_in(world.app.owner.login).get("/queue").status == 200
    assert site.browser().get("/queue").status == 404


@pytest.mark.parametrize(
    ("login", "members", "status"),
    [("boss", "read", 200), ("boss", "none", 404), ("mira", "read", 404)],
)
def test_an_organisations_owners_see_the_queue(site, tmp_path, redis_url, login, members, status):
    """Nobody of the organisation that runs it would see what waits, or everybody would."""
    world = site.github.world
    world.app = replace(world.app, owner=world.users["acme"])
    world.owners["acme"] = {world.user("boss").login}
    world.installation_of_account(world.users["acme"]).permissions["members"] = members
    with running(open_app(make_settings(site.github, tmp_path, redis_url))) as port:
        fresh = Site(site.github, site.settings, site.store, port)
        assert fresh.sign_in(login).get("/queue").status == status


def test_badges_are_as_closed_as_pages(site):
    """The time, or the picture, of a badge would tell which private names there are."""
    browser, world = site.sign_in("stranger"), site.github.world
    for name in ("secret", "nothing"):
        before = world.count_requests("GET", "/repos/{owner}/{repo}")
        assert browser.get(f"/acme/{name}/badge.svg").status == 404
        assert world.count_requests("GET", "/repos/{owner}/{repo}") == before + 1, name


def test_redis_away_closes_private_pages_and_leaves_public_ones(site, tmp_path, monkeypatch):
    """A Redis that starts again would shut public pages, or open private ones."""
    gone = f"unix://{tmp_path}/gone.sock"
    settings = site.settings.model_copy(update={"redis_url": gone})
    monkeypatch.setattr("bot.signin.wiring.connect", Redis.from_url)
    with running(open_app(settings)) as port:
        browser = Browser(port, {"covgate": "somebody"})
        assert browser.get("/acme/open").status == 200
        answers = [browser.get(f"/acme/{name}") for name in ("secret", "nothing")]
    assert [one.status for one in answers] == [503, 503]
    assert answers[0].body == answers[1].body
