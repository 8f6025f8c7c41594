"""The App's user authorisation: GitHub asks the person, and sends a code back for a token.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app

The protocol (state, PKCE, the exchange) is Authlib's.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pydantic import SecretStr

from bot.setup.addresses import site_of
from worker.core.errors import CovgateError

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

__all__ = ["LIFE", "Authorisation", "Begun", "ExchangeError", "Granted"]

LIFE = 8 * 3600
"""Seconds that a token lives at most, if GitHub does not say."""
_MARGIN = 60
_TIMEOUT = (5.0, 10.0)


class ExchangeError(CovgateError):
    """GitHub gave no token for a code. The text says why."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in on its way: where to send the browser, and what to know it again by."""

    url: str
    state: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Granted:
    """A token, and for how many seconds it is used."""

    token: SecretStr
    seconds: int


class Authorisation:
    """The App as a client of GitHub's user authorisation. `github_url` is the API's."""

    def __init__(self, client_id: str, client_secret: str, github_url: str) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._site = site_of(github_url)

    def begin(self, redirect_uri: str) -> Begun:
        """Return a new sign-in."""
        verifier = secrets.token_urlsafe(48)
        with self._session(redirect_uri) as session:
            url, state = session.create_authorization_url(
                f"{self._site}/login/oauth/authorize",
                state=secrets.token_urlsafe(32),
                code_verifier=verifier,
            )
        return Begun(url, state, verifier)

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> Granted:
        """Return the token for a code. Raises `ExchangeError`; it blocks."""
        from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415 -- as below
        from requests import RequestException  # noqa: PLC0415 -- as below

        try:
            with self._session(redirect_uri) as session:
                answer: dict[str, Any] = session.fetch_token(
                    f"{self._site}/login/oauth/access_token",
                    code=code,
                    code_verifier=verifier,
                    headers={"Accept": "application/json"},
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                )
        except AuthlibBaseError as error:
            raise ExchangeError(f"GitHub gave no token: {error.error}") from None
        except (RequestException, ValueError):
            raise ExchangeError("GitHub does not answer; try again in a minute") from None
        token, life = answer.get("access_token"), answer.get("expires_in", LIFE)
        if not isinstance(token, str) or not token or not isinstance(life, int):
            raise ExchangeError("GitHub gave no token")
        return Granted(SecretStr(token), max(1, min(life - _MARGIN, LIFE)))

    def _session(self, redirect_uri: str) -> OAuth2Session:
        # Only here: the receiver does without it.
        from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415 -- as above

        session = OAuth2Session(
            self._client_id,
            self._client_secret,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 -- a method's name
        )
        return cast("OAuth2Session", session)
