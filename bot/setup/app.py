"""The web process while there is no GitHub App yet: `/setup`, and little else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from bot.app import Guard
from bot.setup.routes import setup_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from bot.setup.state import Setup

__all__ = ["create_setup_app"]

_MISSING = "there is no GitHub App yet: `covgate up` printed the address of the set-up page"


def create_setup_app(setup: Setup) -> FastAPI:
    """Return the application that leads to the set-up."""
    app = FastAPI(title="Covgate", openapi_url=None)
    app.router.routes += [
        *setup_routes(setup),
        Route("/", _lead, methods=["GET"]),
        Route("/healthz", _alive, methods=["GET"]),
        Route("/readyz", _not_ready, methods=["GET"]),
    ]
    https = (setup.public_url or "").startswith("https://")
    app.add_middleware(Guard, receiver=_refuse_delivery, https=https)
    return app


async def _lead(_request: Request) -> RedirectResponse:
    return RedirectResponse("/setup", 303)


async def _alive(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "alive"})


async def _not_ready(_request: Request) -> JSONResponse:
    return _unavailable("not ready")


async def _refuse_delivery(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a delivery: the secret to check it by is not there yet."""
    await _unavailable("unavailable")(scope, receive, send)


def _unavailable(status: str) -> JSONResponse:
    content = {"status": status, "detail": _MISSING}
    return JSONResponse(content, 503, headers={"Retry-After": "30"})
