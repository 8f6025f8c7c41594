"""Thresholds of a file as bytes, for the store."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec

from worker.core.material import Threshold

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["VERSION", "decode_thresholds", "encode_thresholds", "key_of_thresholds"]

VERSION = 1
"""Goes up when the same text would give other thresholds: what is stored is read anew then."""

_decoder = msgspec.msgpack.Decoder(tuple[tuple[int, str, str, bool], ...])


def key_of_thresholds(path: str, blob: str) -> str:
    """Return what stands for the thresholds of a blob at a path."""
    how = f"thresholds {VERSION} {path}".encode("utf-8", "surrogatepass")
    return f"{blob}:{hashlib.sha256(how).hexdigest()[:32]}"


def encode_thresholds(thresholds: Sequence[Threshold]) -> bytes:
    """Return the thresholds of one file as MessagePack; the path is left out."""
    rows = [(one.line, one.tool, str(one.percent), one.new_code) for one in thresholds]
    return msgspec.msgpack.encode(rows)


def decode_thresholds(path: str, data: bytes) -> tuple[Threshold, ...] | None:
    """Return what `encode_thresholds` was given; None where it is damaged."""
    try:
        return tuple(
            Threshold(path, line, tool, Fraction(percent), new_code)
            for line, tool, percent, new_code in _decoder.decode(data)
        )
    except (msgspec.MsgspecError, ValueError, ZeroDivisionError):
        return None
