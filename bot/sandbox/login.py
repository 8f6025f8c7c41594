"""The pages on which a person lets the App act for them, as plain as can be.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app

Nobody has a password: whoever looks chooses who they are.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import timedelta
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bot.sandbox.records import Consent, UserToken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from bot.sandbox.world import World

__all__ = ["LOGIN", "LoginPages"]

LOGIN = "/login/oauth/"
TOKEN_LIFE = timedelta(hours=8)


class LoginPages:
    """Everything below /login/oauth/, as an ASGI application."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        pairs = parse_qs((await request.body()).decode(errors="replace"), keep_blank_values=True)
        form = {name: values[-1] for name, values in pairs.items()}
        with self.world.lock:
            answer = self._answer(request, form)
        await answer(scope, receive, send)

    def _answer(self, request: Request, form: Mapping[str, str]) -> Response:
        asked = request.method, request.url.path.removeprefix(LOGIN)
        if asked == ("GET", "authorize"):
            return self._ask(request.query_params)
        if asked == ("POST", "authorize"):
            return self._decide(form)
        if asked == ("POST", "access_token"):
            return self._exchange(form)
        return HTMLResponse("Not Found", HTTPStatus.NOT_FOUND)

    def _ask(self, asked: Mapping[str, str]) -> Response:
        """Show who one may be here."""
        if asked.get("client_id") != self.world.client_id or not self._is_ours(asked):
            return HTMLResponse("Be careful! The redirect_uri is not this App's.", 404)
        kept = ("redirect_uri", "state", "code_challenge")
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{escape(asked.get(name, ""))}">'
            for name in kept
        )
        people = sorted(one.login for one in self.world.users.values() if one.kind == "User")
        buttons = "".join(
            f'<p><button name="login" value="{escape(one)}">{escape(one)}</button></p>'
            for one in people
        )
        title = f"{escape(self.world.app.slug)} would like to know who you are"
        return HTMLResponse(
            f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>'
            f'<form method="post" action="{LOGIN}authorize">{fields}{buttons}'
            '<p><button name="login" value="">Cancel</button></p></form>\n'
        )

    def _is_ours(self, asked: Mapping[str, str]) -> bool:
        """Return whether GitHub would lead there: the App's own callback addresses."""
        known = self.world.registered.get("callback_urls")
        return known is None or asked.get("redirect_uri") in known

    def _decide(self, form: Mapping[str, str]) -> Response:
        user = self.world.users.get(form.get("login", ""))
        if user is None:
            query = {"error": "access_denied", "error_description": "The user has denied access"}
        else:
            code = secrets.token_hex(10)
            self.world.consents[code] = Consent(
                user, form.get("redirect_uri", ""), form.get("code_challenge", "")
            )
            query = {"code": code}
        query["state"] = form.get("state", "")
        return RedirectResponse(f"{form.get('redirect_uri')}?{urlencode(query)}", HTTPStatus.FOUND)

    def _exchange(self, form: Mapping[str, str]) -> Response:
        """Change a code for a token; refusals have the status 200, as GitHub's have."""
        world = self.world
        known = (world.client_id, world.client_secret)
        if (form.get("client_id"), form.get("client_secret")) != known:
            return JSONResponse({"error": "incorrect_client_credentials"})
        consent = world.consents.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).decode()
        if consent is None or consent.challenge not in {"", challenge.rstrip("=")}:
            return JSONResponse({"error": "bad_verification_code"})
        if form.get("redirect_uri", consent.redirect_uri) != consent.redirect_uri:
            return JSONResponse({"error": "redirect_uri_mismatch"})
        token = UserToken(f"ghu_{secrets.token_hex(18)}", consent.user, world.clock() + TOKEN_LIFE)
        world.user_tokens[token.text] = token
        return JSONResponse(
            {
                "access_token": token.text,
                "expires_in": int(TOKEN_LIFE.total_seconds()),
                "refresh_token": f"ghr_{secrets.token_hex(38)}",
                "refresh_token_expires_in": 15_897_600,
                "scope": "",
                "token_type": "bearer",
            }
        )
