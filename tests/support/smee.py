"""A smee server: it reads the JSON that is posted to a channel, and sends it to who listens.

https://github.com/probot/smee.io
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

__all__ = ["Smee"]


class Smee:
    """One channel. `refusals` are answered first; after `most` events a connection is closed."""

    def __init__(self, *, refusals: tuple[int, ...] = (), most: int | None = None) -> None:
        self.listeners: list[asyncio.Queue[bytes]] = []
        self.refusals = list(refusals)
        self.most = most
        self.connected = 0
        self.kept: list[bytes] = []
        self.app = Starlette(
            routes=[
                Route("/channel", self.listen, methods=["GET"]),
                Route("/channel", self.take, methods=["POST"]),
            ]
        )

    async def listen(self, request: Request) -> Response:
        if self.refusals:
            return PlainTextResponse("no", self.refusals.pop(0))
        if request.headers.get("accept") != "text/event-stream":
            return PlainTextResponse("<!doctype html>", media_type="text/html")
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        for data in self.kept:
            queue.put_nowait(data)
        self.kept.clear()
        self.listeners.append(queue)
        self.connected += 1

        async def events() -> AsyncIterator[bytes]:
            sent = 0
            try:
                yield b"id: 0\nevent: ready\ndata: {}\n\n"
                while self.most is None or sent < self.most:
                    yield b"id: 1\ndata: " + await queue.get() + b"\n\n"
                    sent += 1
            finally:
                self.listeners.remove(queue)

        return StreamingResponse(events(), media_type="text/event-stream")

    async def take(self, request: Request) -> Response:
        body = json.loads(await request.body())
        message = dict(request.headers) | {"body": body, "query": {}, "timestamp": 1}
        data = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
        for queue in self.listeners:
            queue.put_nowait(data)
        if not self.listeners:
            self.kept.append(data)
        return PlainTextResponse("")
