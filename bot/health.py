"""`GET /healthz` (the process lives) and `GET /readyz` (what it needs answers).

Kubernetes restarts what is not alive and sends nothing to what is not ready, so only the
second looks at Redis and the database: restarting the receiver mends neither.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from worker.logs import get_logger

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["TIME_LIMIT", "Probe", "health_routes", "threaded_probe"]

TIME_LIMIT = 2.0
"""Seconds that each of Redis and the database has; probes usually wait for longer."""

Probe = Callable[[], Awaitable[object]]
"""Returns where the thing asked answers, raises where it does not."""

_log = get_logger(__name__)


def threaded_probe(check: Callable[[], object]) -> Probe:
    """Return a probe that runs a blocking check in a thread, one at a time.

    A check that hangs is not started again: the next probe waits for the same one, so
    that an unreachable database does not collect threads. The thread is a daemon, so that
    it does not hold the process's end up either.
    """
    running: asyncio.Future[None] | None = None

    def settle(future: asyncio.Future[None], error: BaseException | None) -> None:
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
            future.exception()  # whoever waited may have given up: that is not worth a warning

    def run(loop: asyncio.AbstractEventLoop, future: asyncio.Future[None]) -> None:
        error: BaseException | None = None
        try:
            check()
        except Exception as caught:  # noqa: BLE001 -- carried to the one who asked
            error = caught
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, future, error)

    async def probe() -> None:
        nonlocal running
        if running is None or running.done():
            loop = asyncio.get_running_loop()
            running = loop.create_future()
            threading.Thread(
                target=run, args=(loop, running), name="database-probe", daemon=True
            ).start()
        # Shielded: one probe's time limit must not cancel what the next one waits for.
        await asyncio.shield(running)

    return probe


def health_routes(probes: dict[str, Probe], *, time_limit: float = TIME_LIMIT) -> list[Route]:
    """Return the routes of /healthz and /readyz; `probes` by the name that is shown."""

    async def alive(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def ready(_request: Request) -> JSONResponse:
        answers = await asyncio.gather(*(_ask(name, probes[name], time_limit) for name in probes))
        checks = dict(zip(probes, answers, strict=True))
        failing = [name for name, answer in checks.items() if answer != "ok"]
        if not failing:
            return JSONResponse({"status": "ready", "checks": checks})
        detail = f"{' and '.join(failing)}: no answer; the log says more"
        return JSONResponse(
            {"status": "not ready", "detail": detail, "checks": checks},
            status_code=503,
            headers={"Retry-After": "5"},
        )

    return [
        Route("/healthz", alive, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
    ]


async def _ask(name: str, probe: Probe, time_limit: float) -> str:
    """Return "ok" or what is wrong; the errors' own texts, which may hold addresses, stay here."""
    try:
        async with asyncio.timeout(time_limit):
            await probe()
    except TimeoutError:
        _log.warning("not ready", check=name, error=f"no answer within {time_limit:g} s")
        return f"no answer within {time_limit:g} s"
    except Exception as error:  # noqa: BLE001 -- any failure means not ready
        _log.warning("not ready", check=name, error=str(error))
        return "refused or failed"
    return "ok"
