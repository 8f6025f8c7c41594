"""What every page has in common: its template, its headers, its style sheet's address."""

from __future__ import annotations

import hashlib
from functools import cache, cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

from bot.templating import open_templates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment
    from starlette.requests import Request

    from bot.dashboard.access import Greeting

__all__ = ["HEADERS", "STATIC", "Frame", "answer", "static_file"]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    # Not no-referrer: with it, browsers send `Origin: null` with the page's own forms.
    "referrer-policy": "same-origin",
    # A page is asked for each time, and not sent again where it has not changed.
    "cache-control": "private, no-cache",
    "vary": "Cookie",
}

STATIC = Path(__file__).parent / "static"
_KINDS = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


class Frame:
    """Makes pages of templates."""

    def __init__(
        self,
        *,
        documentation: str,
        greet: Callable[[Request], Greeting | None] = lambda _request: None,
    ) -> None:
        self._greet = greet
        self._common = {
            "documentation": documentation,
            "style": _hashed_name("covgate.css"),
            "icon": _hashed_name("icon.svg"),
        }

    @cached_property
    def _templates(self) -> Environment:
        return open_templates("bot.dashboard")

    def page(
        self,
        request: Request,
        template: str,
        data: Mapping[str, object],
        status: HTTPStatus = HTTPStatus.OK,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Return a page with an entity tag, or that it is still the same."""
        root = request.scope.get("root_path", "")
        values = {**self._common, "root": root, "greeting": self._greet(request), **data}
        text = self._templates.get_template(template).render(values)
        body = text.encode(errors="replace")
        return answer(
            request, body, "text/html; charset=utf-8", {**HEADERS, **(headers or {})}, status
        )

    def missing(self, request: Request) -> Response:
        """Return the one page for what is not there and for what one may not see.

        It says nothing that would tell the two apart, not even what was asked for.
        """
        return self.page(request, "missing.html", {}, HTTPStatus.NOT_FOUND)

    def away(self, request: Request, seconds: int) -> Response:
        """Return the page for a database or a queue that does not answer."""
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return self.page(request, "away.html", {}, status, {"retry-after": str(seconds)})


def answer(
    request: Request,
    body: bytes,
    kind: str,
    headers: Mapping[str, str],
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """Return a body with an entity tag, or 304 where the asker has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    told = {**headers, "etag": tag}
    if status == HTTPStatus.OK and _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=told)
    return Response(body, status, told, kind)


def _has(known: str, tag: str) -> bool:
    """Return whether a tag is among those of If-None-Match; a proxy may have weakened it."""
    return known.strip() == "*" or tag in {
        one.strip().removeprefix("W/") for one in known.split(",")
    }


def static_file(request: Request) -> Response | None:
    """Return a file by a name that has its content's hash in it, or None."""
    files = {_hashed_name(path.name): path for path in STATIC.iterdir() if path.suffix in _KINDS}
    found = files.get(request.path_params["name"])
    if found is None:
        return None
    headers = {**HEADERS, "cache-control": _FOREVER}
    return answer(request, found.read_bytes(), _KINDS[found.suffix], headers)


@cache
def _hashed_name(name: str) -> str:
    """Return "covgate.css" as "covgate.1a2b3c4d5e6f.css": new content has a new address."""
    stem, _, suffix = name.rpartition(".")
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"{stem}.{digest}.{suffix}"
