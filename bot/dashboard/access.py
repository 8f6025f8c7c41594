"""Who may see what: the one question that every page, badge and answer asks first."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.requests import Request

    from worker.core.refs import Repository

__all__ = [
    "BadgeTokens",
    "Greeting",
    "LoopbackViewer",
    "NoSource",
    "PublicViewer",
    "SourceReader",
    "Viewer",
    "is_here",
    "is_loopback",
]

_PASSED_ON = frozenset({"forwarded", "true-client-ip", "via", "x-client-ip", "x-real-ip"})
_PASSED_ON_BY = ("cf-", "x-envoy-", "x-forwarded", "x-original-")
"""Headers, and beginnings of them, that a proxy or a tunnel adds: whoever is behind it need not
be on this machine."""
_BY_A_LINK = ("navigate", "document")
_TOKEN_BYTES = 16


class Viewer(Protocol):
    """What the one who sent a request may see. Called on a thread: it may block."""

    def may_read(self, request: Request, repository: Repository) -> bool:
        """Return whether they may read a repository; where not, it does not exist for them."""
        ...

    def ask_in_vain(self, request: Request, full_name: str) -> None:
        """Take as long over a name that is unknown here as over a private repository's."""
        ...

    def private_ids(self, request: Request) -> Collection[int] | None:
        """Return which private repositories lists show them; None for all."""
        ...

    def is_operator(self, request: Request) -> bool:
        """Return whether they may see what waits, of all repositories."""
        ...


class SourceReader(Protocol):
    """Reads files with the right of the one who looks. Called on a thread: it may block."""

    def read(self, request: Request, repository: Repository, commit: str, path: str) -> str | None:
        """Return a file's text at a commit; None where they can't have it, or it is none."""
        ...


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a page's head says of who looks: "" where nobody is signed in.

    `proof` is what the form for signing out holds.
    """

    login: str = ""
    proof: str = ""


class NoSource:
    """Nobody's sources are read: pages show the numbers of the lines."""

    def read(self, request: Request, repository: Repository, commit: str, path: str) -> str | None:  # noqa: ARG002 -- the port's signature
        """Return nothing."""
        return None


class PublicViewer:
    """Everybody sees public repositories, and nobody anything else."""

    def may_read(self, request: Request, repository: Repository) -> bool:  # noqa: ARG002 -- the port's signature
        """Return whether the repository is public."""
        return not repository.private

    def ask_in_vain(self, request: Request, full_name: str) -> None:
        """Do nothing: nothing is asked for private ones either."""

    def private_ids(self, request: Request) -> Collection[int]:  # noqa: ARG002 -- the port's signature
        """Return none."""
        return ()

    def is_operator(self, request: Request) -> bool:  # noqa: ARG002 -- the port's signature
        """Return that nobody is."""
        return False


@dataclass(frozen=True, slots=True)
class LoopbackViewer:
    """Whoever sits at this machine sees everything; for others, `others` decides.

    For a server that is bound to a loopback address, and for none else. That a request
    comes from 127.0.0.1 says little: a proxy or a tunnel of this machine sends those of
    strangers from there, and a stranger's page may let its own name point to 127.0.0.1 and
    have the browser fetch from here (DNS rebinding). So the name that was asked for has to
    be a loopback one, too, and nobody may have passed the request on. Nor may another page,
    to which the browser would show a picture or an answer: only links of others lead here.
    """

    others: Viewer

    def may_read(self, request: Request, repository: Repository) -> bool:
        """Return whether the one at this machine asks, or another one may."""
        return is_here(request) or self.others.may_read(request, repository)

    def ask_in_vain(self, request: Request, full_name: str) -> None:
        """Take as long as others do, for others."""
        if not is_here(request):
            self.others.ask_in_vain(request, full_name)

    def private_ids(self, request: Request) -> Collection[int] | None:
        """Return all for the one at this machine."""
        return None if is_here(request) else self.others.private_ids(request)

    def is_operator(self, request: Request) -> bool:
        """Return whether the one at this machine asks, or another one is."""
        return is_here(request) or self.others.is_operator(request)


def is_loopback(host: str) -> bool:
    """Return whether a host's name or address is of this machine alone."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_here(request: Request) -> bool:
    """Return whether a request comes from the one who sits at this machine."""
    if _is_passed_on(request) or _is_another_pages(request):
        return False
    try:
        asked = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return is_loopback(asked) and request.client is not None and is_loopback(request.client.host)


def _is_passed_on(request: Request) -> bool:
    """Return whether a proxy or a tunnel sent a request, as far as it leaves a trace.

    nginx, as it comes, adds no header and asks for a loopback name, but in HTTP/1.0; no
    browser has spoken that for long.
    https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version
    """
    return request.scope.get("http_version") == "1.0" or any(
        name in _PASSED_ON or name.startswith(_PASSED_ON_BY) for name in request.headers
    )


def _is_another_pages(request: Request) -> bool:
    """Return whether a page of another origin asks, and not the person who follows its link.

    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    headers = request.headers
    led = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    if headers.get("sec-fetch-site") in {"cross-site", "same-site"} and led != _BY_A_LINK:
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


class BadgeTokens:
    """Tokens that show a private repository's badges, and nothing else of it.

    They are derived, so that none has to be kept: a repository's id and a secret of the
    process's make it. Another secret makes all of them invalid.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def token(self, repository: Repository) -> str:
        """Return the token of a repository, 32 hexadecimal digits."""
        text = f"covgate badge {repository.id}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).digest()[:_TOKEN_BYTES].hex()

    def opens(self, repository: Repository, token: str) -> bool:
        """Return whether a token is the repository's."""
        return hmac.compare_digest(self.token(repository).encode(), token.encode())
