"""`/setup` over real HTTP, beside the stand-in of GitHub; as a process: tests/e2e/test_setup.py."""

from __future__ import annotations

import json
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
import requests

from bot.folder import read_stored
from bot.sandbox.server import StandIn
from bot.setup.app import create_setup_app
from bot.setup.door import Door
from bot.setup.state import Setup
from tests.support.openapi import Contract
from tests.support.setup import Browser
from tests.support.web import running

HOOK = "https://covgate.example.com/webhooks/github"


@pytest.fixture(scope="module")
def enterprise():
    contract = Contract()
    # Its pages and its API share an address, as those of an Enterprise Server do.
    with StandIn(prefix="/api/v3", wrap=partial(contract.watch, prefix="/api/v3")) as stand_in:
        yield stand_in
    assert contract.violations == []


@pytest.fixture
def ghes(enterprise):
    """Return an Enterprise Server without any App of ours."""
    enterprise.reset().web_url = enterprise.site
    return enterprise


class Site:
    """A set-up that is served, and the browser of its administrator."""

    def __init__(self, setup, port):
        self.setup = setup
        self.url = f"http://127.0.0.1:{port}"
        self.finished = []
        setup.finish = lambda: self.finished.append(True)

    def enter(self, browser):
        """Open the address that was printed."""
        return browser.open(f"{self.url}/setup?token={self.setup.door.token}")

    def begin(self, browser, site, **changes):
        """Fill in the first form, as far as GitHub's own page."""
        self.enter(browser)
        browser.submit("/setup/app", site=site, hook=HOOK, **changes)
        return browser.submit(site)

    def make(self, browser, site, **changes):
        """Go all the way to the App."""
        self.begin(browser, site, **changes)
        return browser.submit("/settings/apps/manifest")


@pytest.fixture
def site(tmp_path):
    setup = Setup(tmp_path / ".covgate", Door.new())
    with running(create_setup_app(setup)) as port:
        yield Site(setup, port)


@pytest.fixture
def browser():
    shown = Browser()
    yield shown
    shown.close()


@pytest.fixture
def stranger():
    shown = Browser()
    yield shown
    shown.close()


@contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_one_click_makes_the_app(site, browser, ghes):
    """An administrator would copy an id, a key and a secret by hand, and mistype one."""
    with umask(0):
        page = site.make(browser, ghes.site)
    assert page.status_code == 200
    assert page.url == f"{site.url}/setup"
    assert "Install it on your repositories" in page.text
    stored = read_stored(site.setup.folder)
    assert stored["COVGATE_APP_ID"] == str(ghes.app_id)
    assert stored["COVGATE_WEBHOOK_SECRET"] == ghes.webhook_secret
    assert stored["COVGATE_GITHUB_URL"] == ghes.url
    assert stored["COVGATE_PRIVATE_KEY"].replace("\\n", "\n") == ghes.private_key_pem.strip()
    assert stored["COVGATE_CLIENT_ID"].startswith("Iv23li")
    assert stored["COVGATE_CLIENT_SECRET"]
    assert site.finished == [True]
    file = site.setup.folder / "github-app.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in site.setup.folder.iterdir()] == ["github-app.env"]


def test_the_app_asks_for_the_least(site, browser, ghes):
    """Whoever installs it would grant rights that nothing needs."""
    site.make(browser, ghes.site, name="covgate of octo")
    made = ghes.world.registered
    assert made["name"] == "covgate of octo"
    assert made["public"] is False
    assert made["hook_attributes"] == {"url": HOOK, "active": True}
    assert made["redirect_url"] == f"{site.url}/setup/created"
    assert made["setup_url"] == f"{site.url}/setup/installed"
    shown = requests.get(f"{site.url}/setup", timeout=20).text
    for name, level in made["default_permissions"].items():
        assert f"<code>{name}</code></td><td>{level}</td>" in shown
    assert not {"installation", "ping"} & set(made["default_events"])


