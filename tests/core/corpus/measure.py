"""Runs something in a process of its own, and measures what that takes and touches."""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

    Found = list[tuple[str, str, str]]

_CALLS_OUT = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "urllib.")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND
_FOREIGN = ("/etc/", "/dev/")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one report may take of a worker."""

    megabytes: int = 512
    seconds: float = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found, and what that took."""

    found: Found
    megabytes: float
    seconds: float


def measured(read: Callable[[], Found], limits: Limits) -> Outcome:
    """Return what `read` returns in a forked process, which may neither write nor connect.

    Peak memory counts what the process had before.
    """
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # xdist's own thread
        child = os.fork()
    if not child:
        os.close(readable)
        _live(read, writable)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        answer = pipe.read()
    _, status, usage = os.wait4(child, 0)
    assert status == 0, f"the process ended with {status}: {answer.decode()}"
    scale = 2**20 if sys.platform == "darwin" else 2**10
    outcome = Outcome(
        [tuple(one) for one in json.loads(answer)],
        usage.ru_maxrss / scale,
        usage.ru_utime + usage.ru_stime,
    )
    assert outcome.megabytes < limits.megabytes, f"took {outcome.megabytes:.0f} MB"
    assert outcome.seconds < limits.seconds, f"took {outcome.seconds:.1f} seconds"
    return outcome


def _live(read: Callable[[], Found], writable: int) -> NoReturn:
    status = 1
    try:
        sys.addaudithook(_refuse)
        answer = json.dumps(read()).encode()
        status = 0
    except BaseException:  # noqa: BLE001 - the parent tells of it
        answer = traceback.format_exc().encode()
    try:
        view = memoryview(answer)
        while view:
            view = view[os.write(writable, view) :]
    finally:
        os._exit(status)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse all but reading Python's own modules."""
    if event.startswith(_CALLS_OUT):
        raise AssertionError(f"{event} {arguments}")
    if event == "open" and isinstance(arguments[0], str):  # a number is a pipe that is open
        path, _, flags = arguments
        if flags & _WRITES or path.startswith(_FOREIGN):
            raise AssertionError(f"opens {path!r}")
    if event == "sqlite3.connect" and arguments[0] != ":memory:":
        raise AssertionError(f"opens the database {arguments[0]!r}")
