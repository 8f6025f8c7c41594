"""The real parts behind the pages, put together in one place."""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.dashboard.access import (
    BadgeTokens,
    Greeting,
    LoopbackViewer,
    NoSource,
    PublicViewer,
    SourceReader,
    Viewer,
    is_here,
    is_loopback,
)
from bot.dashboard.gate import Parts
from bot.dashboard.routes import dashboard_routes
from bot.dashboard.sources import AppSource
from bot.signin.limits import API, Limiter
from bot.signin.routes import signin_routes
from bot.signin.wiring import open_rates, open_signin

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from worker.inbox import Acceptor
    from worker.ports import History
    from worker.settings import Settings

__all__ = ["open_dashboard"]


def open_dashboard(
    settings: Settings, acceptor: Acceptor, *, here: bool, documentation: str
) -> list[BaseRoute]:
    """Return the dashboard's routes; nothing is connected yet.

    `here` says that the server is bound to a loopback address for the one at this machine:
    then it is open to them. That is not so where it has an address for others, too: what
    passes their requests on need not leave a trace of it.
    """
    rates = open_rates(settings)
    signin = open_signin(settings, rates)
    viewer: Viewer = PublicViewer() if signin is None else signin.viewer
    source: SourceReader = NoSource() if signin is None else signin.source
    shared = settings.public_url and not is_loopback(urlsplit(settings.public_url).hostname or "")
    if here and not shared:
        viewer, source = LoopbackViewer(viewer), AppSource(settings, source)

    @functools.cache
    def open_history() -> History:
        # Nothing else in the receiver needs SQLAlchemy, which takes longer to import than all
        # the rest; by then the receiver is at work.
        from worker.store import SqlStore, open_engine  # noqa: PLC0415 -- as above

        return SqlStore(open_engine(settings.database_url))

    def name_person(request: Request) -> str:
        return "" if signin is None else signin.name_person(request)

    def greet(request: Request) -> Greeting | None:
        # The one at this machine sees everything, and need be nobody.
        own = isinstance(viewer, LoopbackViewer) and is_here(request)
        return None if signin is None or own else signin.greet(request)

    parts = Parts(
        open_history=open_history,
        read_queue=acceptor.queue,
        viewer=viewer,
        badges=BadgeTokens(_badge_secret(settings)),
        source=source,
        registered=settings.registered,
        public_url=settings.public_url or "",
        documentation=documentation,
        greet=greet,
        limit_api=lambda api: Limiter(api, rates, API, name_person),
    )
    own = [] if signin is None else signin_routes(signin, parts)
    return [*own, *dashboard_routes(parts)]


def _badge_secret(settings: Settings) -> bytes:
    """Return what badges' tokens are derived from: the App's key, so that they outlive a start."""
    key = settings.private_key.get_secret_value().encode()
    if not key:
        return secrets.token_bytes(32)
    return hmac.new(key, b"covgate badges", hashlib.sha256).digest()
