"""What every page of the set-up has in common: templates, headers, the cookie."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import Response

from bot.templating import open_templates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

__all__ = ["COOKIE", "Frame", "set_cookie"]

COOKIE = "covgate_setup"
_COOKIE_LIFE = 12 * 3600


class Frame:
    """Makes pages of the set-up's templates."""

    @cached_property
    def _templates(self) -> Environment:
        return open_templates("bot.setup")

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
