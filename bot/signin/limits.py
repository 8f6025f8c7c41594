"""How often one address, or one person, may ask; counted in Redis, for all processes.

The counting is that of the library `limits`: https://limits.readthedocs.io/
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from worker.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from limits.strategies import RateLimiter
    from redis import Redis
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["API", "SIGN_IN", "TOKENS", "Limit", "Limiter", "Rates"]


@dataclass(slots=True)
class Limit:
    """How often something may be asked for."""

    name: str
    a_minute: int


SIGN_IN = Limit("sign-in", 20)
TOKENS = Limit("tokens", 10)
API = Limit("api", 300)

_log = get_logger(__name__)


class Rates:
    """Counts. Redis being away is no reason to refuse: what needs it refuses by itself."""

    def __init__(self, connect: Callable[[], Redis]) -> None:
        self._connect = connect
        self._strategy: RateLimiter | None = None

    def wait(self, limit: Limit, who: str) -> int:
        """Count one request; return 0, or after how many seconds to come again."""
        # Only here: the receiver does without it.
        from limits import RateLimitItemPerMinute  # noqa: PLC0415 -- as above

        item = RateLimitItemPerMinute(limit.a_minute, namespace=limit.name)
        try:
            strategy = self._open()
            if strategy.hit(item, who):
                return 0
            window = strategy.get_window_stats(item, who)
        except RedisError as error:
            _log.warning("requests not counted", reason=type(error).__name__)
            return 0
        return max(1, int(window.reset_time - time.time()) + 1)

    def _open(self) -> RateLimiter:
        from limits.storage import RedisStorage  # noqa: PLC0415 -- as above
        from limits.strategies import SlidingWindowCounterRateLimiter  # noqa: PLC0415 -- as above

        if self._strategy is None:
            pool = self._connect().connection_pool
            storage = RedisStorage("redis://", connection_pool=pool, key_prefix="covgate:limit")
            self._strategy = SlidingWindowCounterRateLimiter(storage)
        return self._strategy


class Limiter:
    """Lets an application answer each address, and each person, so many times a minute."""

    def __init__(
        self,
        app: ASGIApp,
        rates: Rates,
        limit: Limit,
        name_person: Callable[[Request], str],
    ) -> None:
        self._app = app
        self._rates = rates
        self._limit = limit
        self._name_person = name_person

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or 429."""
        if scope["type"] == "http":
            wait = await run_in_threadpool(self._wait, Request(scope))
            if wait:
                await _too_many(wait)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _wait(self, request: Request) -> int:
        return self._rates.wait(self._limit, self._name_person(request) or _place(request))


def _place(request: Request) -> str:
    """Return the address that a request came from; of IPv6 the network, which is one's own."""
    host = "" if request.client is None else request.client.host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host or "somewhere"
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped  # as a socket of both kinds has them: all in one network
    return str(ipaddress.ip_network((address, 64 if address.version == 6 else 32), strict=False))


def _too_many(wait: int) -> JSONResponse:
    content = {"status": "refused", "detail": f"too many requests; come again in {wait} s"}
    return JSONResponse(content, HTTPStatus.TOO_MANY_REQUESTS, {"retry-after": str(wait)})