def test_an_organisation_may_own_it(site, browser, ghes):
    """A company's App would hang on one employee's account."""
    page = site.begin(browser, ghes.site, owner="organisation", organisation="octo-org")
    assert "Create GitHub App for octo-org" in page.text
    assert page.url.partition("?")[0] == f"{ghes.site}/organizations/octo-org/settings/apps/new"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"owner": "organisation", "organisation": ""}, "Name the organisation"),
        ({"owner": "organisation", "organisation": "../x"}, "can&#39;t be the name"),
        ({"hook": "covgate.example.com"}, "The address for webhooks must be"),
        ({"hook": "https://a:b@example.com/"}, "must not hold a user"),
        ({"site": "https://[broken"}, "no valid address"),
        ({"site": "javascript:alert(1)"}, "must be an address"),
    ],
)
def test_what_can_not_be_is_told_on_the_form(site, browser, changes, said):
    """A typing error would end on an error page of GitHub's, and what was typed be lost."""
    site.enter(browser)
    page = browser.submit("/setup/app", **({"hook": HOOK, "name": "mine"} | changes))
    assert page.status_code == 422
    assert f'<p class="alert" role="alert">{said}' in page.text or said in page.text
    assert 'value="mine"' in page.text


def test_the_page_is_open_and_its_actions_are_not(site, stranger):
    """Whoever finds an unconfigured server first would own its App."""
    page = stranger.open(f"{site.url}/setup")
    assert page.status_code == 200
    assert "What the App may do" in page.text
    assert "<form" not in page.text
    for path in ("app", "import", "hide"):
        answer = stranger.session.post(f"{site.url}/setup/{path}", data={"proof": "x"}, timeout=20)
        assert answer.status_code == 403
    for path in ("created?code=1&state=2", "progress"):
        assert stranger.open(f"{site.url}/setup/{path}").status_code == 403


def test_the_token_works_once(site, browser, stranger):
    """A link out of a shared terminal or a history would open the set-up to its finder."""
    assert stranger.open(f"{site.url}/setup?token=nonsense").status_code == 403
    assert stranger.open(f"{site.url}/setup?token=%FF%C3%A9").status_code == 403
    # A preview that only looks at the headers does not spend it.
    token = site.setup.door.token
    assert requests.head(f"{site.url}/setup?token={token}", timeout=20).status_code == 403
    first = site.enter(browser)
    assert first.url == f"{site.url}/setup"
    assert "<form" in first.text
    assert site.enter(browser).status_code == 200
    late = site.enter(stranger)
    assert late.status_code == 403
    assert "used already" in late.text
    assert not stranger.session.cookies


def test_the_cookie_is_for_this_page_alone(site):
    """A script, or another site, could act as the administrator."""
    answer = requests.get(
        f"{site.url}/setup?token={site.setup.door.token}", allow_redirects=False, timeout=20
    )
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/setup"))
    assert site.setup.door.token not in cookie
    assert "Secure" not in cookie


def test_behind_tls_the_cookie_stays_there(tmp_path):
    """It would travel in the clear, had somebody opened the http address."""
    with running(create_setup_app(setup := Setup(tmp_path, Door.new()))) as port:
        setup.public_url = f"https://127.0.0.1:{port}"
        answer = requests.get(
            f"http://127.0.0.1:{port}/setup?token={setup.door.token}",
            allow_redirects=False,
            timeout=20,
        )
    assert "; Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("path", ["app", "import", "hide"])
def test_a_form_of_another_site_is_refused(site, browser, path):
    """A page that the administrator has open elsewhere could set Covgate up for its owner."""
    site.enter(browser)
    proof = site.setup.door.proof
    for data, origin in (({}, site.url), ({"proof": "0" * 64}, site.url)):
        answer = browser.session.post(
            f"{site.url}/setup/{path}", data=data, headers={"Origin": origin}, timeout=20
        )
        assert answer.status_code == 403
    for origin in ("https://evil.example", "null"):
        answer = browser.session.post(
            f"{site.url}/setup/{path}",
            data={"proof": proof},
            headers={"Origin": origin},
            timeout=20,
        )
        assert answer.status_code == 403
    assert site.finished == []


