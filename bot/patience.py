"""HTTP/1.1 for who sends a whole request in a while: others would hold connections for ever.

Uvicorn limits how long a connection is kept between two requests, and not how long a request
takes to arrive: a thousand connections with half a line each, and nobody else gets in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

__all__ = ["PatientProtocol"]

_PATIENCE = 30.0
"""Seconds that a request may take at least; twice as many are too much in any case."""


_ARRIVING = frozenset({"IDLE", "SEND_BODY"})
"""What h11 calls the states of a peer whose request is not there yet, or not as a whole.
https://h11.readthedocs.io/en/latest/api.html#the-state-machine"""


class PatientProtocol(H11Protocol):
    """Uvicorn's connection, closed where the same request is still arriving at a second look.

    h11 itself ends a request line and headers at 64 KiB.
    """

    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as Uvicorn has it
        """Begin to look at the connection from time to time."""
        super().connection_made(transport)
        self._look = self.loop.call_later(_PATIENCE, self._end_what_is_late, self._awaited())

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def _awaited(self) -> Any:  # noqa: ANN401 -- whatever is the same for the same request
        """Return what is the same while one request is on its way; None while none is."""
        if repr(self.conn.their_state) not in _ARRIVING:
            return None
        return self.conn.their_state, self.cycle

    def _end_what_is_late(self, before: object) -> None:
        now = self._awaited()
        if now is not None and now == before:
            self.transport.abort()
            return
        self._look = self.loop.call_later(_PATIENCE, self._end_what_is_late, now)
