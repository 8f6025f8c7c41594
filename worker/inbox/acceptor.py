"""The inbox as the receiver uses it: asynchronous, and many requests to one round trip."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import NoScriptError, RedisError

from worker.contracts import RECONCILE
from worker.core.errors import CovgateError
from worker.inbox import lua
from worker.inbox.arguments import accept_arguments
from worker.inbox.numbers import InboxNumbers, ask_numbers, read_numbers
from worker.inbox.redis_inbox import HIDE_SECONDS
from worker.inbox.waiting import Queue, ask_first, ask_rest, read_queue
from worker.inbox.wakes import Wakes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from worker.contracts import Notice

__all__ = ["Acceptor", "InboxUnavailableError"]

_T = TypeVar("_T")

_BATCH = 256
"""Requests that share a round trip at most: the server's answer stays within milliseconds."""


class InboxUnavailableError(CovgateError):
    """Redis can not take a delivery now: answer 503, GitHub keeps it for a redelivery."""


class _Waiting(NamedTuple):
    key: str
    arguments: list[str | bytes]
    answer: asyncio.Future[int]


class Acceptor:
    """Takes deliveries in for one event loop.

    Requests that come while a round trip is under way share the next one. `patience` is how
    many seconds a delivery may take before it counts as not accepted (it may have been all
    the same: a repetition does no harm).
    """

    def __init__(
        self,
        url: str,
        *,
        patience: float = 2.0,
        hide: float = HIDE_SECONDS,
        task: str = RECONCILE,
    ) -> None:
        self._client = Redis.from_url(
            url,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 5),
        )
        self._patience = patience
        self._hide = hide
        self._wakes = Wakes(task)
        self._digest = self._client.register_script(lua.ACCEPT).sha
        self._waiting: list[_Waiting] = []
        self._sender: asyncio.Task[None] | None = None

    async def accept(
        self, delivery_id: str, notices: Sequence[Notice], *, delay: float = 0
    ) -> bool:
        """Take a delivery in, durably; False where it was known.

        Raises `InboxUnavailableError` where Redis did not take it: down, full, read-only,
        still loading, or too slow.
        """
        key, arguments = accept_arguments(
            self._wakes, delivery_id, notices, delay=delay, hide=self._hide
        )
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(key, arguments, answer))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())
        return await self._patiently(answer) == 1

    async def ping(self) -> None:
        """Return when Redis answers; `InboxUnavailableError` where it does not."""
        await self._patiently(self._client.ping())

    async def numbers(self) -> InboxNumbers:
        """Return how full the inbox is; `InboxUnavailableError` where Redis does not say."""
        async with self._client.pipeline(transaction=False) as pipeline:
            ask_numbers(pipeline, self._wakes.queue_key)
            return read_numbers(await self._patiently(pipeline.execute()))

    async def queue(self) -> Queue:
        """Return what is due first; `InboxUnavailableError` where Redis does not say."""
        async with self._client.pipeline(transaction=False) as pipeline:
            ask_first(pipeline)
            first = await self._patiently(pipeline.execute())
        if not first[1]:
            return read_queue(first, ())
        async with self._client.pipeline(transaction=False) as pipeline:
            ask_rest(pipeline, first)
            return read_queue(first, await self._patiently(pipeline.execute()))

    async def close(self) -> None:
        """Let what is under way end, for `patience` at most, and close the connections."""
        if self._sender is not None:
            await asyncio.wait([self._sender], timeout=self._patience)
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        await self._client.aclose()

    async def _patiently(self, work: Awaitable[_T]) -> _T:
        try:
            async with asyncio.timeout(self._patience):
                return await work
        except (RedisError, OSError, TimeoutError) as error:
            raise InboxUnavailableError(
                f"Redis can't take work now ({str(error) or 'no answer in time'}): check that the "
                "server of COVGATE_REDIS_URL runs, may be written to and has memory left"
            ) from error

    async def _send(self) -> None:
        """Send what waits, batch after batch, until nothing does."""
        while self._waiting:
            batch = [one for one in self._waiting[:_BATCH] if not one.answer.done()]
            del self._waiting[:_BATCH]
            try:
                answers = await self._call(batch)
            except (RedisError, OSError) as error:
                answers = [error] * len(batch)
            for one, answer in zip(batch, answers, strict=True):
                _settle(one.answer, answer)

    async def _call(self, batch: list[_Waiting]) -> list[Any]:
        answers = await self._evaluate(batch)
        unknown = [i for i, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:  # the server has been restarted
            await self._client.script_load(lua.ACCEPT)
            again = await self._evaluate([batch[i] for i in unknown])
            for i, answer in zip(unknown, again, strict=True):
                answers[i] = answer
        return answers

    async def _evaluate(self, batch: list[_Waiting]) -> list[Any]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for one in batch:
                pipeline.evalsha(self._digest, 1, one.key, *one.arguments)
            return await pipeline.execute(raise_on_error=False)


def _settle(future: asyncio.Future[int], answer: int | Exception) -> None:
    if future.done():  # its request has given up meanwhile
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
