"""A sign of life for who waits at a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["working"]


@contextmanager
def working(text: str) -> Iterator[None]:
    """Turn a spinner on standard error while the block runs, where that is a terminal.

    Nothing is written where it is none: logs and scripts want results alone.
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second that scripts save
    from rich.markup import escape  # noqa: PLC0415 - the same

    with Console(stderr=True).status(escape(text)):
        yield
