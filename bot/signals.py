"""Ending on a signal, with all clean-up."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

__all__ = ["stopped_by_sigterm"]


@contextmanager
def stopped_by_sigterm(status: int = 0) -> Iterator[Callable[[], bool]]:
    """Let SIGTERM end the block with all its clean-up, and the process with `status`.

    While a web server runs inside, that has taken the signal over. Yields a function that
    tells whether the signal came: Python drops exceptions that are raised in callbacks of
    weak references, of which every import has one, so who starts something long asks first.
    """
    came = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal came
        came = True
        raise SystemExit(status)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGTERM, before)
