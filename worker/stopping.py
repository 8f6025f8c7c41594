"""How a job hears that it has to end now."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from worker.core.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["handing_back"]


@contextmanager
def handing_back() -> Iterator[None]:
    """Let SIGTERM, which the worker sends when it has to end now, raise `StoppedError`."""

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise StoppedError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
