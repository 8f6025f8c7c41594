"""`/sign-in`, `/sign-out` and the page for a repository's API tokens, over HTTP."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.dashboard.frame import Frame
from bot.dashboard.gate import MissingError, find_repository
from bot.forms import origin_of, read_form, sent_from_here
from bot.signin.exchange import ExchangeError
from bot.signin.limits import SIGN_IN, TOKENS, Limiter
from bot.signin.person import SignedOutError
from bot.signin.sessions import PENDING, Pending
from bot.signin.tokens import DAYS
from worker.core.errors import CovgateError, PostponedError
from worker.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from bot.dashboard.gate import Parts
    from bot.signin.wiring import SignIn
    from worker.core.refs import Repository

__all__ = ["CALLBACK", "signin_routes"]

CALLBACK = "/sign-in/callback"
"""As the App's manifest has it."""
_LONGEST_PATH = 1_000
_STORED_NOWHERE = {"cache-control": "no-store"}
_STRANGE = (
    "This answer does not belong to a sign-in that was begun in this browser within the last ten "
    "minutes, or it was used already."
)
_STALE = "This form is not, or no longer, one of your session's. Go back, load the page again."

_log = get_logger(__name__)


def signin_routes(signin: SignIn, parts: Parts) -> list[BaseRoute]:
    """Return the routes, to be put before the dashboard's, of whose `parts` its pages are."""
    pages = _Pages(signin, parts)

    def limited(path: str, view: Callable[[Request], Awaitable[Response]], *methods: str) -> Route:
        limit = TOKENS if "{repo}" in path else SIGN_IN
        route = Route(path, pages.answering(view), methods=list(methods))
        route.app = Limiter(route.app, signin.rates, limit, signin.name_person)
        return route

    return [
        limited("/sign-in", pages.begin, "GET"),
        limited(CALLBACK, pages.complete, "GET"),
        Route("/sign-out", pages.answering(pages.leave), methods=["POST"]),
        Route("/{owner}/{repo}/token", pages.answering(pages.offer), methods=["GET"]),
        limited("/{owner}/{repo}/token", pages.issue, "POST"),
    ]


