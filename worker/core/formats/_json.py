"""Reads JSON with msgspec: typed, so that only what is asked for becomes objects."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from worker.core.errors import ReportError

__all__ = ["decode"]

T = TypeVar("T")


def decode(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw, where: str = "") -> T:
    """Return what `decoder` makes of `data`; `ReportError`, with the place, where it can not."""
    at = f"{where}: " if where else ""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise ReportError(f"{at}does not have the format's shape: {error}") from None
    except RecursionError:
        raise ReportError(f"{at}is nested too deeply for a coverage report") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise ReportError(f"{at}is no valid JSON: {error}; was the upload cut off?") from None
