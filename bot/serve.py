"""`covgate serve`: the web process on a listening socket of its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
import signal
import threading
from typing import TYPE_CHECKING

import uvicorn

from bot.app import DOCUMENTATION, create_app
from bot.dashboard.wiring import open_dashboard
from bot.folder import FOLDER
from bot.listener import BACKLOG
from bot.metrics import InboxState
from bot.patience import PatientProtocol
from bot.setup.routes import setup_routes
from bot.setup.state import Setup
from worker.inbox import Acceptor, InboxUnavailableError
from worker.logs import get_logger

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Generator, Sequence
    from types import FrameType

    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from worker.settings import Settings

__all__ = ["open_app", "run_app", "run_until", "serve", "serving"]

_GRACE = 10
"""Seconds that answers under way have after SIGTERM; GitHub waits for no longer."""
_LULL = 1.0
"""Seconds that a connection without a request has after SIGTERM to send the one on its way."""

_log = get_logger(__name__)


def serve(settings: Settings, listener: socket.socket, ready: int | None = None) -> None:
    """Run the web process on a listening socket until SIGTERM or SIGINT.

    SIGHUP is for the parent that keeps the socket; here it means nothing.

    `ready` is the descriptor that gets a byte when requests are taken. Redis and the
    database need not be there yet: deliveries get 503 and /readyz says what is missing.
    """

    def tell() -> None:
        if ready is not None:
            os.write(ready, b"1")
            os.close(ready)

    # A terminal, and `systemctl kill`, send it to all processes of the service.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    run_app(open_app(settings), listener, tell, trusted=settings.trusted_proxies)


def open_app(settings: Settings, setup: Setup | None = None, *, here: bool = False) -> FastAPI:
    """Return the application with its real parts; nothing is connected yet.

    `setup` is the set-up that is under way; without one, `/setup` says that it is done.
    `here` says that the pages are for the one at this machine (`bot.dashboard.access`).
    """
    acceptor = Acceptor(settings.redis_url)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        look = asyncio.create_task(_greet_redis(acceptor))
        yield
        look.cancel()
        await asyncio.gather(look, return_exceptions=True)
        await acceptor.close()

    async def read_inbox() -> InboxState:
        found = await acceptor.numbers()
        return InboxState(found.waiting, found.overdue, found.late, found.sums, found.limits)

    app = create_app(
        webhook_secrets=[secret.get_secret_value().encode() for secret in settings.webhook_secrets],
        acceptor=acceptor,
        read_inbox=read_inbox,
        check_database=functools.partial(_check_database, settings.database_url),
        dashboard=open_dashboard(settings, acceptor, here=here, documentation=DOCUMENTATION),
        public_url=settings.public_url,
        lifespan=lifespan,
    )
    setup = setup or Setup(FOLDER, registered=True, public_url=settings.public_url)
    setup.deliveries = lambda: app.state.receiver.taken
    # First: the dashboard has pages of any two words.
    app.router.routes[:0] = setup_routes(setup)
    return app


async def _greet_redis(acceptor: Acceptor) -> None:
    """Say at once where Redis is away: nobody may be asking /readyz."""
    try:
        await acceptor.ping()
    except InboxUnavailableError as error:
        todo = "start it, or mend COVGATE_REDIS_URL; until then deliveries get 503"
        _log.warning("redis does not answer", error=str(error), todo=todo)


def _check_database(url: str) -> None:
    """Return where the database answers, raise where it does not."""
    # Nothing else in the receiver needs SQLAlchemy, which takes longer to import than all
    # the rest; by then the receiver is at work.
    from sqlalchemy import text  # noqa: PLC0415 -- as above

    from worker.store.engine import open_engine, reading  # noqa: PLC0415 -- as above

    with reading(open_engine(url)) as connection:
        connection.execute(text("SELECT 1"))


def run_app(
    app: ASGIApp,
    listener: socket.socket,
    tell_ready: Callable[[], None] = lambda: None,
    *,
    trusted: Sequence[str] = (),
) -> None:
    """Serve an application on a listening socket until SIGTERM or SIGINT; close the socket.

    What the proxies at the `trusted` addresses say of where a request came from is believed.
    On either signal it stops listening, finishes the answers under way and returns.
    """
    with listener:
        _Server(_config(app, trusted), tell_ready).run(sockets=[listener])


def run_until(
    app: ASGIApp, listener: socket.socket, on_start: Callable[[Callable[[], None]], None]
) -> bool:
    """Serve an application until a signal, or the function that `on_start` gets is called.

    Returns whether it was a signal. The socket stays open, and whoever connects meanwhile
    waits for the next one who serves on it.
    """
    with listener.dup() as own:
        server = _Server(_config(app), lambda: None)
        on_start(server.stop)
        server.run(sockets=[own])
    return server.signalled


def _config(app: ASGIApp, trusted: Sequence[str] = ()) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",  # the orderly end below is made for it
        http=PatientProtocol,
        access_log=False,  # the receiver writes an event of its own for each delivery
        log_config=None,
        server_header=False,
        lifespan="on",
        ws="none",
        # Nothing here trusts where a request says that it comes from, but for these.
        proxy_headers=bool(trusted),
        forwarded_allow_ips=list(trusted),
        backlog=BACKLOG,
        timeout_graceful_shutdown=_GRACE,
    )


@contextlib.contextmanager
def serving(
    app: ASGIApp, listener: socket.socket, *, trusted: Sequence[str] = ()
) -> Generator[None, None, None]:
    """Serve an application on a thread while the block runs; close the socket after it."""
    config = _config(app, trusted)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="receiver")
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _address(listener: socket.socket) -> str:
    name = listener.getsockname()
    if not isinstance(name, tuple):  # a Unix socket, of systemd's making
        return f"unix:{os.fsdecode(name)}"
    host, port = name[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Uvicorn, that returns on a signal, and with nothing left to collect at start."""

    def __init__(self, config: uvicorn.Config, tell_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_ready = tell_ready
        self.signalled = False

    def stop(self) -> None:
        """End as on a signal; to be called from any thread."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal."""
        self.signalled = True
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is there now stays: the collector need not walk through it again. This takes
        # the slowest answers from about 27 to 10 ms.
        gc.collect()
        gc.freeze()
        for listener in sockets or ():
            _log.info("listening", url=_address(listener))
        if self.started:
            self._tell_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, answer those that there are, and end.

        Uvicorn closes at once what has not sent its request yet: those whose request is on
        its way would be cut off, and those that it has accepted but not made known to itself.
        """
        loop = asyncio.get_running_loop()
        for listener in sockets or ():
            # Who comes now is for the next receiver: the socket lives on in the parent.
            loop.remove_reader(listener)
        self.server_state.default_headers = [
            *self.server_state.default_headers, (b"connection", b"close"),
        ]  # fmt: skip
        end = loop.time() + _LULL
        await asyncio.sleep(0.05)
        while self.server_state.connections and loop.time() < end:  # noqa: ASYNC110 -- none to wait for
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)

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
