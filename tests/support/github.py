"""The local GitHub for tests: every message checked, nothing odd left unseen."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import jwt
import requests

from bot.sandbox.records import UserToken
from bot.sandbox.server import StandIn
from tests.support.openapi import Contract

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def checked_stand_in(**options: Any) -> Iterator[StandIn]:
    """Run a stand-in whose every message GitHub's description judges at the end.

    What a client did that GitHub would let pass but should not be done (`complaints`) fails
    the test too; one that provokes it clears the list.
    """
    contract = Contract()
    prefix = options.get("prefix", "")
    with StandIn(wrap=lambda app: contract.watch(app, prefix=prefix), **options) as stand_in:
        yield stand_in
    judge(stand_in, contract)


def judge(stand_in: StandIn, contract: Contract) -> None:
    """Fail where GitHub's description was broken, or a client did what it should not."""
    for delivery in stand_in.world.emitted:
        contract.check_webhook(delivery.event, delivery.payload)
    # Raised by hand: pytest explains the assertions of tests alone.
    unwanted = contract.violations + stand_in.world.complaints
    if unwanted:
        raise AssertionError("\n".join(unwanted))


class Client:
    """A caller of the API, as bare as can be: the App itself, or one installation."""

    def __init__(self, stand_in: StandIn, secret: str | None) -> None:
        self.stand_in = stand_in
        self.secret = secret
        self.session = requests.Session()
        self.session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def __call__(
        self,
        method: str,
        path: str,
        json: object = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> requests.Response:
        """Send one request, following no redirect."""
        known = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        url = path if path.startswith("http") else self.stand_in.url + path
        return self.session.request(
            method,
            url,
            json=json,
            headers=known | (headers or {}),
            allow_redirects=False,
            timeout=5,
            **options,
        )

    def get(self, path: str, **options: Any) -> requests.Response:
        """Send a GET."""
        return self("GET", path, **options)


def app_jwt(stand_in: StandIn, **claims: object) -> str:
    """Return a JWT of the App; claims given replace the right ones, None leaves one out."""
    now = int(time.time())
    whole = {"iat": now - 60, "exp": now + 300, "iss": str(stand_in.app_id)} | claims
    whole = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(whole, stand_in.private_key_pem, algorithm="RS256")


def installation_token(stand_in: StandIn, installation_id: int, **asked: object) -> str:
    """Return a token of an installation, for what is asked (default: all of it)."""
    with Client(stand_in, app_jwt(stand_in)) as app:
        answer = app("POST", f"/app/installations/{installation_id}/access_tokens", json=asked)
    answer.raise_for_status()
    return answer.json()["token"]


def person_token(stand_in: StandIn, login: str) -> str:
    """Return a token by which the App acts for a person."""
    world = stand_in.world
    token = UserToken(f"ghu_{login}", world.user(login), world.clock() + timedelta(hours=8))
    world.user_tokens[token.text] = token
    return token.text
