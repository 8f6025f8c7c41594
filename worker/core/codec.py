"""Reports as bytes, for stored baselines: columns of bitmaps, deflated.

A version byte follows the magic; a newer Covgate reads what an older one wrote. Columns of
the same kind lie together, which is what makes them small: about 4 bits a measured line.
zlib's own checksum notices damage.
"""

from __future__ import annotations

import zlib
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

import msgspec

from worker.core.errors import CovgateError
from worker.core.model import BranchLine, FileCoverage, Function, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["decode_report", "encode_report"]

_MAGIC = b"covgate\x01"
_LEVEL = 3
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
    measured = [_octets(file.measured) for file in files]
    # Missed lines are fewer than hit ones, and few bits deflate better.
    missed = [_octets(file.missed) for file in files]
    partial = [_octets(file.partial) for file in files]
    branches = [branch for file in files for branch in file.branches]
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
        function_counts=[len(file.functions) for file in files],
        function_lines=list(_gaps([function.line for function in functions])),
        function_names=[function.name for function in functions],
        function_hits=[function.hits for function in functions],
        function_ends=[0 if f.end_line is None else f.end_line - f.line + 1 for f in functions],
    )
    return _MAGIC + zlib.compress(_encoder.encode(columns), _LEVEL)


def decode_report(data: bytes) -> Report:
    """Return the report that `encode_report` was given. Raises `CovgateError`."""
    if not data.startswith(_MAGIC):
        raise CovgateError(
            "a stored baseline is of an unknown version or none at all; "
            "it is replaced by the next push to its branch"
        )
    try:
        return _restore(_decoder.decode(_inflate(data[len(_MAGIC) :])))
    except (zlib.error, msgspec.MsgspecError, ValueError, IndexError) as error:
        raise CovgateError(
            f"a stored baseline is damaged ({error}); it is replaced by the next push to its branch"
        ) from None


def _restore(columns: _Columns) -> Report:
    measured = _bitmaps(columns.measured, columns.measured_sizes)
    missed = _bitmaps(columns.missed, columns.missed_sizes)
    partial = _bitmaps(columns.partial, columns.partial_sizes)
    branches = [
        BranchLine(line, taken, total)
        for line, taken, total in zip(
            accumulate(columns.branch_lines),
            columns.branch_taken,
            columns.branch_totals,
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
    return Report.of(
        FileCoverage(path, lines, lines & ~misses, partials, arms, names)
        for path, lines, misses, partials, arms, names in zip(
            columns.paths,
            measured,
            missed,
            partial,
            _split(branches, columns.branch_counts),
            _split(functions, columns.function_counts),
            strict=True,
        )
    )


def _split(items: Sequence[_T], counts: Sequence[int]) -> Iterator[tuple[_T, ...]]:
    """Yield the items in tuples of these lengths, all of them."""
    if sum(counts) != len(items) or min(counts, default=0) < 0:
        raise ValueError("counts and records disagree")
    start = 0
    for count in counts:
        yield tuple(items[start : start + count])
        start += count


def _octets(lines: int) -> bytes:
    return lines.to_bytes((lines.bit_length() + 7) // 8, "little")


def _bitmaps(octets: bytes, sizes: Sequence[int]) -> Iterator[int]:
    if sum(sizes) != len(octets) or min(sizes, default=0) < 0:
        raise ValueError("lengths and bitmaps disagree")
    start = 0
    for size in sizes:
        yield int.from_bytes(octets[start : start + size], "little")
        start += size


def _gaps(numbers: Sequence[int]) -> Iterator[int]:
    """Yield each number less the one before it: small, and so one byte each."""
    before = 0
    for number in numbers:
        yield number - before
        before = number


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(data, _MAX_BYTES)
    if not inflater.eof or inflater.unused_data:
        raise ValueError("it is cut off, too long, or something follows it")
    return inflated
