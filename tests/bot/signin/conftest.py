"""The real web process beside a GitHub with people, and browsers of theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest

from bot.serve import open_app
from tests.bot.parts import Reply
from tests.support.github import checked_stand_in
from tests.support.web import running
from worker.core.refs import Repository
from worker.settings import Settings
from worker.store import SqlStore, migrate, open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.server import StandIn

FILES = {"app.py": b"print('its text')\n"}


@dataclass
class Browser:
    """Keeps cookies and sends them back; follows no redirect by itself."""

    port: int
    cookies: dict = field(default_factory=dict)
    flags: dict = field(default_factory=dict)
    """By cookie, in small letters."""

    def ask(self, method: str, path: str, form: dict | None = None, **headers: str) -> Reply:
        """Return the answer to one request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            named["Cookie"] = "; ".join(f"{name}={one}" for name, one in self.cookies.items())
        body = None if form is None else urlencode(form)
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, named)
            response = connection.getresponse()
            for name, value in response.getheaders():
                if name.lower() == "set-cookie":
                    self._take(value)
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def _take(self, text: str) -> None:
        for name, morsel in SimpleCookie(text).items():
            self.flags[name] = text.partition(";")[2].lower()
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value

    def get(self, path: str, **headers: str) -> Reply:
        """Return the answer to a GET."""
        return self.ask("GET", path, **headers)


@dataclass
class Site:
    """A running Covgate, the GitHub beside it, and what was judged."""

    github: StandIn
    settings: Settings
    store: SqlStore
    port: int = 0

    def browser(self) -> Browser:
        """Return a browser that never was here."""
        return Browser(self.port)

    def start(self, browser: Browser, **headers: str) -> Reply:
        """Begin to sign in; return GitHub's page."""
        begun = browser.get("/sign-in", **headers)
        assert begun.status == 303
        parts = urlsplit(begun.headers["location"])
        return Browser(parts.port).get(f"{parts.path}?{parts.query}")

    def agree(self, page: Reply, login: str) -> str:
        """Choose who one is on GitHub's page; return where it leads back to."""
        found = re.findall(r'name="(\w+)" value="([^"]*)">', page.body.decode())
        form = {name: unescape(value) for name, value in found if name != "login"}
        port = urlsplit(self.github.site).port
        path = "/login/oauth/authorize"
        answer = Browser(port).ask("POST", path, {**form, "login": login})
        parts = urlsplit(answer.headers["location"])
        return f"{parts.path}?{parts.query}"

    def sign_in(self, login: str, **headers: str) -> Browser:
        """Return the browser of somebody who is signed in."""
        browser = self.browser()
        answer = browser.get(self.agree(self.start(browser, **headers), login))
        assert answer.status == 303, answer.body
        return browser

    def proof(self, browser: Browser) -> str:
        """Return what this session's forms hold."""
        text = browser.get("/").body.decode()
        return re.search(r'name="proof" value="([^"]+)"', text)[1]


@pytest.fixture(scope="module")
def github() -> Iterator[StandIn]:
    with checked_stand_in() as github:
        yield github


def make_settings(github: StandIn, folder, redis_url: str, **changes) -> Settings:
    """Return the settings of a Covgate with sign-in."""
    database = f"sqlite:///{folder / 'covgate.db'}"
    migrate(database)
    given = {
        "app_id": github.app_id,
        "private_key": github.private_key_pem,
        "webhook_secrets": github.webhook_secret,
        "github_url": github.url,
        "redis_url": redis_url,
        "database_url": database,
        "client_id": github.world.client_id,
        "client_secret": github.world.client_secret,
    }
    return Settings(**(given | changes))


@pytest.fixture(scope="module")
def running_site(github, redis_server, tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("signin")
    settings = make_settings(github, folder, redis_server.url)
    engine = open_engine(settings.database_url)
    site = Site(github, settings, SqlStore(engine))
    with running(open_app(settings)) as port:
        site.port = port
        yield site
    engine.dispose()


@pytest.fixture
def site(running_site: Site, redis_url: str) -> Site:
    """Return Covgate with a public and two private repositories that people may see."""
    world = running_site.github.reset()
    for name, private in (("acme/open", False), ("acme/secret", True), ("acme/vault", True)):
        repo = world.add_repository(name, private=private, files=FILES)
        remember(running_site, repo)
    world.repository("acme/secret").grant("mira", "write")
    world.repository("acme/secret").grant("rolf", "read")
    world.user("stranger")
    return running_site


def remember(site: Site, repo) -> None:
    """Let the store know a repository."""
    number = site.github.world.installation_of(repo).id
    site.store.remember_repository(
        Repository(number, repo.id, repo.full_name, repo.default_branch, repo.private)
    )
