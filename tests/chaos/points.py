"""Crash points: before and after each request to GitHub and each call to Redis of one job.

A job's process is unchanged; the world around it ends it. The stand-in of GitHub and a relay
in front of Redis see each call twice: before it takes effect, and after it did and before the
answer is told. There they kill the process that asks (SIGKILL), whose id the kernel tells.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.chaos.processes import end, parent_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["AFTER", "BEFORE", "Executioner", "Point", "points_of"]

BEFORE, AFTER = "before", "after"
_NUMBERS = re.compile(r"\b[0-9a-f]{16,40}\b|\d+")


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a job: before or after a call, or (`turn` from 0) one more of its kind.

    Not the call's number: when a job waits, or connects anew, is a matter of time.
    """

    call: str
    turn: int
    phase: str


def points_of(calls: Sequence[str]) -> list[Point]:
    """Return all points of a job with these calls."""
    turns = [calls[:number].count(call) for number, call in enumerate(calls)]
    return [
        Point(call, turn, phase)
        for call, turn in zip(calls, turns, strict=True)
        for phase in (BEFORE, AFTER)
    ]


class Executioner:
    """Counts the calls of one job after the other, and kills one at a point.

    `supervisor` tells the process id of the one `covgate worker`: its children's children
    are jobs. The last job's calls are in `calls`, by kind.
    """

    def __init__(self, supervisor: Callable[[], int]) -> None:
        self._supervisor = supervisor
        self._lock = threading.Lock()
        self._point: Point | None = None
        self._pid = 0
        self.calls: list[str] = []
        self.struck = ""

    def arm(self, point: Point | None) -> None:
        """Kill the next job at a point; None kills nobody and only counts."""
        with self._lock:
            self._point, self._pid, self.calls, self.struck = point, 0, [], ""

    def is_job(self, pid: int) -> bool:
        """Return whether a process is a job: a worker's fork."""
        return parent_of(parent_of(pid)) == self._supervisor() != 0

    def begin(self, pid: int, name: str) -> bool:
        """Count a call that is about to take effect; False where its caller was killed."""
        with self._lock:
            if self._pid == 0:
                self._pid = pid
            if pid != self._pid:
                return True
            self.calls.append(_NUMBERS.sub("N", name))
            return not self._strike(BEFORE)

    def finish(self, pid: int) -> bool:
        """Take note that a call took effect; False where its caller was killed."""
        with self._lock:
            return pid != self._pid or not self._strike(AFTER)

    def _strike(self, phase: str) -> bool:
        call = self.calls[-1]
        if self._point != Point(call, self.calls.count(call) - 1, phase):
            return False
        self.struck = f"{phase} {call}"
        self._point = None
        end(self._pid)
        return True

    def watch(self, app: ASGIApp) -> ASGIApp:
        """Return the stand-in's API with this one at its door."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            # One job at a time: whoever asks is the one whose calls to Redis are counted.
            pid, told = self._pid, False
            name = f"{scope.get('method', '')} {scope['path']}"
            if pid and not self.begin(pid, name):
                await _hang_up(send)
                return

            async def tell(message: Message) -> None:
                nonlocal told
                if pid and not told:
                    told = True
                    self.finish(pid)
                await send(message)

            await app(scope, receive, tell)

        return watched


async def _hang_up(send: Send) -> None:
    """Answer nobody: the one who asked is dead, and the request takes no effect."""
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b""})
