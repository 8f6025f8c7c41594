"""The real parts of sign-in, put together in one place; nothing is connected yet."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.dashboard.access import Greeting
from bot.signin.exchange import Authorisation
from bot.signin.keys import derive
from bot.signin.limits import Rates
from bot.signin.person import PersonGitHub
from bot.signin.sessions import Sessions
from bot.signin.tokens import ApiTokens
from bot.signin.viewer import PersonSource, SignedInViewer
from worker.core.errors import CovgateError
from worker.inbox import connect

if TYPE_CHECKING:
    from starlette.requests import Request

    from worker.core.refs import Registration
    from worker.settings import Settings

__all__ = ["SignIn", "open_rates", "open_signin"]

_OWNER_LIFE = 3600.0


@dataclass(frozen=True, slots=True)
class SignIn:
    """Sign-in with GitHub."""

    authorisation: Authorisation
    github: PersonGitHub
    sessions: Sessions
    tokens: ApiTokens
    viewer: SignedInViewer
    source: PersonSource
    rates: Rates
    public_url: str = ""

    def greet(self, request: Request) -> Greeting | None:
        """Return what each page's head says of who looks; None where it is nobody's affair."""
        try:
            person = self.sessions.find(request)
        except CovgateError:
            return None
        return Greeting() if person is None else Greeting(person.login, self.sessions.proof(person))

    def name_person(self, request: Request) -> str:
        """Return by what a person's requests are counted; "" for those of nobody known."""
        try:
            person = self.sessions.find(request)
        except CovgateError:
            return ""
        return "" if person is None else f"person {person.id}"


def open_rates(settings: Settings) -> Rates:
    """Return the counts of requests."""
    return Rates(functools.cache(lambda: connect(settings.redis_url)))


def open_signin(settings: Settings, rates: Rates) -> SignIn | None:
    """Return sign-in; None where the App's client id and secret are not set."""
    secret, key = settings.client_secret.get_secret_value(), settings.private_key
    if not (settings.client_id and secret and settings.registered):
        return None
    made = functools.partial(derive, key.get_secret_value())
    open_redis = functools.cache(lambda: connect(settings.redis_url))
    public_url = settings.public_url or ""
    sessions = Sessions(
        open_redis, made("sessions"), made("forms"), https=public_url.startswith("https://")
    )
    github, tokens = PersonGitHub(settings.github_url), ApiTokens(made("api tokens"))
    viewer = SignedInViewer(sessions, github, tokens, open_redis, _Owner(settings).find)
    source = PersonSource(sessions, github)
    authorisation = Authorisation(settings.client_id, secret, settings.github_url)
    return SignIn(authorisation, github, sessions, tokens, viewer, source, rates, public_url)


class _Owner:
    """Whose the App is, asked of GitHub once an hour."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: Registration | None = None
        self._asked = 0.0

    def find(self) -> Registration:
        if self._known is None or time.monotonic() - self._asked > _OWNER_LIFE:
            # Only here: the receiver does without GitHub's client.
            from worker.github_api import AppKey, GitHubApp, MemoryTokenCache  # noqa: PLC0415 -- as above
            from worker.wiring import SystemClock  # noqa: PLC0415 -- as above

            settings = self._settings
            key = AppKey(settings.app_id, settings.private_key.get_secret_value())
            app = GitHubApp(
                key, base_url=settings.github_url, clock=SystemClock(), tokens=MemoryTokenCache()
            )
            self._known, self._asked = app.registration(), time.monotonic()
        return self._known
