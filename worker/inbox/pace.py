"""When the next request to GitHub may be sent, over all processes.

GitHub asks for writes at least a second apart and for silence while a limit lasts
(https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
Both hold for one installation; everybody else goes on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from worker.core.errors import PostponedError
from worker.inbox import lua
from worker.inbox.keys import HOLD, PACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

__all__ = ["Pace"]

_LONGEST = 20.0
"""Seconds that a job waits for its turn; beyond, it hands its subject back."""


class Pace:
    """Lets one request after the other go. `gap` is in seconds, between two writes."""

    def __init__(
        self, client: Redis, gap: float, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._gap_ms = str(round(gap * 1000))
        self._longest_ms = str(round(_LONGEST * 1000))
        self._sleep = sleep
        self._turn = client.register_script(lua.TURN)

    def wait(self, installation_id: int, *, write: bool) -> None:
        """Return when a request of an installation may be sent.

        Raises `PostponedError` where a limit lasts, or the queue of writes is long.
        """
        keys = [f"{HOLD}{installation_id}", f"{PACE}{installation_id}"]
        held, turn = self._turn(keys=keys, args=[self._gap_ms if write else "0", self._longest_ms])
        _respect(held)
        if turn < 0:
            raise PostponedError(
                f"more than {_LONGEST:.0f} seconds of writes of this installation wait already",
                seconds=_LONGEST,
            )
        if turn:
            self._sleep(turn / 1000)
            # The limit may have been reached by somebody else meanwhile.
            _respect(self._turn(keys=keys, args=["0", self._longest_ms])[0])


def _respect(held: int) -> None:
    """Raise `PostponedError` where an installation is held, for so many milliseconds."""
    if held > 0:
        raise PostponedError(
            "GitHub asked this installation to wait: nothing is sent before that",
            seconds=held / 1000,
            gate=True,
        )
