"""What every page has in common: its template, its headers, and the proof of a form."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import Response

from bot.templating import open_templates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

__all__ = ["HEADERS", "Frame"]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "form-action 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    # Not no-referrer: with it, browsers send `Origin: null` with the page's own forms.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


class Frame:
    """Makes pages of templates. Its token, new with every process, is in every form."""

    def __init__(self) -> None:
        self._token = secrets.token_urlsafe(32)
        self._templates = open_templates("bot.sandbox")

    def page(
        self,
        request: Request,
        template: str,
        data: Mapping[str, object],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        """Return a page with an entity tag, or that it is still the same.

        `data` may say that something is `pending`: then it loads itself again even without
        scripts.
        """
        common = {"root": request.scope["root_path"], "token": self._token, "pending": False}
        text = self._templates.get_template(template).render({**common, **data})
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
        headers = HEADERS | {"etag": tag}
        if status == HTTPStatus.OK and request.headers.get("if-none-match") == tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(text, status, headers, "text/html")

    def refuse(self, request: Request, status: HTTPStatus, text: str) -> Response:
        """Return a page that says why there is no other."""
        data = {"heading": status.phrase, "text": text}
        return self.page(request, "refusal.html", data, status)

    def is_own(self, request: Request, form: Mapping[str, str]) -> bool:
        """Whether a form was on a page of this process, and was sent from there."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return False
        return hmac.compare_digest(form.get("token", "").encode(), self._token.encode())
