"""Sending an answer as the faults want it: late, short, or not at all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Send

    from bot.sandbox.faults import Fault

__all__ = ["send_answer", "wait_before"]


async def wait_before(fault: Fault | None) -> None:
    """Wait as long as a fault says that comes before the effect."""
    if fault is not None and not fault.after and fault.delay:
        await asyncio.sleep(fault.delay)


async def send_answer(
    send: Send, status: int, headers: Mapping[str, str], body: bytes, fault: Fault | None
) -> None:
    """Send an answer; a cut one announces its whole length and stops early."""
    if fault is not None and fault.after and fault.delay:
        await asyncio.sleep(fault.delay)
    listed = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    if status not in (204, 304):
        listed.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": listed})
    if fault is not None and fault.cut is not None and fault.cut < len(body):
        # The server closes the connection when we return without having sent the rest.
        part = {"type": "http.response.body", "body": body[: fault.cut], "more_body": True}
        await send(part)
        return
    await send({"type": "http.response.body", "body": b"" if status in (204, 304) else body})
