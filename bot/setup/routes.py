"""`/setup` over HTTP: the page is open, and each step needs the one-time token's session."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.forms import origin_of, read_form, sent_from_here
from bot.setup.frame import COOKIE, Frame, set_cookie
from bot.setup.pages import progress_data, start_data
from bot.setup.state import Wishes
from worker.core.errors import CovgateError
from worker.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from bot.setup.state import Setup

__all__ = ["setup_routes"]

_STATIC = Path(__file__).parent / "static"
_LOOK = Path(__file__).parents[1] / "dashboard" / "static"
_STALE = "This form is not, or no longer, one of this set-up's. Go back to /setup and try again."
_CLOSED = (
    "This needs the address with the one-time token that `covgate up` printed when it started. "
    "Open that first, in this browser."
)
_SPENT = (
    "This address was used already, in this or another browser. If that was not you, stop "
    "`covgate up` and start it again: it prints a new one."
)

_log = get_logger(__name__)


def setup_routes(setup: Setup) -> list[BaseRoute]:
    """Return the routes of `/setup` and below."""
    pages = _Pages(setup)
    return [
        Route("/setup", pages.start, methods=["GET"]),
        Route("/setup/app", pages.acting(pages.begin), methods=["POST"]),
        Route("/setup/created", pages.created, methods=["GET"]),
        Route("/setup/import", pages.acting(pages.adopt), methods=["POST"]),
        Route("/setup/hide", pages.acting(pages.hide), methods=["POST"]),
        Route("/setup/installed", pages.installed, methods=["GET"]),
        Route("/setup/progress", pages.progress, methods=["GET"]),
        Mount("/setup/static", StaticFiles(directory=_STATIC)),
        # The dashboard itself is not there yet, but its look is.
        Mount("/setup/look", StaticFiles(directory=_LOOK)),
    ]


class _Pages:
    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._frame = Frame()

    def _admitted(self, request: Request) -> bool:
        return self._setup.door.admits(request.cookies.get(COOKIE, ""))

    def _has_app(self) -> bool:
        return self._setup.credentials is not None

    async def start(self, request: Request) -> Response:
        """Show where the set-up is; change the token in the address for the cookie."""
        token = request.query_params.get("token")
        if token is not None and not self._admitted(request):
            return self._enter(request, token)
        if token is not None:
            return _to_start()
        if self._setup.credentials is not None and self._admitted(request):
            progress = await run_in_threadpool(self._setup.progress)
            data = progress_data(self._setup, progress)
            return self._frame.page("progress.html", data | {"proof": self._setup.door.proof})
        return self._form(request)

    def _enter(self, request: Request, token: str) -> Response:
        door = self._setup.door
        if door.token and door.used:
            return self._frame.refuse(HTTPStatus.FORBIDDEN, _SPENT)
        # A browser that only looks ahead must not spend it.
        session = door.open(token) if request.method == "GET" else None
        if session is None:
            return self._frame.refuse(HTTPStatus.FORBIDDEN, _CLOSED)
        response = _to_start()
        origin = origin_of(request, self._setup.public_url)
        set_cookie(response, session, secure=origin.startswith("https://"))
        return response

    def _form(
        self,
        request: Request,
        typed: Mapping[str, str] | None = None,
        error: str = "",
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        admitted = self._admitted(request)
        origin = origin_of(request, self._setup.public_url)
        data = start_data(self._setup, origin, typed or {}, admitted=admitted)
        proof = self._setup.door.proof if admitted else ""
        return self._frame.page("start.html", data | {"error": error, "proof": proof}, status)

    def acting(
        self, act: Callable[[Request, Mapping[str, str]], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that acts for the session's own forms alone."""

        async def endpoint(request: Request) -> Response:
            if not self._admitted(request):
                return self._frame.refuse(HTTPStatus.FORBIDDEN, _CLOSED)
            form = await read_form(request)
            if form is None:
                text = "The form is longer than any key is."
                return self._frame.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
            if not sent_from_here(request) or not self._setup.door.proves(form.get("proof", "")):
                return self._frame.refuse(HTTPStatus.FORBIDDEN, _STALE)
            try:
                return await act(request, form)
            except CovgateError as error:
                return self._form(request, form, str(error), HTTPStatus.UNPROCESSABLE_ENTITY)

        return endpoint

    async def begin(self, request: Request, form: Mapping[str, str]) -> Response:
        """Send the browser to GitHub with the manifest."""
        organisation = form.get("organisation", "").strip()
        wishes = Wishes(
            site=form.get("site", ""),
            organisation=organisation if form.get("owner") == "organisation" else "",
            name=form.get("name", ""),
            hook_url=form.get("hook", ""),
            keep=form.get("keep") != "show",
        )
        if form.get("owner") == "organisation" and not organisation:
            text = "Name the organisation that shall own the App"
            return self._form(request, form, text, HTTPStatus.UNPROCESSABLE_ENTITY)
        handover = self._setup.begin(wishes, origin_of(request, self._setup.public_url))
        data = {"url": handover.url, "manifest": json.dumps(handover.manifest)}
        return self._frame.page("handover.html", data, posts_to=handover.url)

    async def created(self, request: Request) -> Response:
        """Take the App over that GitHub made, and led back from."""
        if not self._admitted(request):
            return self._frame.refuse(HTTPStatus.FORBIDDEN, _CLOSED)
        if self._has_app():
            return _to_start()  # the page was loaded again
        query = request.query_params
        try:
            await run_in_threadpool(
                self._setup.complete, query.get("code", ""), query.get("state", "")
            )
        except CovgateError as error:
            if self._has_app():
                return _to_start()  # the same answer, a moment earlier
            return self._form(request, {}, str(error), HTTPStatus.UNPROCESSABLE_ENTITY)
        return self._settled()

    async def adopt(self, _request: Request, form: Mapping[str, str]) -> Response:
        """Take an App over that exists."""
        await run_in_threadpool(
            self._setup.adopt,
            form.get("app_id", "").strip(),
            form.get("private_key", ""),
            form.get("webhook_secret", ""),
            form.get("site", ""),
            keep=form.get("keep") != "show",
        )
        return self._settled()

    def _settled(self) -> Response:
        credentials = self._setup.credentials
        assert credentials is not None  # noqa: S101 - settled a moment ago
        _log.info("set up", app=credentials.app_id, stored=self._setup.stored_at is not None)
        # After the answer: then all of it goes on with the App.
        return _to_start(BackgroundTask(self._setup.finish))

    async def hide(self, _request: Request, _form: Mapping[str, str]) -> Response:
        """Show the credentials no more."""
        self._setup.hide()
        return _to_start()

    async def installed(self, request: Request) -> Response:
        """Lead on from GitHub's installation page, to what is new there."""
        if self._admitted(request):
            self._setup.ask_again()
        return _to_start()

    async def progress(self, request: Request) -> Response:
        """Tell the page how far it is."""
        if not self._admitted(request):
            return JSONResponse({"status": "refused", "detail": _CLOSED}, HTTPStatus.FORBIDDEN)
        data = progress_data(self._setup, await run_in_threadpool(self._setup.progress))
        listed = [
            {"name": one.name, "state": one.state, "title": one.title, "text": one.text}
            for one in data["steps"]
        ]
        told = {"done": data["done"], "installed": data["installed"]}
        return JSONResponse(told | {"steps": listed, "failing": data["hook_failing"]})


def _to_start(task: BackgroundTask | None = None) -> Response:
    headers = {"referrer-policy": "same-origin", "cache-control": "no-store"}
    return RedirectResponse("/setup", HTTPStatus.SEE_OTHER, headers, task)
