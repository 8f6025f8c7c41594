"""Reports as bytes, for stored baselines: columns of bitmaps, deflated.

A version byte follows the magic; a newer Covgate reads what an older one wrote. Columns of
the same kind lie together, which is what makes them small: about 3 bits a measured line.
zlib's own checksum notices damage.

Contexts are left out: a baseline is compared with, and which test hit which line of the
base is asked by nobody, while they take as much room as all the rest for each test.
"""

from __future__ import annotations

import struct
import zlib
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import msgspec

from worker.core.errors import CovgateError
from worker.core.model import FileCoverage, Function, Report, branch_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["decode_report", "encode_report"]

_MAGIC = b"covgate\x02"
_SIZE = struct.Struct("<Q")
"""The length of what was deflated: known beforehand, inflating it takes half the time."""
_WINDOW = 15
_MEMORY = 9
# Bitmaps repeat bytes, not strings: looking for runs only takes half the time of level 1.
_STRATEGY = zlib.Z_RLE
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


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Columns)


def encode_report(report: Report) -> bytes:
    """Return a report as bytes; the same report always gives the same bytes."""
    files = list(report)
    measured = _octets([file.measured for file in files])
    # Missed lines are fewer than hit ones, and few bits deflate better.
    missed = _octets([file.missed for file in files])
    partial = _octets([file.partial for file in files])
    branches = [branch for file in files for branch in file.branches]
    arms = [_arms(branch.arms) for branch in branches]
    orders = sorted({branch.order for branch in branches})
    functions = [function for file in files for function in file.functions]
    columns = _Columns(
        paths=[file.path for file in files],
        measured_sizes=[len(octets) for octets in measured],
        missed_sizes=[len(octets) for octets in missed],
        partial_sizes=[len(octets) for octets in partial],
        measured=b"".join(measured),
        missed=b"".join(missed),
        partial=b"".join(partial),
        branch_counts=[len(file.branches) for file in files],
        branch_lines=list(_gaps([branch.line for branch in branches])),
        branch_taken=[branch.taken for branch in branches],
        branch_totals=[branch.total for branch in branches],
        branch_arm_sizes=[len(octets) for octets in arms],
        branch_arms=b"".join(arms),
        branch_orders=[orders.index(branch.order) for branch in branches],
        orders=orders,
        function_counts=[len(file.functions) for file in files],
        function_lines=list(_gaps([function.line for function in functions])),
        function_names=[function.name for function in functions],
        function_hits=[function.hits for function in functions],
        function_ends=[0 if f.end_line is None else f.end_line - f.line + 1 for f in functions],
    )
    deflater = zlib.compressobj(1, zlib.DEFLATED, _WINDOW, _MEMORY, _STRATEGY)
    encoded = _encoder.encode(columns)
    size = _SIZE.pack(len(encoded))
    return _MAGIC + size + deflater.compress(encoded) + deflater.flush()


def decode_report(data: bytes) -> Report:
    """Return the report that `encode_report` was given. Raises `CovgateError`."""
    if not data.startswith(_MAGIC):
        raise CovgateError(
            "a stored baseline is of an unknown version or none at all; "
            "it is replaced by the next push to its branch"
        )
    try:
        return _restore(_decoder.decode(_inflate(data[len(_MAGIC) :])))
    except (zlib.error, struct.error, msgspec.MsgspecError, ValueError, IndexError) as error:
        raise CovgateError(
            f"a stored baseline is damaged ({error}); it is replaced by the next push to its branch"
        ) from None


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
        _split(branches, columns.branch_counts),
        _split(functions, columns.function_counts),
    )
    restored = dict(zip(columns.paths, files, strict=True))
    counts = measured, missed, partial, columns.branch_counts, columns.function_counts, restored
    if {len(columns.paths)} != set(map(len, counts)):
        raise ValueError("columns have different lengths, or a path stands twice")
    return Report(MappingProxyType(restored))


def _without(lines: int, others: int) -> int:
    return lines & ~others


def _split(items: Sequence[_T], counts: Sequence[int]) -> list[tuple[_T, ...]]:
    """Return the items in tuples of these lengths, all of them."""
    if sum(counts) != len(items) or min(counts, default=0) < 0:
        raise ValueError("counts and records disagree")
    if not items:
        return [()] * len(counts)
    return [tuple(items[start:end]) for start, end in pairwise(accumulate(counts, initial=0))]


def _octets(bitmaps: Iterable[int]) -> list[bytes]:
    return [lines.to_bytes((lines.bit_length() + 7) >> 3, "little") for lines in bitmaps]


def _arms(arms: int | None) -> bytes:
    """Return a bitmap of arms, one byte at least; nothing where they are unknown."""
    return b"" if arms is None else arms.to_bytes((arms.bit_length() + 7) // 8 or 1, "little")


def _bitmaps(octets: bytes, sizes: Sequence[int]) -> list[int]:
    if sum(sizes) != len(octets) or min(sizes, default=0) < 0:
        raise ValueError("lengths and bitmaps disagree")
    if not octets:
        return [0] * len(sizes)
    view = memoryview(octets)
    bounds = pairwise(accumulate(sizes, initial=0))
    return [int.from_bytes(view[start:end], "little") for start, end in bounds]


def _gaps(numbers: Sequence[int]) -> Iterator[int]:
    """Yield each number less the one before it: small, and so one byte each."""
    before = 0
    for number in numbers:
        yield number - before
        before = number


def _inflate(data: bytes) -> bytes:
    (size,) = _SIZE.unpack_from(data)
    if size > _MAX_BYTES:
        raise ValueError(f"it is said to have {size} bytes")
    inflated = zlib.decompress(data[_SIZE.size :], bufsize=size or 1)
    if len(inflated) != size:
        raise ValueError("it is longer or shorter than it says")
    return inflated
