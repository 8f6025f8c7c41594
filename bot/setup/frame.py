"""What every page of the set-up has in common: templates, headers, forms, the cookie."""

from __future__ import annotations

import re
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment
    from starlette.requests import Request

__all__ = [
    "COOKIE",
    "MOST_BYTES",
    "Frame",
    "origin_of",
    "read_form",
    "sent_from_here",
    "set_cookie",
]

COOKIE = "covgate_setup"
MOST_BYTES = 65_536
"""Of a form; a private key has some 2,000."""

_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_COOKIE_LIFE = 12 * 3600


class Frame:
    """Makes pages of the set-up's templates."""

    @cached_property
    def _templates(self) -> Environment:
        # A receiver that shows no page does without.
        from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - as above

        return Environment(
            loader=PackageLoader("bot.setup"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(
        self,
        template: str,
        data: Mapping[str, object],
        status: HTTPStatus = HTTPStatus.OK,
        *,
        posts_to: str = "",
    ) -> Response:
        """Return a page. `posts_to` is an address elsewhere that its form is sent to."""
        parts = urlsplit(posts_to)
        target = f" {parts.scheme}://{parts.netloc}" if posts_to else ""
        headers = {
            "content-security-policy": (
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
                f"connect-src 'self'; form-action 'self'{target}; base-uri 'none'; "
                "frame-ancestors 'none'"
            ),
            "x-content-type-options": "nosniff",
            # Not no-referrer: with it, browsers send `Origin: null` with the page's own forms.
            "referrer-policy": "same-origin",
            "cache-control": "no-store",
        }
        text = self._templates.get_template(template).render(data)
        return Response(text, status, headers, "text/html")

    def refuse(self, status: HTTPStatus, text: str) -> Response:
        """Return a page that says why there is no other, and what to do."""
        return self.page("refusal.html", {"heading": status.phrase, "text": text}, status)


def set_cookie(response: Response, session: str, *, secure: bool) -> None:
    """Keep a session in the browser. Lax: GitHub leads back here by a link."""
    response.set_cookie(
        COOKIE, session, max_age=_COOKIE_LIFE, path="/setup", secure=secure, httponly=True,
        samesite="lax",
    )  # fmt: skip


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
