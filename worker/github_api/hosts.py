"""Where artifacts may be downloaded from: public https hosts.

The address comes from GitHub's answer, and what answers it is given to the parsers; a
forged one would make the worker read its own network (server-side request forgery).
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from worker.core.errors import PostponedError, RefusedError
from worker.github_api.errors import OUTAGE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Destination", "HostRule", "resolve"]

Address = IPv4Address | IPv6Address

NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Destination:
    """An admitted address: its parts, and where its host lay when it was looked up.

    `addresses` are to be connected to, and not the name again: a name server may answer
    with a public address for the check and with a private one for the connection.
    """

    scheme: str
    host: str
    port: int
    target: str
    """Path and query: the signature is in there, so it never gets into a message."""
    addresses: tuple[Address, ...] = field(default=())


def resolve(host: str, port: int) -> list[str]:
    """Return a host's addresses as the system's resolver orders them."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class HostRule:
    """Admits public https hosts, and `extra` ones whatever they are.

    Where the API's own `base_url` is http, so may downloads be; where it lies on a loopback
    or private address, they may lie on such ones too. Link-local addresses (the clouds'
    metadata services) stay out.
    """

    base_url: str
    extra: frozenset[str] = frozenset()
    resolve: Callable[[str, int], Sequence[str]] = resolve

    def admit(self, url: str) -> Destination:
        """Return where to download from.

        Raises `RefusedError` for an address that is not allowed and `PostponedError` where
        the host is not found.
        """
        scheme, host, port, target = _split(url)
        listed = host in self.extra
        if scheme != "https" and not (listed or self.base_url.startswith("http://")):
            raise RefusedError(f"The download from {host} is not https; see COVGATE_DOWNLOAD_HOSTS")
        addresses = self._addresses(host, port)
        hidden = [address for address in addresses if not _is_public(address)]
        if hidden and not (listed or (all(map(_is_local, hidden)) and self._is_inside())):
            raise RefusedError(
                f"The download's host {host} is not public. Where it is the storage of your "
                "GitHub Enterprise Server, name it in COVGATE_DOWNLOAD_HOSTS"
            )
        return Destination(scheme, host, port, target, addresses)

    def _is_inside(self) -> bool:
        """Return whether the API itself lies on a loopback or private address."""
        _, host, port, _ = _split(self.base_url)
        return all(_is_local(address) for address in self._addresses(host, port))

    def _addresses(self, host: str, port: int) -> tuple[Address, ...]:
        try:
            found = tuple(ip_address(text) for text in self.resolve(host, port))
        except (OSError, UnicodeError, ValueError):
            found = ()
        if not found:
            raise PostponedError(f"The host {host} is not found", seconds=OUTAGE_SECONDS)
        return found


def _split(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise RefusedError("GitHub answered the download with something that is no web address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80), target


def _behind(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one leads to; other ones as they are."""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _is_public(address: Address) -> bool:
    behind = _behind(address)
    return behind.is_global and not behind.is_multicast


def _is_local(address: Address) -> bool:
    behind = _behind(address)
    return behind.is_private and not (behind.is_link_local or behind.is_unspecified)
