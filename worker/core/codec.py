"""Reports as bytes, for stored baselines: columns of bitmaps, compressed with zstd.

A version byte follows the magic; a newer Covgate reads what an older one wrote. Columns of
the same kind lie together, which is what makes them small, and every file takes the same
number of bytes in each: so a column is one integer, too, and what is said of all lines of a
report is one operation. Columns hold what the others do not foretell: missed lines instead
of hit ones, arms not taken on lines that were hit. zstd's checksum notices damage.

Contexts are left out: a baseline is compared with, and which test hit which line of the
base is asked by nobody, while they take as much room as all the rest for each test.
"""

from __future__ import annotations

import struct
import zlib
from itertools import accumulate, chain, pairwise, repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import msgspec

from worker.core import codec_v2
from worker.core.branches import NO_BRANCHES, Branches, BranchLine, branch_line
from worker.core.errors import CovgateError
from worker.core.model import FileCoverage, Function, Report

try:
    from backports import zstd
except ImportError:  # Python 3.14 has it itself
    from compression import zstd  # type: ignore[import-not-found,no-redef] # not before that

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = ["decode_report", "encode_report"]

_MAGIC = b"covgate\x03"
_LEVEL = 1
"""Higher ones look for strings, which bitmaps hardly repeat: three times as slow, no smaller."""
_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: _LEVEL,
    zstd.CompressionParameter.checksum_flag: True,
}
_MAX_BYTES = 2**28
_NONE = b"\0"
_BATCH = 1_000
"""Files whose lines are handled together: as much as the processor's cache holds."""
_COUNTED = -1
"""The number of no order: of a file's branches that are counted only, or that has none."""

_DAMAGE = (
    zstd.ZstdError,
    zlib.error,
    struct.error,
    msgspec.MsgspecError,
    ValueError,
    IndexError,
    OverflowError,
)


class _Lines(msgspec.Struct, array_like=True):
    """Bitmaps of all files on end; each takes `widths` bytes of every column.

    A column without a bit is empty.
    """

    widths: list[int]
    measured: bytes = b""
    missed: bytes = b""
    partial: bytes = b""
    """Those that branches do not foretell: neither hit with an arm not taken, nor whole."""
    pairs: bytes = b""
    """`Branches.lines`."""
    not_first: bytes = b""
    not_second: bytes = b""
    """Lines with two branches that were hit, without that one."""
    odd_first: bytes = b""
    odd_second: bytes = b""
    """Lines that were not hit, with that one."""


class _Rest(msgspec.Struct, array_like=True):
    """The records of branches that are no pairs; line numbers are gaps."""

    counts: list[int]
    lines: list[int]
    taken: list[int]
    totals: list[int]
    arms: list[bytes | None]
    orders: list[int]


class _Functions(msgspec.Struct, array_like=True):
    """Functions by columns; line numbers are gaps."""

    counts: list[int]
    lines: list[int]
    names: list[str]
    hits: list[int]
    spans: list[int]
    """Lines from the first to the last; 0 where that is not known."""


class _Columns(msgspec.Struct, array_like=True):
    paths: list[str]
    lines: _Lines
    orders: list[str]
    pair_orders: list[int]
    """By file; empty where no line has two branches."""
    rest: _Rest | None
    functions: _Functions | None


_read = cast("Callable[[bytes, str], int]", int.from_bytes)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Columns)


def encode_report(report: Report) -> bytes:
    """Return a report as bytes; the same report always gives the same bytes."""
    files = list(report)
    branches = [file.branches for file in files]
    rest = [record for one in branches for record in one.rest]
    orders = sorted(
        {one.order for one in branches if one.order is not None} | {record.order for record in rest}
    )
    numbers: dict[str | None, int] = {order: number for number, order in enumerate(orders)}
    numbers[None] = _COUNTED
    columns = _Columns(
        paths=[file.path for file in files],
        lines=_encode_lines(files),
        orders=orders,
        pair_orders=[numbers[one.order] for one in branches] if any(branches) else [],
        rest=_encode_rest(branches, rest, numbers) if rest else None,
        functions=_encode_functions(files) if any(file.functions for file in files) else None,
    )
    return _MAGIC + zstd.compress(_encoder.encode(columns), options=_OPTIONS)


