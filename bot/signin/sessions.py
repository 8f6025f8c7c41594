"""Who is signed in: a random id in a cookie, and what it stands for in Redis, encrypted.

The id is made anew with each sign-in, so that nobody can have put it there before; Redis has
its digest alone. Who reads Redis can neither take a session over nor read its token.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import SecretStr
from redis.exceptions import RedisError

from worker.core.errors import PostponedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.signin.person import Identity

__all__ = ["PENDING", "Pending", "Person", "Sessions"]

COOKIE = "covgate"
PENDING = "covgate_sign_in"
PENDING_LIFE = 600
"""Seconds that somebody may take to agree on GitHub."""
_LONGEST_COOKIE = 128
_SCOPE = "covgate.person"
_AGAIN = 30.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in. `session` is the digest of their session's id."""

    session: str
    id: int
    login: str
    token: SecretStr


class Pending(msgspec.Struct, frozen=True):
    """A sign-in on its way, as the browser that began it keeps it, encrypted."""

    state: str
    verifier: str
    back: str
    """The path to return to."""


class _Kept(msgspec.Struct):
    session: str
    id: int
    login: str
    token: str


class Sessions:
    """The sessions of all processes. `connect` opens Redis, at the first need.

    Its methods block. They raise `PostponedError` where Redis does not answer.
    """

    def __init__(
        self, connect: Callable[[], Redis], key: bytes, form_key: bytes, *, https: bool
    ) -> None:
        self._connect = connect
        self._fernet = Fernet(key)
        self._forms = URLSafeSerializer(form_key, salt="form")
        self._https = https

    def find(self, request: Request) -> Person | None:
        """Return who sent a request; asked of Redis once for each."""
        if _SCOPE not in request.scope:
            request.scope[_SCOPE] = self._find(request.cookies.get(self._name(COOKIE), ""))
        found: Person | None = request.scope[_SCOPE]
        return found

    def _find(self, text: str) -> Person | None:
        if not text or len(text) > _LONGEST_COOKIE:
            return None
        digest = _digest(text)
        try:
            data = self._connect().get(_key(digest))
        except RedisError:
            raise PostponedError("Redis does not answer", seconds=_AGAIN) from None
        if not isinstance(data, bytes):
            return None
        try:
            kept = msgspec.json.decode(self._fernet.decrypt(data), type=_Kept)
        except (InvalidToken, msgspec.DecodeError):
            return None
        # Who can write to Redis could put one person's session in another's place.
        if kept.session != digest:
            return None
        return Person(digest, kept.id, kept.login, SecretStr(kept.token))

    def start(
        self, response: Response, who: Identity, token: SecretStr, *, seconds: int, secure: bool
    ) -> None:
        """Sign somebody in with this answer, under a new id."""
        text = secrets.token_urlsafe(32)
        digest = _digest(text)
        kept = _Kept(digest, who.id, who.login, token.get_secret_value())
        try:
            sealed = self._fernet.encrypt(msgspec.json.encode(kept))
            self._connect().set(_key(digest), sealed, ex=seconds)
        except RedisError:
            raise PostponedError("Redis does not answer", seconds=_AGAIN) from None
        self._set(response, COOKIE, text, seconds, secure=secure)

    def seal(self, key: str, data: bytes) -> bytes:
        """Return what may be kept in Redis under a key: nobody else can make it, or move it."""
        return self._fernet.encrypt(key.encode() + b"\n" + data)

    def unseal(self, key: str, sealed: bytes) -> bytes | None:
        """Return what was sealed under a key; None where it was not."""
        try:
            known, _, data = self._fernet.decrypt(sealed).partition(b"\n")
        except InvalidToken:
            return None
        return data if known == key.encode() else None

    def end(self, request: Request, person: Person) -> None:
        """Forget a session, wherever its cookie still is."""
        try:
            self._connect().delete(_key(person.session))
        except RedisError:
            raise PostponedError("Redis does not answer", seconds=_AGAIN) from None
        request.scope[_SCOPE] = None

    def forget_cookie(self, response: Response, name: str = COOKIE) -> None:
        """Let the browser drop a cookie."""
        response.delete_cookie(
            self._name(name), path="/", secure=self._https, httponly=True, samesite="lax"
        )

    def keep_pending(self, response: Response, pending: Pending, *, secure: bool) -> None:
        """Give a sign-in that begins to the browser: no stranger's can be ended with it."""
        text = self._fernet.encrypt(msgspec.json.encode(pending)).decode()
        self._set(response, PENDING, text, PENDING_LIFE, secure=secure)

    def pending(self, request: Request) -> Pending | None:
        """Return the sign-in that this browser began some minutes ago."""
        text = request.cookies.get(self._name(PENDING), "")
        try:
            data = self._fernet.decrypt(text.encode(), ttl=PENDING_LIFE)
            return msgspec.json.decode(data, type=Pending)
        except (InvalidToken, msgspec.DecodeError):
            return None

    def proof(self, person: Person) -> str:
        """Return what this session's forms hold: other sites can't know it."""
        return str(self._forms.dumps(person.session))

    def proves(self, person: Person, proof: str) -> bool:
        """Return whether a form is of this session."""
        try:
            return bool(self._forms.loads(proof) == person.session)
        except BadSignature:
            return False

    def _set(self, response: Response, name: str, text: str, seconds: int, *, secure: bool) -> None:
        # Lax: GitHub leads back here by a link.
        response.set_cookie(
            self._name(name), text, max_age=seconds, path="/", httponly=True, samesite="lax",
            secure=secure or self._https,
        )  # fmt: skip

    def _name(self, name: str) -> str:
        """Return a cookie's name; over TLS one that no neighbouring host can set.

        https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
        """
        return f"__Host-{name}" if self._https else name


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(digest: str) -> str:
    return f"covgate:session:{digest}"
