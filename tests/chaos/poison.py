"""Reports that kill whoever asks for them, as one does that takes all memory."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.chaos.processes import end, pid_of_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Poison"]

_ARCHIVE = re.compile(r"/repos/[^/]+/[^/]+/actions/artifacts/(\d+)/zip")


class Poison:
    """Stands at the door of the stand-in's API.

    `jobs` tells the process ids of all jobs now. `artifacts` are the deadly ones.
    """

    def __init__(self) -> None:
        self.jobs: Callable[[], tuple[int, ...]] = tuple
        self.artifacts: Callable[[], set[int]] = set
        self.deaths: list[datetime] = []

    def watch(self, app: ASGIApp) -> ASGIApp:
        """Return the API with this one at its door."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            match = _ARCHIVE.fullmatch(scope["path"]) if scope["type"] == "http" else None
            if match and int(match[1]) in self.artifacts():
                pid = pid_of_port(scope["client"][1], self.jobs())
                if pid is not None and end(pid):
                    self.deaths.append(datetime.now(UTC))
            await app(scope, receive, send)

        return watched
