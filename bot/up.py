"""`covgate up`: all of it on one machine, as children of one process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import typer

from bot.app import WEBHOOK_PATH
from bot.dashboard.access import is_loopback
from bot.folder import ADDRESS, FOLDER, held, read_stored, running_parts
from bot.listener import bind, follower
from bot.relay.tunnel import forwarding
from bot.serve import open_app, run_app, run_until
from bot.setup.app import create_setup_app
from bot.setup.door import Door
from bot.setup.state import Setup
from bot.signals import stopped_by_sigterm
from worker.core.errors import CovgateError, SettingError
from worker.embedded import EmbeddedServer, EmbeddedServerError
from worker.logs import configure_logs, get_logger
from worker.settings import Settings, load_settings
from worker.store import migrate

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["embedded_parts", "run_up", "started_workers"]

_ENV_FILE = Path(".env")
_GRACE = 30.0
"""Seconds that workers have to end what they do."""
_FORCED = 10.0
"""Seconds that they have after the second signal, which means now."""
_LOOK = 0.5
"""Seconds between two looks at whether the embedded server is still there."""

_log = get_logger(__name__)


def run_up(
    environment: Mapping[str, str], host: str, port: int, count: int, tunnel: str = ""
) -> None:
    """Serve, with `count` workers, until SIGTERM or SIGINT; leave nothing running.

    Without a GitHub App's credentials, serve the set-up page first, and go on once there are
    some. `tunnel` is a smee channel whose deliveries are taken in.

    Raises `CovgateError` where it can't start, or the workers ended by themselves, or the
    embedded server did and does not start again.
    """
    with stopped_by_sigterm() as stopped:
        given = _given(environment)
        with (
            _alone(FOLDER),
            bind(host, port) as listener,
            embedded_parts(FOLDER, redis=not given.redis_url, keep=True) as parts,
            running_parts(FOLDER, parts | {ADDRESS: address_of(listener)}),
            forwarding(tunnel, address_of(listener) + WEBHOOK_PATH),
        ):
            stored = {} if given.registered else read_stored(FOLDER)
            setup = None
            if not given.registered and not stored:
                setup = _open_setup(given, tunnel)
                stored = _set_up(setup, listener, given, stopped)
                if not stored:
                    return
            # What the environment or .env says wins over what was stored.
            settings = load_settings(environment, _ENV_FILE, defaults=stored | parts)
            configure_logs(settings.log_format, sys.stderr)
            migrate(settings.database_url)
            children = {**environment, **_chosen(settings), **_own(stored, settings)}
            with started_workers(children, count) as workers, _watched(workers):
                app = open_app(settings, setup, here=is_loopback(host))
                if not stopped():
                    _greet(listener, settings)
                    run_app(app, listener, trusted=settings.trusted_proxies)


def _given(environment: Mapping[str, str]) -> Settings:
    """Return the settings without the embedded parts, before anything is started.

    The App's credentials are all there, or none of them.
    """
    try:
        return load_settings(environment, _ENV_FILE, require=())
    except SettingError as error:
        raise SettingError(
            f"{error} (in the environment, or in a file .env here; `covgate sandbox` needs none)"
        ) from None


def _open_setup(given: Settings, tunnel: str) -> Setup:
    return Setup(
        FOLDER,
        Door.new(),
        github_url=given.github_url,
        hook_url=tunnel,
        public_url=given.public_url,
    )


def _set_up(
    setup: Setup, listener: socket.socket, given: Settings, stopped: Callable[[], bool]
) -> dict[str, str]:
    """Serve the set-up page until there are credentials; nothing where a signal came."""
    configure_logs(given.log_format, sys.stderr)
    address = f"{address_of(listener)}/setup?token={setup.door.token}"
    typer.echo(
        f"Covgate has no GitHub App yet. To make one, open {address} (it works once). "
        "Ctrl-C ends it.",
        err=True,
    )

    def connect(finish: Callable[[], None]) -> None:
        setup.finish = finish

    if stopped() or run_until(create_setup_app(setup), listener, connect):
        return {}
    return setup.credentials.variables() if setup.credentials is not None else {}


def _own(stored: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the credentials for a child, where they are neither in the environment nor .env."""
    if not stored:
        return {}
    return {
        "COVGATE_APP_ID": str(settings.app_id),
        "COVGATE_PRIVATE_KEY": settings.private_key.get_secret_value(),
        "COVGATE_WEBHOOK_SECRET": ",".join(
            one.get_secret_value() for one in settings.webhook_secrets
        ),
        "COVGATE_GITHUB_URL": settings.github_url,
    }


