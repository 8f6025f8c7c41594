"""Children that do not outlive their parent, however it dies.

Run as a file, this is the guard of one server process: it starts the server, and ends it when
the pipe that the parent holds says so or breaks. It stands between the two because Linux's
own means (prctl PR_SET_PDEATHSIG) is bound to the *thread* that started the child, and macOS
has none: the guard has one thread only. Nothing but the standard library is imported here, so
that it starts in a few milliseconds with `python -I -S`.
"""

from __future__ import annotations

import os
import select
import signal
import sys

__all__ = ["die_with_parent"]

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_LOOK = 0.5
"""Seconds between looks at whether the server ended by itself, or the parent changed."""
_PATIENCE = 10.0
"""Seconds that a server has to end orderly."""


def die_with_parent(signal_number: int, parent: int) -> None:
    """Ask Linux to send this process a signal when the thread that started it ends.

    `parent` is the process id that the caller knew as its parent before it started this
    process: where it is gone already, the signal comes at once. Nothing happens elsewhere
    than on Linux. See https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # noqa: PLC0415 - the one who needs it pays for its import

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal_number)


def _start(command: list[str]) -> int:
    """Start the server as a child of this single-threaded process; return its id."""
    guard = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        die_with_parent(signal.SIGTERM, guard)
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    finally:
        os._exit(127)


def _wait(pipe: int, child: int, parent: int) -> int | None:
    """Wait until the parent wants the end or is dead (None), or the server ended (status)."""
    while True:
        ready, _, _ = select.select([pipe], [], [], _LOOK)
        if ready or os.getppid() != parent:
            return None
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status


def _end(child: int) -> int:
    """Ask the server to end, insist after a while; return its wait status."""
    os.kill(child, signal.SIGTERM)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    return os.waitpid(child, 0)[1]


def _main(pipe: int, parent: int, command: list[str]) -> int:
    """Guard one server; return its exit status."""
    child = _start(command)
    status = _wait(pipe, child, parent)
    if status is None:
        status = _end(child)
    return max(0, os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
