"""`covgate serve`: the web process on a listening socket of its own."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import gc
import signal
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from bot.app import create_app
from bot.metrics import InboxState
from worker.core.errors import CovgateError
from worker.inbox import Acceptor
from worker.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from worker.settings import Settings

__all__ = ["AddressError", "bind", "open_app", "run_app", "serve", "serving"]

_BACKLOG = 2048
_GRACE = 10
"""Seconds that answers under way have after SIGTERM; GitHub waits for no longer."""

_log = get_logger(__name__)


class AddressError(CovgateError):
    """The address to listen on can't be had."""


def serve(settings: Settings, host: str, port: int) -> None:
    """Run the web process until SIGTERM or SIGINT.

    Raises `AddressError` where the address can't be had. Redis and the database need not
    be there yet: deliveries get 503 and /readyz says what is missing.
    """
    listener = bind(host, port)
    run_app(open_app(settings), listener)


def open_app(settings: Settings) -> FastAPI:
    """Return the application with its real parts; nothing is connected yet."""
    acceptor = Acceptor(settings.redis_url)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await acceptor.close()

    async def read_inbox() -> InboxState:
        numbers = await acceptor.numbers()
        return InboxState(numbers.waiting, numbers.overdue)

    return create_app(
        webhook_secrets=[secret.get_secret_value().encode() for secret in settings.webhook_secrets],
        acceptor=acceptor,
        read_inbox=read_inbox,
        check_database=functools.partial(_check_database, settings.database_url),
        public_url=settings.public_url,
        lifespan=lifespan,
    )


def _check_database(url: str) -> None:
    """Return where the database answers, raise where it does not."""
    # Nothing else in the receiver needs SQLAlchemy, which takes longer to import than all
    # the rest; by then the receiver is at work.
    from sqlalchemy import text  # noqa: PLC0415 -- as above

    from worker.store.engine import open_engine, reading  # noqa: PLC0415 -- as above

    with reading(open_engine(url)) as connection:
        connection.execute(text("SELECT 1"))


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; port 0 takes a free one.

    Raises `AddressError`, a line that says what is in the way.
    """
    if not 0 <= port <= 65_535:
        # The system would take it modulo 65,536.
        raise AddressError(f"--port {port} is no port: choose one from 1 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise AddressError(f"--host {host} is no address of this machine: {error}") from error
    listener = socket.socket(family, kind, protocol)
    try:
        # A restart need not wait for the old connections' last minutes.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise AddressError(
            f"can't listen on {host}, port {port}: {error}; "
            + ("stop what uses it, or " if getattr(error, "errno", 0) == errno.EADDRINUSE else "")
            + "choose another with --host and --port"
        ) from error
    return listener


def run_app(app: ASGIApp, listener: socket.socket) -> None:
    """Serve an application on a listening socket until SIGTERM or SIGINT; close the socket.

    On either signal it stops listening, finishes the answers under way and returns.
    """
    config = uvicorn.Config(
        app,
        access_log=False,  # the receiver writes an event of its own for each delivery
        log_config=None,
        server_header=False,
        lifespan="on",
        ws="none",
        proxy_headers=False,  # nothing here trusts where a request says that it comes from
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE,
    )
    with listener:
        _Server(config).run(sockets=[listener])


@contextlib.contextmanager
def serving(app: ASGIApp, listener: socket.socket) -> Generator[None, None, None]:
    """Serve an application on a thread while the block runs; close the socket after it."""
    config = uvicorn.Config(app, access_log=False, log_config=None, lifespan="on", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="receiver")
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class _Server(uvicorn.Server):
    """Uvicorn, that returns on a signal, and with nothing left to collect at start."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is there now stays: the collector need not walk through it again. This takes
        # the slowest answers from about 27 to 10 ms.
        gc.collect()
        gc.freeze()
        for listener in sockets or ():
            host, port = listener.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            _log.info("listening", url=f"http://{shown}:{port}")

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop on a signal and be done with it.

        Uvicorn raises the signal again at its end, so that a graceful end has the exit
        status of a killed process.
        """
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
