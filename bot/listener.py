"""The listening socket, and the parent that keeps it while receivers come and go.

A receiver that is replaced would refuse connections between its end and the next one's
start. So `covgate serve` is two processes: the parent holds the socket and does nothing
else, the receiver is its child. On SIGHUP the parent starts another receiver, waits until
that one is ready, and lets the old one finish: the kernel queues who comes meanwhile.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.core.errors import CovgateError
from worker.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["BACKLOG", "AddressError", "activated", "adopt", "bind", "follower", "keep_listening"]

BACKLOG = 2048
_FIRST_ACTIVATED = 3  # SD_LISTEN_FDS_START
_PAUSE = 1.0
"""Seconds before a receiver that ended by itself is replaced."""
_GRACE = 15.0
"""Seconds that receivers have to end; their own patience with answers is shorter."""

_log = get_logger(__name__)


class AddressError(CovgateError):
    """The address to listen on can't be had."""


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
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise AddressError(
            f"can't listen on {host}, port {port}: {error}; "
            + ("stop what uses it, or " if getattr(error, "errno", 0) == errno.EADDRINUSE else "")
            + "choose another with --host and --port"
        ) from error
    return listener


def activated(environment: Mapping[str, str]) -> socket.socket | None:
    """Return the socket that systemd opened for this process; None where there is none.

    https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
    """
    if environment.get("LISTEN_PID") != str(os.getpid()) or not environment.get("LISTEN_FDS"):
        return None
    if environment["LISTEN_FDS"] != "1":
        raise AddressError(
            f"systemd passed {environment['LISTEN_FDS']} sockets, and one is served: name one "
            "ListenStream= in the socket unit"
        )
    return adopt(_FIRST_ACTIVATED)


def adopt(descriptor: int) -> socket.socket:
    """Return a listening socket that another process opened."""
    try:
        return socket.socket(fileno=descriptor)
    except OSError as error:
        raise AddressError(f"descriptor {descriptor} is no socket: {error}") from error


def keep_listening(listener: socket.socket, command: Sequence[str]) -> int:
    """Keep a receiver running on a socket until SIGTERM or SIGINT; return the exit status.

    `command` starts a receiver; `--listener FD --ready FD` is added: the socket, and where
    it writes a byte when it takes requests. SIGHUP replaces it without a refused connection,
    and with the code and the `.env` of that moment; one that fails to start leaves the old
    one in its place. Where the very first one fails, its exit status is returned.

    To be called in the main thread of a process without other threads.
    """
    with listener, _signals() as signals:
        return _Parent(listener, tuple(command), signals).run()


@contextmanager
def _signals() -> Iterator[int]:
    """Yield a descriptor from which the numbers of arriving signals can be read."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


@dataclass(frozen=True, slots=True)
class _Receiver:
    """A child, and the pipe through which it says that it is ready."""

    process: subprocess.Popen[bytes]
    ready: int

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def close(self) -> None:
        os.close(self.ready)
        if self.process.stdin is not None:
            self.process.stdin.close()


@dataclass(slots=True)
class _Parent:
    listener: socket.socket
    command: tuple[str, ...]
    signals: int
    current: _Receiver | None = None
    next: _Receiver | None = None
    retired: list[_Receiver] = field(default_factory=list)
    asked: bool = False
    """Whether SIGHUP came while a receiver was starting: that one may have read old files."""

    def run(self) -> int:
        self._replace()
        while True:
            starting = self.next
            waits = [self.signals] if starting is None else [self.signals, starting.ready]
            arrived, _, _ = select.select(waits, [], [])
            if starting is not None and starting.ready in arrived:
                status = self._settle(starting)
                if status is not None:
                    return status
            if self.signals in arrived:
                numbers = set(os.read(self.signals, 512))
                if numbers & {signal.SIGTERM, signal.SIGINT}:
                    return self._end()
                if signal.SIGHUP in numbers:
                    self._replace()
            self._reap()

    def _start(self) -> _Receiver:
        ready, told = os.pipe()
        descriptors = (self.listener.fileno(), told)
        arguments = ("--listener", str(descriptors[0]), "--ready", str(told))
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*self.command, *arguments], pass_fds=descriptors, stdin=subprocess.PIPE
        )
        os.close(told)
        return _Receiver(process, ready)

    def _replace(self) -> None:
        if self.next is not None:
            self.asked = True
            return
        self.next = self._start()

    def _settle(self, started: _Receiver) -> int | None:
        """Take over a receiver that is ready, or drop one that ended before it was.

        Returns the exit status where there is no other.
        """
        is_ready = bool(os.read(started.ready, 1))
        self.next = None
        if is_ready:
            if self.current is not None:
                self.current.stop()
                self.retired.append(self.current)
            self.current = started
        else:
            status = started.process.wait()
            started.close()
            if self.current is None:
                return status if status >= 0 else 128 - status
            _log.error("restart: the new receiver did not start, the old one goes on")
        if self.asked:
            self.asked = False
            self._replace()
        return None

    def _reap(self) -> None:
        """Forget the receivers that have ended; replace the one that should not have."""
        for receiver in [one for one in self.retired if one.process.poll() is not None]:
            receiver.close()
            self.retired.remove(receiver)
        if self.current is not None and self.current.process.poll() is not None:
            _log.error("the receiver ended by itself", status=self.current.process.returncode)
            self.current.close()
            self.current = None
            if self.next is None:
                time.sleep(_PAUSE)
                self.next = self._start()

    def _end(self) -> int:
        """End all receivers: orderly, and after a while in any case."""
        left = [one for one in (self.current, self.next, *self.retired) if one is not None]
        for receiver in left:
            receiver.stop()
        deadline = time.monotonic() + _GRACE
        for receiver in left:
            try:
                receiver.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                receiver.process.kill()
                receiver.process.wait()
            receiver.close()
        return 0


def follower(*arguments: str) -> list[str]:
    """Return the command of a `covgate` child that ends when this process does."""
    return [sys.executable, "-m", "bot.follow", str(os.getpid()), *arguments]