def decode_report(data: bytes) -> Report:
    """Return the report that `encode_report` was given. Raises `CovgateError`."""
    try:
        if data.startswith(codec_v2.MAGIC):
            return codec_v2.decode_report(data)
        if not data.startswith(_MAGIC):
            raise CovgateError(
                "a stored baseline is of an unknown version or none at all; "
                "it is replaced by the next push to its branch"
            )
        return _restore(_decoder.decode(_inflate(data[len(_MAGIC) :])))
    except _DAMAGE as error:
        raise CovgateError(
            f"a stored baseline is damaged ({error}); it is replaced by the next push to its branch"
        ) from None


def _encode_lines(files: Sequence[FileCoverage]) -> _Lines:
    widths = [(file.measured.bit_length() + 7) >> 3 for file in files]
    for index, file in enumerate(files):
        if len(file.branches.octets) > 3 * widths[index]:
            widths[index] = len(file.branches.octets) // 3
    batches = [slice(start, start + _BATCH) for start in range(0, len(files), _BATCH)]
    sizes = [sum(widths[batch]) for batch in batches]
    columns = [_encode_batch(files[batch], widths[batch]) for batch in batches]
    return _Lines(
        widths,
        *[
            b"".join(
                [lines.to_bytes(size, "little") for lines, size in zip(column, sizes, strict=True)]
            )
            if any(column)
            else b""
            for column in zip(*columns, strict=True)
        ],
    )


def _encode_batch(files: Sequence[FileCoverage], widths: Sequence[int]) -> Sequence[int]:
    """Return the columns of `_Lines` of some files, as integers."""

    def join(bitmaps: Iterable[int]) -> int:
        octets = [
            lines.to_bytes(width, "little") for lines, width in zip(bitmaps, widths, strict=True)
        ]
        return int.from_bytes(b"".join(octets), "little")

    measured = join([file.measured for file in files])
    hit = join([file.hit for file in files])
    partial = join([file.partial for file in files])
    pairs, first, second = _join_pairs([file.branches.octets for file in files], widths)
    expected = hit & pairs
    hit_first, hit_second = expected & first, expected & second
    return (
        measured,
        measured ^ hit,
        partial ^ expected ^ (hit_first & hit_second),
        pairs,
        expected ^ hit_first,
        expected ^ hit_second,
        first ^ hit_first,
        second ^ hit_second,
    )


def _join_pairs(pairs: Sequence[bytes], widths: Sequence[int]) -> Sequence[int]:
    """Return the three bitmaps of `Branches.octets`, each of all files on end."""
    if not any(pairs):
        return 0, 0, 0
    columns: tuple[list[bytes], ...] = ([], [], [])
    for octets, width in zip(pairs, widths, strict=True):
        short = len(octets) // 3
        for column, start in zip(columns, (0, short, 2 * short), strict=True):
            column.append(octets[start : start + short].ljust(width, _NONE))
    return [int.from_bytes(b"".join(column), "little") for column in columns]


