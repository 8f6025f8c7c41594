"""The pages of GitHub on which an App is registered and installed, as plain as can be.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest

Nobody signs in to register an App: whoever clicks is the
world's owner. Every other path is the API's.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.sandbox.login import LOGIN, LoginPages
from bot.sandbox.world import ALWAYS_SENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from bot.sandbox.records import Json
    from bot.sandbox.world import World

__all__ = ["ManifestError", "WebApp", "check_manifest"]

_OFFER = re.compile(r"(?:/organizations/([\w-]+))?/settings/apps/new")
_INSTALL = re.compile(r"/(?:apps|github-apps)/([\w-]+)/installations/(new|done)")
_CREATE = "/settings/apps/manifest"
_LOCAL = {"localhost", "127.0.0.1", "::1"}


class ManifestError(ValueError):
    """GitHub would not make an App of this manifest."""


def check_manifest(manifest: Json, *, local: bool) -> None:
    """Raise `ManifestError` for what GitHub refuses; `local` receivers are for Enterprise."""
    for name in ("name", "url", "redirect_url"):
        if not manifest.get(name):
            raise ManifestError(f"{name} is missing")
    if len(str(manifest["name"])) > 34:
        raise ManifestError("name is too long (maximum is 34 characters)")
    hook = manifest.get("hook_attributes", {})
    if hook:
        parts = urlsplit(str(hook.get("url", "")))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ManifestError("hook url is not valid")
        if parts.hostname in _LOCAL and not local:
            raise ManifestError("hook url is not reachable over the public Internet")
    for event in manifest.get("default_events", []):
        if event in ALWAYS_SENT:
            raise ManifestError(f"default_events: unsupported {event}")
    if manifest.get("default_events") and not manifest.get("default_permissions"):
        raise ManifestError("default_events need default_permissions")


class WebApp:
    """GitHub's site in front of its API. `deliver_to` takes the new App's webhook address.

    With `local`, a webhook on this machine is taken, as an Enterprise Server does.
    """

    def __init__(
        self,
        world: World,
        api: ASGIApp,
        deliver_to: Callable[[str | None], None],
        *,
        local: bool = True,
    ) -> None:
        self.world = world
        self._local = local
        self._api = api
        self._deliver_to = deliver_to
        self._login = LoginPages(world)
        self._offers: dict[str, tuple[Json, str]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or leave it to the API."""
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(LOGIN):
            self._login.world = self.world
            await self._login(scope, receive, send)
            return
        if scope["type"] != "http" or not (
            _OFFER.fullmatch(path) or _INSTALL.fullmatch(path) or path == _CREATE
        ):
            await self._api(scope, receive, send)
            return
        request = Request(scope, receive)
        pairs = parse_qs((await request.body()).decode(errors="replace"), keep_blank_values=True)
        form = {name: values[-1] for name, values in pairs.items()}
        answer = self._answer(request, form)
        await answer(scope, receive, send)

    def _answer(self, request: Request, form: Mapping[str, str]) -> Response:
        path = request.url.path
        if offer := _OFFER.fullmatch(path):
            return self._offer(request, form, offer[1] or "")
        if path == _CREATE:
            return self._create(form)
        install = _INSTALL.fullmatch(path)
        if install is None or install[1] != self.world.app.slug:
            return _page("Not Found", "", HTTPStatus.NOT_FOUND)
        if install[2] == "new":
            return self._ask_to_install(request)
        return self._install(request)

    def _offer(self, request: Request, form: Mapping[str, str], organisation: str) -> Response:
        """Show what somebody is about to make."""
        if request.method != "POST":
            return _page("Register new GitHub App", "<p>By hand: not here.</p>")
        try:
            manifest = json.loads(form.get("manifest", ""))
            check_manifest(manifest, local=self._local)
        except ValueError as error:
            text = f"<p>Invalid GitHub App configuration: {escape(str(error))}</p>"
            return _page("Error", text, HTTPStatus.UNPROCESSABLE_ENTITY)
        with self.world.lock:
            number = str(len(self._offers) + 1)
            self._offers[number] = manifest, request.query_params.get("state", "")
        whose = escape(organisation or "yourself")
        return _page(
            f"Create GitHub App for {whose}",
            f'<form method="post" action="{_CREATE}">'
            f'<input type="hidden" name="offer" value="{number}">'
            '<p><label>GitHub App name <input name="name" '
            f'value="{escape(str(manifest["name"]))}"></label></p>'
            f"<button>Create GitHub App for {whose}</button></form>",
        )

    def _create(self, form: Mapping[str, str]) -> Response:
        """Make the App, and lead back with the code of its credentials."""
        offer = self._offers.pop(form.get("offer", ""), None)
        if offer is None:
            return _page("Not Found", "", HTTPStatus.NOT_FOUND)
        manifest, state = offer
        world = self.world
        with world.lock:
            manifest = manifest | {"name": form.get("name", manifest["name"])}
            code = world.offer_manifest(manifest)
            world.app = replace(
                world.app,
                permissions=dict(manifest.get("default_permissions", {})),
                events=tuple(manifest.get("default_events", ())),
            )
        hook = manifest.get("hook_attributes", {})
        self._deliver_to(hook.get("url") if hook.get("active", True) else None)
        world.ping()
        query = urlencode({"code": code} | ({"state": state} if state else {}))
        return RedirectResponse(f"{manifest['redirect_url']}?{query}", HTTPStatus.FOUND)

    def _ask_to_install(self, request: Request) -> Response:
        names = sorted(repo.full_name for repo in self.world.repositories.values())
        items = "".join(f"<li>{escape(name)}</li>" for name in names)
        done = request.url.path.removesuffix("new") + "done"
        return _page(
            f"Install {escape(self.world.app.slug)}",
            f"<p>On all repositories:</p><ul>{items}</ul>"
            f'<form method="post" action="{escape(done)}"><button>Install</button></form>',
        )

    def _install(self, request: Request) -> Response:
        """Install the App on all repositories; lead to its set-up page, if it has one."""
        world = self.world
        if request.method != "POST":
            return _page("Not Found", "", HTTPStatus.NOT_FOUND)
        with world.lock:
            for repo in world.repositories.values():
                world.install(repo)
            made = world.registered.get("setup_url", "")
            number = next(iter(world.installations), 0)
        if not made:
            return _page("Installed", "<p>Okay, it was installed.</p>")
        query = urlencode({"installation_id": number, "setup_action": "install"})
        return RedirectResponse(f"{made}?{query}", HTTPStatus.FOUND)


def _page(title: str, body: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{body}\n', status
    )