def _chosen(settings: Settings) -> dict[str, str]:
    """Return the variables that tell a child which parts were chosen."""
    return {
        "COVGATE_REDIS_URL": settings.redis_url,
        "COVGATE_DATABASE_URL": settings.database_url,
    }


def address_of(listener: socket.socket) -> str:
    """Return where a socket is reached from this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound to here
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _greet(listener: socket.socket, settings: Settings) -> None:
    own = settings.database_url.endswith(f"{FOLDER.absolute() / 'covgate.db'}")
    place = f"its data is in {FOLDER.absolute()}" if own else "its data is where the settings say"
    typer.echo(
        f"Covgate listens on {address_of(listener)} and takes webhooks at /webhooks/github; "
        f"{place}. Ctrl-C ends it.",
        err=True,
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for this process."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(held(folder))
        except BlockingIOError:
            raise CovgateError(
                f"another `covgate up` runs in {folder.absolute().parent}: stop that one first, or "
                "start this one in another folder"
            ) from None
        yield


@contextmanager
def embedded_parts(
    folder: Path, *, redis: bool = True, keep: bool = False
) -> Iterator[dict[str, str]]:
    """Start an own Redis-compatible server in `folder`; yield the variables that name the parts.

    Without `redis`, the operator named another server, and none is started. With `keep`, one
    that ends by itself is started again, or this process is ended.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    parts = {"COVGATE_DATABASE_URL": f"sqlite:///{folder.absolute() / 'covgate.db'}"}
    if not redis:
        yield parts
        return
    with (
        EmbeddedServer(folder / "redis") as server,
        _kept(server) if keep else contextlib.nullcontext(),
    ):
        yield {**parts, "COVGATE_REDIS_URL": server.url}


@contextmanager
def _kept(server: EmbeddedServer) -> Iterator[None]:
    """Start the embedded server again where it ends by itself while the block runs.

    What it had answered is in its file, and receiver and workers look for it until it is
    back. Where it does not come back, this process is ended as by SIGTERM, and the block with
    `EmbeddedServerError`: all deliveries would be refused.
    """
    failed: EmbeddedServerError | None = None
    over = threading.Event()

    def keep() -> None:
        nonlocal failed
        while not over.wait(_LOOK):
            if not server.ended:
                continue
            _log.error("the embedded server ended by itself: starting it again")
            try:
                server.restart()
            except EmbeddedServerError as error:
                failed = error
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=keep, name="keep-redis", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if failed is not None:
            raise failed


@contextmanager
def started_workers(
    environment: Mapping[str, str],
    count: int,
    *,
    folder: Path | None = None,
    log: IO[str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `covgate worker` as a child, in `folder`; end it, gracefully, at the end.

    The child ends when this process does, however that is (`bot.follow`). What it logs goes
    to `log`, or where this process's own errors go.
    """
    command = follower("worker", "-n", str(count))
    process = subprocess.Popen(  # noqa: S603 - our own module
        command,
        env=dict(environment),
        stdin=subprocess.PIPE,
        cwd=folder,
        stderr=log,
        # A terminal sends Ctrl-C to its whole group. Workers get one signal, from here: a
        # second would break off the jobs in work.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the workers' process: when its jobs are done, or after a while."""
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        _log.warning("workers did not end in time: ending them now", seconds=_GRACE)
        process.terminate()
        try:
            process.wait(_FORCED)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    finally:
        if process.stdin is not None:
            process.stdin.close()


@contextmanager
def _watched(workers: subprocess.Popen[bytes]) -> Iterator[None]:
    """End this process, as SIGTERM would, when the workers end by themselves meanwhile.

    A receiver without workers would take deliveries in and never look at one. Raises
    `CovgateError` at the end of the block where nobody asked the workers to end: whoever
    stops a service may send SIGTERM to all of its processes at once.
    """
    status: int | None = None
    over = threading.Event()

    def wait() -> None:
        nonlocal status
        found = workers.wait()
        if not over.is_set():
            status = found
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="watch-workers", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        if status not in {None, 0, -signal.SIGTERM}:
            raise CovgateError(
                f"the workers ended by themselves, with status {status}: the log above says why; "
                "nothing that was accepted is lost, start `covgate up` again"
            )