def test_a_state_that_is_not_ours_is_refused(site, browser, ghes):
    """Somebody could slip the administrator an App whose key he has."""
    site.begin(browser, ghes.site)
    code = ghes.world.offer_manifest({"name": "evil"})
    page = browser.open(f"{site.url}/setup/created?code={code}&state=guessed")
    assert page.status_code == 422
    assert "does not belong to a set-up that was begun here" in page.text
    page = browser.open(f"{site.url}/setup/created?code={code}")
    assert page.status_code == 422
    assert site.finished == []
    assert not site.setup.folder.exists()
    # And GitHub was not even asked.
    assert ghes.world.count_requests("POST", "/app-manifests/{code}/conversions") == 0


def test_a_wrong_code_is_told_and_one_can_begin_again(site, browser, ghes):
    """The set-up would be stuck where a code was too old."""
    site.enter(browser)
    browser.submit("/setup/app", site=ghes.site, hook=HOOK)
    state = re.search(r"state=([\w-]+)", browser.target(ghes.site))[1]
    page = browser.open(f"{site.url}/setup/created?code=gone&state={state}")
    assert page.status_code == 422
    assert "GitHub does not know this code" in page.text
    # The state is spent, the set-up is not.
    again = browser.open(f"{site.url}/setup/created?code=gone&state={state}")
    assert "does not belong" in again.text
    browser.submit("/setup/app", site=ghes.site, hook=HOOK)
    browser.submit(ghes.site)
    assert "Install it" in browser.submit("/settings/apps/manifest").text


def test_a_github_that_does_not_answer_is_told(site, browser):
    """A typing error in an Enterprise Server's address would look like a defect."""
    site.enter(browser)
    browser.submit("/setup/app", site="http://127.0.0.1:9", hook=HOOK)
    state = re.search(r"state=([\w-]+)", browser.target("http://127.0.0.1:9"))[1]
    page = browser.open(f"{site.url}/setup/created?code=secret-code&state={state}")
    assert page.status_code == 422
    assert "GitHub gave no whole answer" in page.text
    assert "secret-code" not in page.text


def test_the_same_answer_twice_makes_one_app(site, browser, ghes):
    """A reload, or an impatient second click, would end in an error or in two Apps."""
    site.begin(browser, ghes.site)
    first = browser.session.post(
        browser.target("/settings/apps/manifest"),
        data=browser.form("/settings/apps/manifest"),
        allow_redirects=False,
        timeout=20,
    )
    back = first.headers["location"]

    def come_back(_):
        return browser.session.get(back, timeout=20)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(come_back, range(4)))
    assert {answer.url for answer in answers} == {f"{site.url}/setup"}
    assert all("Install it" in answer.text for answer in answers)
    assert site.finished == [True]
    assert ghes.world.count_requests("POST", "/app-manifests/{code}/conversions") == 1


def test_a_second_set_up_is_refused(site, browser, ghes):
    """An old tab would replace the App that is at work."""
    site.enter(browser)
    form = browser.form("/setup/app")
    site.make(browser, ghes.site)
    answer = browser.session.post(f"{site.url}/setup/app", data=form | {"hook": HOOK}, timeout=20)
    assert answer.status_code == 422
    assert "has its App already" in answer.text


def test_credentials_may_be_shown_instead_of_stored(site, browser, ghes):
    """Who keeps secrets elsewhere would have to dig them out of a file, and then remove it."""
    page = site.make(browser, ghes.site, keep="show")
    assert not site.setup.folder.exists()
    assert f"COVGATE_APP_ID={ghes.app_id}\n" in page.text
    assert "COVGATE_PRIVATE_KEY=-----BEGIN RSA PRIVATE KEY-----\\n" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert site.finished == [True]
    page = browser.submit("/setup/hide")
    assert "COVGATE_PRIVATE_KEY" not in page.text
    assert site.setup.credentials is not None


