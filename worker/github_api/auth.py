"""The App's identity: its key, the tokens made from it, and what they may do.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from worker.core.errors import RefusedError, SettingError
from worker.github_api.secrets import Secret
from worker.github_api.tokens import ALL_REPOSITORIES, AccessToken, TokenCache, TokenKey
from worker.github_api.transport import Transport, decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.ports import Clock

__all__ = ["PERMISSIONS", "STATUS_PERMISSIONS", "AppKey", "AppSource", "InstallationSource"]

PERMISSIONS = MappingProxyType(
    {
        "actions": "read",
        "checks": "write",
        "contents": "read",
        "metadata": "read",
        # Comments in a pull request's conversation are issue comments, which take "issues"
        # or "pull requests": https://docs.github.com/en/rest/issues/comments
        "pull_requests": "write",
    }
)
"""What Covgate asks for, whatever more the App was given."""

STATUS_PERMISSIONS = (("metadata", "read"), ("statuses", "write"))
"""What it asks for in another token, where a repository wants commit statuses."""

# GitHub takes at most ten minutes; iat lies back for clocks that run ahead of GitHub's.
JWT_BACK = timedelta(seconds=60)
JWT_AHEAD = timedelta(minutes=8)

TOKEN_MARGIN = timedelta(minutes=10)
"""A token is not used in its last minutes: a job must not see it end."""


class AppKey:
    """The App's id and private key. Raises `SettingError` where the key is none."""

    def __init__(self, app_id: int, private_key: str) -> None:
        self.app_id = app_id
        self._key = _load(private_key)

    def __repr__(self) -> str:
        return f"AppKey(app_id={self.app_id})"

    def sign(self, now: datetime) -> Secret:
        """Return a JSON Web Token by which the App speaks for itself, for eight minutes."""
        claims = {
            "iat": int((now - JWT_BACK).timestamp()),
            "exp": int((now + JWT_AHEAD).timestamp()),
            "iss": str(self.app_id),
        }
        return Secret(jwt.encode(claims, self._key, algorithm="RS256"))

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes, base64url, that only a holder of the private key can have."""
        secret = self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        derived = HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret)
        return base64.urlsafe_b64encode(derived)


def _load(private_key: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise SettingError(
            "COVGATE_PRIVATE_KEY holds no RSA private key: paste the whole .pem file that "
            "GitHub made for the App, or name its path"
        )
    return key


class AppSource:
    """Signs requests as the App itself."""

    def __init__(self, key: AppKey, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def token(self) -> Secret:
        """Return a fresh JSON Web Token."""
        return self._key.sign(self._clock.now())

    def renew(self) -> bool:
        """Say that another one would be no better."""
        return False


class _Granted(msgspec.Struct):
    token: str
    expires_at: datetime


@dataclass(slots=True)
class InstallationSource:
    """Signs requests as one installation, on one repository.

    `as_app` opens a connection that speaks as the App; it is closed after each use, for a
    token is asked once an hour.
    """

    key: TokenKey
    cache: TokenCache
    clock: Clock
    as_app: Callable[[], Transport]
    held: AccessToken | None = None
    optional: bool = False
    """Whether the permissions may be missing: then no token at all is better than one
    without them, and the refusal is the answer."""

    def token(self) -> Secret:
        """Return a token with ten minutes to live: this job's, the cache's or a new one."""
        usable_until = self.clock.now() + TOKEN_MARGIN
        if self.held is None or self.held.expires_at <= usable_until:
            self.held = self.cache.get(self.key)
        if self.held is None or self.held.expires_at <= usable_until:
            self.held = self._ask()
        return self.held.secret

    def renew(self) -> bool:
        """Drop the token everywhere; the next one is new."""
        self.cache.drop(self.key)
        self.held = None
        return True

    def _ask(self) -> AccessToken:
        path = f"/app/installations/{self.key.installation_id}/access_tokens"
        body: dict[str, object] = {"permissions": dict(self.key.permissions)}
        if self.key.repository_id != ALL_REPOSITORIES:
            body["repository_ids"] = [self.key.repository_id]
        with self.as_app() as transport:
            try:
                answer = transport.send("POST", path, body=body)
            except RefusedError:
                if self.optional:
                    raise
                # One permission that the installation has not granted would cost the token,
                # and nobody would be told. With what there is, the check can at least say it.
                body.pop("permissions")
                answer = transport.send("POST", path, body=body)
            granted = decode(answer, _Granted, path)
        token = AccessToken(Secret(granted.token), granted.expires_at)
        seconds = int((granted.expires_at - TOKEN_MARGIN - self.clock.now()).total_seconds())
        if seconds > 0:
            self.cache.put(self.key, token, seconds=seconds)
        return token
