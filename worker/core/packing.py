"""Files' contents as they are kept: compressed with zstd, one by one."""

from __future__ import annotations

try:
    from backports import zstd
except ImportError:  # Python 3.14 has it itself
    from compression import zstd  # type: ignore[import-not-found,no-redef] # not before that

__all__ = ["pack", "unpack"]

_LEVEL = 3
"""Sources shrink to a quarter; higher levels win some percent, and take many times as long."""


def pack(data: bytes) -> bytes:
    """Return a content compressed; it is never empty."""
    return zstd.compress(data, level=_LEVEL)


def unpack(data: bytes, most: int) -> bytes | None:
    """Return what was packed; None where it is damaged, or longer than `most` bytes."""
    frame = zstd.ZstdDecompressor()
    try:
        unpacked = frame.decompress(data, max_length=most + 1)
    except zstd.ZstdError:
        return None
    return unpacked if frame.eof and len(unpacked) <= most else None