def test_an_app_that_exists_can_be_taken_over(site, browser, ghes):
    """Who registered one by hand would have to throw it away."""
    site.enter(browser)
    typed = {
        "app_id": str(ghes.app_id),
        "private_key": ghes.private_key_pem.replace("\n", "\r\n"),
        "webhook_secret": "a secret with 'quotes' and # signs",
        "site": ghes.site,
    }
    page = browser.submit("/setup/import", **typed)
    assert "Install it on your repositories" in page.text
    stored = read_stored(site.setup.folder)
    assert stored["COVGATE_WEBHOOK_SECRET"] == "a secret with 'quotes' and # signs"
    assert stored["COVGATE_APP_ID"] == str(ghes.app_id)
    assert site.finished == [True]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"app_id": "999"}, "GitHub did not confirm the App"),
        ({"app_id": "covgate"}, "COVGATE_APP_ID must be"),
        ({"private_key": "/etc/passwd"}, "whole text of the .pem file"),
        ({"private_key": "-----BEGIN RSA PRIVATE KEY-----\nnonsense"}, "COVGATE_PRIVATE_KEY holds"),
        ({"webhook_secret": ""}, "COVGATE_WEBHOOK_SECRET is missing"),
        ({"webhook_secret": "two\nlines"}, "of one line"),
    ],
)
def test_an_app_that_github_does_not_confirm_is_not_taken(site, browser, ghes, changes, said):
    """The first pull request would be the one to find out."""
    site.enter(browser)
    typed = {
        "app_id": str(ghes.app_id),
        "private_key": ghes.private_key_pem,
        "webhook_secret": "a-secret",
        "site": ghes.site,
    } | changes
    page = browser.submit("/setup/import", **typed)
    assert page.status_code == 422
    assert said in page.text
    assert "a-secret" not in page.text
    assert "PRIVATE KEY-----\n" not in page.text
    assert site.finished == []
    assert not site.setup.folder.exists()


def test_a_form_that_is_too_long_is_refused(site, browser):
    """A stranger's terabyte would fill the memory."""
    site.enter(browser)
    data = {"proof": site.setup.door.proof, "private_key": "x" * 70_000}
    answer = browser.session.post(f"{site.url}/setup/import", data=data, timeout=20)
    assert answer.status_code == 413


def test_progress_is_shown_until_the_first_delivery(site, browser, ghes):
    """An administrator would not know whether it works before the first pull request."""
    ghes.world.add_repository("octo/hello", files={"a": b"1"}, installed=False)
    page = site.make(browser, ghes.site)
    site.setup.ask_again()

    def look():
        site.setup.ask_again()  # GitHub is asked every few seconds only
        answer = browser.session.get(f"{site.url}/setup/progress", timeout=20).json()
        states = {step["name"]: step["state"] for step in answer["steps"]}
        return states, answer

    assert look()[0] == {"made": "done", "installed": "now", "received": "later"}
    assert f'href="{ghes.site}/apps/covgate/installations/new"' in page.text
    browser.open(f"{ghes.site}/apps/covgate/installations/new")
    ghes.deliver_to(f"{site.url}/webhooks/github")
    page = browser.submit("/apps/covgate/installations/done")
    assert page.url == f"{site.url}/setup"
    assert "by octo" in page.text
    assert ghes.courier.idle()
    states, answer = look()
    assert states == {"made": "done", "installed": "done", "received": "now"}
    assert "the newest got the answer 503" in answer["steps"][2]["text"]
    assert answer["failing"] is True
    site.setup.deliveries = lambda: 1
    states, answer = look()
    assert states == {"made": "done", "installed": "done", "received": "done"}
    assert answer["done"] is True
    page = browser.open(f"{site.url}/setup")
    assert "You are done" in page.text