class _Pages:
    def __init__(self, signin: SignIn, parts: Parts) -> None:
        self._signin = signin
        self._sessions = signin.sessions
        self._parts = parts
        self._frame = Frame(documentation=parts.documentation, greet=parts.greet)

    def answering(
        self, view: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that has a page for what is missing, or can't be had now."""

        async def endpoint(request: Request) -> Response:
            try:
                return await view(request)
            except MissingError:
                return await run_in_threadpool(self._frame.missing, request)
            except CovgateError as error:
                _log.warning("sign-in unavailable", path=request.url.path, reason=str(error))
                seconds = error.seconds if isinstance(error, PostponedError) else 30
                return await run_in_threadpool(self._frame.away, request, max(1, int(seconds)))

        return endpoint

    async def begin(self, request: Request) -> Response:
        """Send the browser to GitHub."""
        origin = origin_of(request, self._signin.public_url)
        if not origin:
            return await self._refuse(request, "The browser asked for an odd host.")
        begun = await run_in_threadpool(
            self._signin.authorisation.begin, self._redirect_uri(request)
        )
        response = _lead(begun.url)
        pending = Pending(begun.state, begun.verifier, _way_back(request))
        self._sessions.keep_pending(response, pending, secure=_is_secure(request))
        return response

    async def complete(self, request: Request) -> Response:
        """Take the code that GitHub led back with."""
        query = request.query_params
        pending = self._sessions.pending(request)
        state = query.get("state", "")
        # In bytes: of texts, `compare_digest` refuses those that are not ASCII.
        if pending is None or not secrets.compare_digest(pending.state.encode(), state.encode()):
            return await self._refuse(request, _STRANGE)
        if query.get("error") or not query.get("code"):
            text = "GitHub says that you did not agree, so nobody is signed in."
            if query.get("error") not in {"access_denied", None, ""}:
                text = "GitHub could not sign you in."
            return await self._refuse(request, text)
        try:
            return await run_in_threadpool(self._enter, request, pending, query["code"])
        except ExchangeError as error:
            return await self._refuse(request, f"{error}.")

    def _enter(self, request: Request, pending: Pending, code: str) -> Response:
        granted = self._signin.authorisation.exchange(
            code, pending.verifier, self._redirect_uri(request)
        )
        try:
            who = self._signin.github.identify(granted.token)
        except SignedOutError:
            who = None
        if who is None:
            raise ExchangeError("GitHub does not say whose the sign-in is")
        former = self._sessions.find(request)
        if former is not None:
            self._sessions.end(request, former)
        response = _lead(pending.back)
        self._sessions.start(
            response, who, granted.token, seconds=granted.seconds, secure=_is_secure(request)
        )
        self._sessions.forget_cookie(response, PENDING)
        _log.info("signed in", login=who.login)
        return response

    async def leave(self, request: Request) -> Response:
        """End the session."""
        person = await run_in_threadpool(self._sessions.find, request)
        response = _lead("/")
        if person is None and not self._sent_from_ours(request):
            # Browsers leave the cookie out of what other sites send, but would drop it.
            return await self._refuse(request, _STALE, HTTPStatus.FORBIDDEN)
        if person is not None:
            form = await read_form(request)
            if not self._is_ours(request, form):
                return await self._refuse(request, _STALE, HTTPStatus.FORBIDDEN)
            await run_in_threadpool(self._sessions.end, request, person)
        self._sessions.forget_cookie(response)
        return response

    async def offer(self, request: Request) -> Response:
        """Say what a token is, with the button that makes one."""
        return await run_in_threadpool(self._token_page, request)

    async def issue(self, request: Request) -> Response:
        """Make a token, for who may write."""
        form = await read_form(request)
        return await run_in_threadpool(self._issue, request, form)

    def _issue(self, request: Request, form: Mapping[str, str] | None) -> Response:
        repository = self._find(request)
        if not self._is_ours(request, form):
            return self._refuse_now(request, _STALE, HTTPStatus.FORBIDDEN)
        return self._token_page(request, self._signin.tokens.issue(repository))

    def _token_page(self, request: Request, token: str = "") -> Response:
        repository = self._find(request)
        person = self._sessions.find(request)
        proof = "" if person is None else self._sessions.proof(person)
        root = self._signin.public_url or origin_of(request, None)
        data = {
            "repository": repository,
            "token": token,
            "days": DAYS,
            "proof": proof,
            "address": f"{root}/api/v1/repositories/{repository.full_name}",
        }
        return self._frame.page(request, "token.html", data, headers=_STORED_NOWHERE)

    def _find(self, request: Request) -> Repository:
        names = request.path_params["owner"], request.path_params["repo"]
        repository = find_repository(self._parts, request, *names)
        if not self._signin.viewer.may_write(request, repository):
            raise MissingError
        return repository

    def _is_ours(self, request: Request, form: Mapping[str, str] | None) -> bool:
        """Return whether a form was sent by a page of this session."""
        person = self._sessions.find(request)
        proof = "" if form is None else form.get("proof", "")
        return (
            person is not None
            and self._sent_from_ours(request)
            and self._sessions.proves(person, proof)
        )

    def _sent_from_ours(self, request: Request) -> bool:
        """Return whether a form is of this host, or of the public one that a proxy speaks for."""
        known = urlsplit(self._signin.public_url)
        public = f"{known.scheme}://{known.netloc}"
        return sent_from_here(request) or request.headers.get("origin") == public

    def _redirect_uri(self, request: Request) -> str:
        return (self._signin.public_url or origin_of(request, None)) + CALLBACK

    async def _refuse(
        self, request: Request, text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> Response:
        return await run_in_threadpool(self._refuse_now, request, text, status)

    def _refuse_now(self, request: Request, text: str, status: HTTPStatus) -> Response:
        data = {"text": text}
        response = self._frame.page(request, "refused.html", data, status, _STORED_NOWHERE)
        self._sessions.forget_cookie(response, PENDING)
        return response


def _lead(url: str) -> Response:
    return RedirectResponse(url, HTTPStatus.SEE_OTHER, _STORED_NOWHERE)


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _way_back(request: Request) -> str:
    """Return the path of the page that led here, of this host alone; else the first page."""
    try:
        parts = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    local = parts.netloc == request.headers.get("host") and path.startswith("/")
    # Browsers read both as another host's address.
    if not local or path.startswith(("//", "/\\", "/sign-")) or len(path) > _LONGEST_PATH:
        return "/"
    return path if path.isascii() and path.isprintable() else "/"