def _encode_rest(
    branches: Sequence[Branches], rest: Sequence[BranchLine], numbers: Mapping[str | None, int]
) -> _Rest:
    return _Rest(
        counts=[len(one.rest) for one in branches],
        lines=list(_gaps([record.line for record in rest])),
        taken=[record.taken for record in rest],
        totals=[record.total for record in rest],
        arms=[
            None
            if record.arms is None
            else record.arms.to_bytes((record.arms.bit_length() + 7) // 8, "little")
            for record in rest
        ],
        orders=[numbers[record.order] for record in rest],
    )


def _encode_functions(files: Sequence[FileCoverage]) -> _Functions:
    functions = [function for file in files for function in file.functions]
    return _Functions(
        counts=[len(file.functions) for file in files],
        lines=list(_gaps([function.line for function in functions])),
        names=[function.name for function in functions],
        hits=[function.hits for function in functions],
        spans=[0 if f.end_line is None else f.end_line - f.line + 1 for f in functions],
    )


def _restore(columns: _Columns) -> Report:
    paths, functions = columns.paths, columns.functions
    measured, hit, partial, pairs = _restore_lines(columns.lines)
    files = map(
        FileCoverage,
        paths,
        measured,
        hit,
        partial,
        _restore_branches(columns, pairs),
        repeat(()) if functions is None else _restore_functions(functions),
    )
    restored = dict(zip(paths, files, strict=True))
    if len(restored) != len(measured) or len(restored) != len(paths):
        raise ValueError("columns have different lengths, or a path stands twice")
    return Report(MappingProxyType(restored))


def _restore_lines(lines: _Lines) -> tuple[list[int], list[int], list[int], list[bytes]]:
    """Return the bitmaps by file: measured, hit, partial, and what `Branches.octets` are."""
    widths, columns = lines.widths, msgspec.structs.astuple(lines)[1:]
    size = sum(widths)
    if min(widths, default=0) < 0 or any(len(column) not in {0, size} for column in columns):
        raise ValueError("widths and columns disagree")
    start, batches = 0, []
    for first in range(0, len(widths), _BATCH):
        some = widths[first : first + _BATCH]
        end = start + sum(some)
        batches.append(_restore_batch([column[start:end] for column in columns], some))
        start = end
    measured, hit, partial, pairs = zip(*batches, strict=True) if batches else [()] * 4
    whole = chain.from_iterable
    return list(whole(measured)), list(whole(hit)), list(whole(partial)), list(whole(pairs))


def _restore_batch(
    columns: Sequence[bytes], widths: Sequence[int]
) -> tuple[list[int], list[int], list[int], list[bytes]]:
    measured, missed, partial, pairs, not_first, not_second, odd_first, odd_second = (
        int.from_bytes(column, "little") for column in columns
    )
    bounds = list(pairwise(accumulate(widths, initial=0)))
    hit = measured ^ missed
    expected = hit & pairs
    hit_first, hit_second = expected ^ not_first, expected ^ not_second
    partial ^= expected ^ (hit_first & hit_second)
    return (
        _split(columns[0], bounds),
        _split(hit.to_bytes(bounds[-1][1], "little"), bounds),
        _split(partial.to_bytes(bounds[-1][1], "little"), bounds),
        _restore_pairs(bounds, pairs, hit_first ^ odd_first, hit_second ^ odd_second),
    )


def _split(octets: bytes, bounds: Sequence[tuple[int, int]]) -> list[int]:
    """Return a column's bitmaps, file by file."""
    pieces = [octets[start:end] for start, end in bounds]
    return list(map(_read, pieces, repeat("little")))


def _restore_pairs(bounds: Sequence[tuple[int, int]], *columns: int) -> list[bytes]:
    """Return what `Branches.octets` are, of the three columns."""
    if not columns[0]:
        return [b""] * len(bounds)
    size = bounds[-1][1]
    pairs, first, second = (column.to_bytes(size, "little") for column in columns)
    found = []
    for start, end in bounds:
        lines = pairs[start:end].rstrip(_NONE)
        last = start + len(lines)
        found.append(lines + first[start:last] + second[start:last])
    return found


def _restore_branches(columns: _Columns, pairs: Sequence[bytes]) -> Iterable[Branches]:
    """Return each file's; `pairs` are what `Branches.octets` are."""
    if not columns.pair_orders:
        return repeat(NO_BRANCHES)
    names: list[str | None] = [*columns.orders, None]  # _COUNTED is the last one
    orders = [names[number] for number in columns.pair_orders]
    rest: Sequence[tuple[BranchLine, ...]] = [()] * len(pairs)
    if columns.rest is not None:
        rest = _restore_rest(columns.rest, columns.orders)
    return map(Branches, pairs, orders, rest)


def _restore_rest(rest: _Rest, orders: Sequence[str]) -> list[tuple[BranchLine, ...]]:
    records = [
        branch_line(
            line,
            taken,
            total,
            None if arms is None else int.from_bytes(arms, "little"),
            orders[order],
        )
        for line, taken, total, arms, order in zip(
            accumulate(rest.lines), rest.taken, rest.totals, rest.arms, rest.orders, strict=True
        )
    ]
    return codec_v2.split(records, rest.counts)


def _restore_functions(columns: _Functions) -> list[tuple[Function, ...]]:
    functions = [
        Function(line, name, hits, line + span - 1 if span else None)
        for line, name, hits, span in zip(
            accumulate(columns.lines), columns.names, columns.hits, columns.spans, strict=True
        )
    ]
    return codec_v2.split(functions, columns.counts)


def _gaps(numbers: Sequence[int]) -> Iterator[int]:
    """Yield each number less the one before it: small, and so one byte each."""
    before = 0
    for number in numbers:
        yield number - before
        before = number


def _inflate(data: bytes) -> bytes:
    size = zstd.get_frame_info(data).decompressed_size
    if not size or size > _MAX_BYTES:
        raise ValueError(f"it is said to have {size} bytes")
    frame = zstd.ZstdDecompressor()
    inflated = frame.decompress(data)
    if not frame.eof or frame.unused_data:
        raise ValueError("it is longer or shorter than it says")
    return inflated
