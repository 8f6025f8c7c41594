"""Forms that a browser sends: by which page, from which origin, with which fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["MOST_BYTES", "origin_of", "read_form", "sent_from_here"]

MOST_BYTES = 65_536
"""Of a form; a private key has some 2,000."""

_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


def origin_of(request: Request, public_url: str | None) -> str:
    """Return scheme and host under which the browser sees these pages; "" where it is odd.

    A proxy that ends TLS leaves no trace that could be trusted, but the browser says in
    `Origin` what it sees, and the operator may have.
    """
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        return ""
    for known in (request.headers.get("origin"), public_url):
        scheme, place = _split(known or "")
        if place == host and scheme in {"http", "https"}:
            return f"{scheme}://{host}"
    return f"http://{host}"


def sent_from_here(request: Request) -> bool:
    """Return whether a form was sent by a page of the host that got it."""
    origin = request.headers.get("origin")
    return origin is None or _split(origin)[1] == request.headers.get("host")


def _split(address: str) -> tuple[str, str]:
    """Return scheme and place of an address; two empty texts for what is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc


async def read_form(request: Request) -> dict[str, str] | None:
    """Return a form's fields; None where it is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    pairs = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in pairs.items()}
