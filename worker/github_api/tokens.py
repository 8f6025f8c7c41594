"""Installation tokens, and where they are kept for the next job.

A token is asked for once an hour instead of once a job, which runs in a process of its
own. In Redis it is encrypted with a key that is derived from the App's private key:
whoever reads Redis, its files or its backups gets no access to repositories.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from redis import Redis, RedisError

from worker.github_api.secrets import Secret

__all__ = [
    "ALL_REPOSITORIES",
    "AccessToken",
    "MemoryTokenCache",
    "RedisTokenCache",
    "TokenCache",
    "TokenKey",
]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An installation token; `expires_at` is aware."""

    secret: Secret
    expires_at: datetime


ALL_REPOSITORIES = 0
"""Stands for a repository's id in the key of a token for all of an installation's."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """What a token is for; `permissions` is sorted."""

    installation_id: int
    repository_id: int
    permissions: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The key as one text: "12:345:checks=write,contents=read"."""
        granted = ",".join(f"{name}={level}" for name, level in self.permissions)
        return f"{self.installation_id}:{self.repository_id}:{granted}"


class TokenCache(Protocol):
    """Keeps tokens. It may forget any of them at any time."""

    def get(self, key: TokenKey) -> AccessToken | None:
        """Return the token of a key."""
        ...

    def put(self, key: TokenKey, token: AccessToken, *, seconds: int) -> None:
        """Keep a token for so long."""
        ...

    def drop(self, key: TokenKey) -> None:
        """Forget a token: GitHub does not accept it any more."""
        ...


class MemoryTokenCache:
    """Tokens of one process, for one that judges without Redis."""

    def __init__(self) -> None:
        self._tokens: dict[TokenKey, AccessToken] = {}

    def get(self, key: TokenKey) -> AccessToken | None:
        """Return the token of a key; the one who asks looks at its time."""
        return self._tokens.get(key)

    def put(self, key: TokenKey, token: AccessToken, *, seconds: int) -> None:  # noqa: ARG002 - the next token of the key replaces it
        """Keep a token."""
        self._tokens[key] = token

    def drop(self, key: TokenKey) -> None:
        """Forget a token."""
        self._tokens.pop(key, None)


class _Kept(msgspec.Struct):
    key: str
    token: str
    expires_at: datetime


class RedisTokenCache:
    """Tokens that all workers share.

    `encryption_key` is `AppKey.derive`'s. Redis being away is no reason to fail: a new
    token is asked for instead.
    """

    def __init__(self, redis: Redis, encryption_key: bytes) -> None:
        self._redis = redis
        self._fernet = Fernet(encryption_key)

    def get(self, key: TokenKey) -> AccessToken | None:
        """Return the token of a key; None too where it was kept under another App key."""
        try:
            data = self._redis.get(_name(key))
        except RedisError:
            return None
        if not isinstance(data, bytes | str):
            return None
        try:
            kept = msgspec.json.decode(self._fernet.decrypt(data), type=_Kept)
        except (InvalidToken, msgspec.DecodeError):
            return None
        # Whoever can write to Redis could give one repository another one's token.
        return AccessToken(Secret(kept.token), kept.expires_at) if kept.key == key.text else None

    def put(self, key: TokenKey, token: AccessToken, *, seconds: int) -> None:
        """Keep a token, encrypted, for so long."""
        kept = _Kept(key.text, token.secret.reveal(), token.expires_at)
        data = self._fernet.encrypt(msgspec.json.encode(kept))
        try:
            self._redis.set(_name(key), data, ex=seconds)
        except RedisError:
            return

    def drop(self, key: TokenKey) -> None:
        """Forget a token."""
        try:
            self._redis.delete(_name(key))
        except RedisError:
            return


def _name(key: TokenKey) -> str:
    digest = hashlib.sha256(key.text.encode()).hexdigest()
    return f"covgate:token:{key.installation_id}:{key.repository_id}:{digest[:16]}"
