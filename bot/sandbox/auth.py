"""Who is asking, and what may they: the App's JWT, installation tokens, permissions.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bot.sandbox.records import Installation, Json, Token, User
from bot.sandbox.replies import RefusalError

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo
    from bot.sandbox.world import World

__all__ = ["Caller", "authorize", "identify", "issue_token"]

LEVELS = ("none", "read", "write", "admin")
TOKEN_LIFE = timedelta(hours=1)
LONGEST_JWT = 600
"""Seconds from now to the `exp` of a JWT, at most."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: the App itself, an installation, a person, or nobody known."""

    app: bool = False
    token: Token | None = None
    user: User | None = None
    """Whom the App acts for."""

    @property
    def installation_id(self) -> int | None:
        """The installation that the request is charged to."""
        return self.token.installation_id if self.token else None


def identify(world: World, header: str | None) -> Caller:
    """Return who an Authorization header stands for; 401 where it is no good."""
    if not header:
        return Caller()
    kind, _, secret = header.partition(" ")
    secret = secret.strip()
    if kind.lower() not in ("bearer", "token") or not secret:
        raise RefusalError(401, "Bad credentials")
    if secret.count(".") == 2:
        _check_jwt(world, secret)
        return Caller(app=True)
    personal = world.user_tokens.get(secret)
    if personal is not None and personal.expires_at > world.clock():
        return Caller(user=personal.user)
    token = world.tokens.get(secret)
    if token is None or token.expires_at <= world.clock():
        raise RefusalError(401, "Bad credentials")
    if world.installations[token.installation_id].suspended:
        raise RefusalError(403, "This installation has been suspended")
    return Caller(token=token)


def _check_jwt(world: World, text: str) -> None:
    undecodable = RefusalError(401, "A JSON web token could not be decoded")
    head, body, signature = text.split(".")
    try:
        header, claims = json.loads(_decode(head)), json.loads(_decode(body))
        key = serialization.load_pem_public_key(world.public_key.encode())
        if header.get("alg") != "RS256" or not isinstance(key, rsa.RSAPublicKey):
            raise undecodable
        key.verify(
            _decode(signature), f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except (ValueError, InvalidSignature, binascii.Error) as error:
        raise undecodable from error
    now = world.clock().timestamp()
    issued, expires = claims.get("iat"), claims.get("exp")
    if str(claims.get("iss")) != str(world.app.id):
        raise RefusalError(401, "'Issuer' claim ('iss') must be an Integer")
    if not isinstance(issued, int) or issued > now + 1:
        raise RefusalError(
            401,
            "'Issued at' claim ('iat') must be an Integer representing the time that the "
            "assertion was issued",
        )
    if not isinstance(expires, int) or expires <= now:
        raise RefusalError(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future "
            "time at which the assertion expires",
        )
    if expires > now + LONGEST_JWT:
        raise RefusalError(401, "'Expiration time' claim ('exp') is too far in the future")


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def issue_token(world: World, installation: Installation, asked: Json) -> Token:
    """Return a fresh installation token, cut down to what was asked for; 422 for too much."""
    if installation.suspended:
        raise RefusalError(403, "This installation has been suspended")
    permissions = dict(installation.permissions)
    wanted = asked.get("permissions") or {}
    if wanted:
        for name, level in wanted.items():
            if LEVELS.index(level) > LEVELS.index(permissions.get(name, "none")):
                raise RefusalError(
                    422, "The permissions requested are not granted to this installation."
                )
        permissions = {"metadata": "read", **wanted}
    ids = _asked_repositories(world, installation, asked)
    token = Token(
        world.next_token_text(),
        installation.id,
        permissions,
        ids,
        world.clock() + TOKEN_LIFE,
    )
    world.tokens[token.text] = token
    return token


def _asked_repositories(
    world: World, installation: Installation, asked: Json
) -> frozenset[int] | None:
    if "repository_ids" not in asked and "repositories" not in asked:
        return None
    ids = set(asked.get("repository_ids") or [])
    by_name = {world.repositories[i].name: i for i in installation.repository_ids}
    names = asked.get("repositories") or []
    if not ids <= installation.repository_ids or not set(names) <= set(by_name):
        raise RefusalError(
            422,
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation.",
        )
    return frozenset(ids | {by_name[name] for name in names})


def authorize(world: World, caller: Caller, repo: Repo, permission: str, *, read: bool) -> None:
    """Let a request on a repository pass, or refuse it: 401, 403, or 404 for what is hidden.

    `permission` holds alternatives: "issues:write|pull_requests:write".
    """
    token = caller.token
    if caller.user is not None:
        _authorize_user(world, caller.user, repo, read=read)
        return
    if token is None:
        if caller.app:
            raise RefusalError(403, "Resource not accessible by integration")
        if repo.private:
            raise RefusalError(404, "Not Found")
        if not read:
            raise RefusalError(401, "Requires authentication")
        return
    installation = world.installations[token.installation_id]
    in_scope = repo.id in installation.repository_ids and (
        token.repository_ids is None or repo.id in token.repository_ids
    )
    if not in_scope:
        if repo.private:
            raise RefusalError(404, "Not Found")
        if not read:
            raise RefusalError(403, "Resource not accessible by integration")
        return
    for alternative in permission.split("|"):
        name, _, level = alternative.partition(":")
        granted = token.permissions.get(name, "none")
        if LEVELS.index(granted) >= LEVELS.index(level):
            return
    raise RefusalError(403, "Resource not accessible by integration")


def _authorize_user(world: World, user: User, repo: Repo, *, read: bool) -> None:
    """Let pass what both the person and the App may; what is public may be read by anyone.

    https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-with-a-github-app-on-behalf-of-a-user
    """
    if repo.private and (world.installation_of(repo) is None or repo.role_of(user.login) == "none"):
        raise RefusalError(404, "Not Found")
    if not read:
        raise RefusalError(403, "Resource not accessible by integration")
