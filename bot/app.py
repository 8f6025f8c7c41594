"""The web process, put together in one place; everything it needs is passed in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.events import EVENTS
from bot.health import health_routes, threaded_probe
from bot.metrics import InboxState, Metrics, metrics_route
from bot.webhook import Acceptor, Receiver, ReceiverLimits
from worker.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["DOCUMENTATION", "WEBHOOK_PATH", "Guard", "create_app"]

DOCUMENTATION = "https://github.com/covgate/covgate#readme"

WEBHOOK_PATH = "/webhooks/github"

_HEADERS = {
    # A page that needs more than nothing says so itself.
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    # No other site's page may have it as a picture or a script, and learn from its size.
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

_log = get_logger(__name__)


def create_app(
    *,
    webhook_secrets: Sequence[bytes],
    acceptor: Acceptor,
    read_inbox: Callable[[], Awaitable[InboxState]],
    check_database: Callable[[], object],
    dashboard: Sequence[BaseRoute] = (),
    public_url: str | None = None,
    limits: ReceiverLimits | None = None,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """Return the application.

    `read_inbox` says what waits; `check_database` may block and raises where the database
    does not answer. `dashboard` are the routes of its pages. Whatever has to be opened and
    closed with the application's event loop is `lifespan`'s affair. Raises ValueError without
    a webhook secret.
    """
    if not any(webhook_secrets):
        raise ValueError("a receiver without a secret would refuse every delivery")
    app = FastAPI(
        title="Covgate",
        # The pages that FastAPI makes of its routes load scripts from elsewhere.
        openapi_url=None,
        lifespan=lifespan,
        exception_handlers={HTTPException: _refuse},
    )
    metrics = Metrics(EVENTS)
    receiver = Receiver(webhook_secrets, acceptor, metrics, limits)
    app.router.routes += [
        Route(WEBHOOK_PATH, receiver, methods=["POST"]),
        *health_routes({"redis": acceptor.ping, "database": threaded_probe(check_database)}),
        metrics_route(metrics, read_inbox),
        # Last: two words of any kind are a repository's page.
        *dashboard,
    ]
    app.state.receiver = receiver
    app.add_middleware(Guard, receiver=receiver, https=(public_url or "").startswith("https://"))
    return app


async def _refuse(_request: Request, error: Exception) -> JSONResponse:
    """Answer what no route answers: 404, 405."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- by its registration
    return JSONResponse(
        {"status": "refused", "detail": error.detail},
        status_code=error.status_code,
        headers=error.headers,
    )


class Guard:
    """Adds the security headers that an answer lacks, and keeps every traceback inside."""

    def __init__(self, app: ASGIApp, *, receiver: ASGIApp, https: bool) -> None:
        self._app = app
        self._receiver = receiver
        headers = dict(_HEADERS)
        if https:
            headers["strict-transport-security"] = "max-age=31536000"
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers: list[tuple[bytes, bytes]] = message["headers"]
                present = {name for name, _ in headers}
                headers += [header for header in self._headers if header[0] not in present]
            await send(message)

        # Straight to the receiver: the layers between here and there have nothing to do for
        # it and take a third as long again as all that it does before the queue.
        direct = scope["path"] == WEBHOOK_PATH and scope["method"] == "POST"
        app = self._receiver if direct else self._app
        try:
            await app(scope, receive, send_guarded)
        except Exception:
            report = secrets.token_hex(8)
            _log.exception("request failed", id=report, method=scope["method"], path=scope["path"])
            if started:
                raise  # the server cuts the half-sent answer off
            await _apologise(report)(scope, receive, send_guarded)


def _apologise(report: str) -> JSONResponse:
    content: dict[str, Any] = {
        "status": "failed",
        "detail": f"this is a defect of Covgate; its log tells more under the id {report}",
        "id": report,
    }
    return JSONResponse(content, status_code=500)