def test_a_github_that_is_away_does_not_end_the_progress(site, browser, ghes):
    """The page would show an error in the minute in which GitHub has one."""
    site.make(browser, ghes.site)
    site.setup.credentials = type(site.setup.credentials)(
        1, ghes.private_key_pem, "s", "http://127.0.0.1:9"
    )
    site.setup.ask_again()
    answer = browser.session.get(f"{site.url}/setup/progress", timeout=20).json()
    assert answer["steps"][0]["state"] == "done"
    assert "GitHub can't be asked" in answer["steps"][2]["text"]


def test_github_is_not_asked_at_each_look(site, browser, ghes):
    """Ten open tabs would use up the App's requests."""
    site.make(browser, ghes.site)
    before = ghes.world.count_requests("GET", "/app/installations")
    for _ in range(10):
        browser.session.get(f"{site.url}/setup/progress", timeout=20)
    assert ghes.world.count_requests("GET", "/app/installations") - before <= 1


def test_before_the_set_up_nothing_pretends_to_be_ready(site):
    """A load balancer would send deliveries, and they would be taken for kept."""
    assert requests.get(f"{site.url}/healthz", timeout=20).status_code == 200
    assert requests.get(f"{site.url}/readyz", timeout=20).status_code == 503
    refused = requests.post(f"{site.url}/webhooks/github", data=b"{}", timeout=20)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    assert requests.get(site.url, timeout=20).url == f"{site.url}/setup"
    assert requests.get(f"{site.url}/octo/hello", timeout=20).status_code == 404


@pytest.mark.parametrize("path", ["/setup", "/setup?token=x", "/setup/nothing", "/"])
def test_every_page_is_strict(site, path):
    """A name that a stranger chose could run as a script beside the keys."""
    answer = requests.get(f"{site.url}{path}", timeout=20)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in answer.text
    assert " style=" not in answer.text
    assert not re.search(r"\son\w+=", answer.text)


def test_the_form_to_github_may_go_there_alone(site, browser, ghes):
    """The browser would refuse to send it, or send it anywhere."""
    site.enter(browser)
    page = browser.submit("/setup/app", site=ghes.site, hook=HOOK)
    policy = page.headers["content-security-policy"]
    assert f"form-action 'self' {ghes.site};" in policy
    manifest = json.loads(browser.form(ghes.site)["manifest"])
    assert manifest["hook_attributes"]["url"] == HOOK


def test_hostile_names_stay_text(site, browser):
    """What an organisation is called could become markup."""
    site.enter(browser)
    page = browser.submit("/setup/app", name='"><script>x</script>', hook="<b>")
    assert page.status_code == 422
    assert "<script>x" not in page.text


def test_the_proposed_address_is_the_likeliest(tmp_path):
    """Most administrators would have to find out what to enter, though it is known."""
    cases = [
        (
            {"hook_url": "https://smee.io/abc", "public_url": "https://c.example"},
            "https://smee.io/abc",
        ),
        ({"public_url": "https://c.example"}, "https://c.example/webhooks/github"),
        ({}, ""),
    ]
    for about, wanted in cases:
        with running(create_setup_app(setup := Setup(tmp_path, Door.new(), **about))) as port:
            browser = Browser()
            browser.open(f"http://127.0.0.1:{port}/setup?token={setup.door.token}")
            assert browser.form("/setup/app")["hook"] == wanted
            browser.close()


def test_an_installation_that_is_set_up_says_so(tmp_path):
    """An operator who looks there would wonder whether something is missing."""
    with running(create_setup_app(Setup(tmp_path, registered=True))) as port:
        page = requests.get(f"http://127.0.0.1:{port}/setup", timeout=20)
        assert "has its GitHub App" in page.text
        assert requests.get(f"http://127.0.0.1:{port}/setup?token=", timeout=20).status_code == 403
