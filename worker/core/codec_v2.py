"""Reads stored baselines of version 2, which Covgate 0.1 wrote: columns, deflated by zlib.

Bitmaps had their own lengths, and every line with branches its row.
"""

from __future__ import annotations

import struct
import zlib
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import msgspec

from worker.core.model import Branches, FileCoverage, Function, Report, branch_line

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAGIC", "decode_report", "split"]

MAGIC = b"covgate\x02"
_SIZE = struct.Struct("<Q")
"""The length of what was deflated: known beforehand, inflating it takes half the time."""
_MAX_BYTES = 2**28

_T = TypeVar("_T")


class _Columns(msgspec.Struct, array_like=True):
    """A report by columns. Bitmaps have their own lengths in bytes; line numbers are gaps."""

    paths: list[str]
    measured_sizes: list[int]
    missed_sizes: list[int]
    partial_sizes: list[int]
    measured: bytes
    missed: bytes
    partial: bytes
    branch_counts: list[int]
    branch_lines: list[int]
    branch_taken: list[int]
    branch_totals: list[int]
    branch_arm_sizes: list[int]
    branch_arms: bytes
    branch_orders: list[int]
    orders: list[str]
    function_counts: list[int]
    function_lines: list[int]
    function_names: list[str]
    function_hits: list[int]
    function_ends: list[int]


_decoder = msgspec.msgpack.Decoder(_Columns)


def decode_report(data: bytes) -> Report:
    """Return the report that was stored. Raises the errors of zlib, struct and msgspec."""
    return _restore(_decoder.decode(_inflate(data[len(MAGIC) :])))


def _restore(columns: _Columns) -> Report:
    measured = _bitmaps(columns.measured, columns.measured_sizes)
    missed = _bitmaps(columns.missed, columns.missed_sizes)
    partial = _bitmaps(columns.partial, columns.partial_sizes)
    branches = [
        branch_line(line, taken, total, arms if size else None, columns.orders[order])
        for line, taken, total, size, arms, order in zip(
            accumulate(columns.branch_lines),
            columns.branch_taken,
            columns.branch_totals,
            columns.branch_arm_sizes,
            _bitmaps(columns.branch_arms, columns.branch_arm_sizes),
            columns.branch_orders,
            strict=True,
        )
    ]
    functions = [
        Function(line, name, hits, line + span - 1 if span else None)
        for line, name, hits, span in zip(
            accumulate(columns.function_lines),
            columns.function_names,
            columns.function_hits,
            columns.function_ends,
            strict=True,
        )
    ]
    files = map(
        FileCoverage,
        columns.paths,
        measured,
        map(_without, measured, missed),
        partial,
        map(Branches.of, split(branches, columns.branch_counts)),
        split(functions, columns.function_counts),
    )
    restored = dict(zip(columns.paths, files, strict=True))
    counts = measured, missed, partial, columns.branch_counts, columns.function_counts, restored
    if {len(columns.paths)} != set(map(len, counts)):
        raise ValueError("columns have different lengths, or a path stands twice")
    return Report(MappingProxyType(restored))


def _without(lines: int, others: int) -> int:
    return lines & ~others


def split(items: Sequence[_T], counts: Sequence[int]) -> list[tuple[_T, ...]]:
    """Return the items in tuples of these lengths, all of them."""
    if sum(counts) != len(items) or min(counts, default=0) < 0:
        raise ValueError("counts and records disagree")
    if not items:
        return [()] * len(counts)
    return [tuple(items[start:end]) for start, end in pairwise(accumulate(counts, initial=0))]


def _bitmaps(octets: bytes, sizes: Sequence[int]) -> list[int]:
    if sum(sizes) != len(octets) or min(sizes, default=0) < 0:
        raise ValueError("lengths and bitmaps disagree")
    if not octets:
        return [0] * len(sizes)
    view = memoryview(octets)
    bounds = pairwise(accumulate(sizes, initial=0))
    return [int.from_bytes(view[start:end], "little") for start, end in bounds]


def _inflate(data: bytes) -> bytes:
    (size,) = _SIZE.unpack_from(data)
    if size > _MAX_BYTES:
        raise ValueError(f"it is said to have {size} bytes")
    inflated = zlib.decompress(data[_SIZE.size :], bufsize=size or 1)
    if len(inflated) != size:
        raise ValueError("it is longer or shorter than it says")
    return inflated
