"""Reads a big report in a child process that may take so much and no more.

A hostile report can find the one input that a parser's own caps forgot. In the cage it ends
itself alone: the memory, the seconds and the files that the child may have are limited by
the kernel (https://man7.org/linux/man-pages/man2/getrlimit.2.html), and what comes back is
data that is checked, never an object of the child's making.

Small reports are read where they are: they can take neither long nor much. So are those that
need the sources while they are read, because the answers to that come from GitHub, and so is
everything elsewhere than on Linux: macOS does not keep RLIMIT_AS, and its frameworks crash
in forked processes.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import select
import signal
import sys
import time
import traceback
import warnings
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import msgspec

from worker.core import formats
from worker.core.codec import decode_report, encode_report
from worker.core.errors import CovgateError, ReportError, SummaryError, SumsOnlyError
from worker.core.formats import FORMATS, HEAD, Parsed, recognise
from worker.core.formats._base import unpack
from worker.core.model import Report
from worker.guard import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from worker.core.formats import Format, Sources

__all__ = [
    "BIG",
    "CAGED",
    "MEMORY",
    "PIECE_SECONDS",
    "SECONDS",
    "read_report",
    "run_caged",
    "work_caged",
]

BIG = 8 * 2**20
"""The length from which a report is read in the cage, in bytes after decompression. Hostile
JSON takes up to 15 times its length, so a shorter report takes 120 MB at most."""

MEMORY = 512 * 2**20
"""Bytes that the child may have in memory, with what it shares with its parent."""

SECONDS = 20
"""Seconds of CPU that the child may take."""

PIECE_SECONDS = 8
"""Seconds of CPU that one piece of `work_caged` may take."""

CAGED = sys.platform.startswith("linux")

_WALL_SECONDS = 3 * SECONDS
"""A busy machine gives the child a part of its CPU; a child that waits does nothing useful."""
_RESERVE = 32 * 2**20
"""Bytes left free below that, for what is not the report's: a child ends before it has all."""
_LEAST_ROOM = 128 * 2**20
"""Bytes that the child gets anyway, beside a parent that has much in memory."""
_MOST_ANSWER = 2**28
_LENGTH = 4
"""The octets before each piece of an answer that say how long it is."""
_PIECE = 2**20

_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)
_ANSWER, _ERROR, _NO_MEMORY, _DEFECT = b"A", b"E", b"M", b"D"
_KINDS = {kind.__name__: kind for kind in (ReportError, SumsOnlyError, SummaryError)}


class _Answer(msgspec.Struct, array_like=True):
    """A report by the name of its format. The contexts are (file, name, bitmap's octets)."""

    format: str
    report: bytes
    sources: tuple[str, ...]
    names: list[str]
    contexts: list[tuple[int, int, bytes]]


_answers = msgspec.msgpack.Decoder(_Answer)
_errors = msgspec.msgpack.Decoder(tuple[str, str])


def read_report(data: bytes, sources: Sources | None = None) -> tuple[Format, Parsed]:
    """Return what `formats.read` returns, of a big report by way of the cage.

    Raises `ReportError`, too, where the child needed more than it may have.
    """
    small = _unpack_small(data)
    if small is not None or not CAGED:
        return formats.read(data if small is None else small, sources)
    known = recognise(data[:HEAD])
    if known is None or (known.parse_with is not None and sources is not None):
        return formats.read(data, sources)
    return _decode(run_caged(lambda: _encode(*formats.read(data, sources))))


def _unpack_small(data: bytes) -> bytes | None:
    """Return a report's content, unpacked; None where it is big, or can not be unpacked."""
    if len(data) >= BIG:
        return None
    try:
        return unpack(data, BIG - 1)
    except ReportError:
        return None


def run_caged(work: Callable[[], bytes]) -> bytes:
    """Return what `work` returns in a child process under the limits above.

    The `ReportError` that it raises is raised here; where it takes too much, a `ReportError`
    says of what. Raises `ChildProcessError` with the traceback where `work` has a defect.
    """
    answer, in_time, status = _fork(lambda: _outcome(work))
    return _open(answer if in_time else None, status)


def work_caged(work: Sequence[Callable[[], bytes]], *, most_bad: int) -> list[bytes | None]:
    """Return what each of `work` returns, done one after the other in a child process.

    None stands for one that took more than `PIECE_SECONDS`, too much memory, or crashed; the
    rest is done in another child. After `most_bad` of these, or where a child gets no CPU for
    a minute, that is all: the answer is shorter. What raises has a defect: the child ends, and
    None stands for it, too. Where nothing is `CAGED`, all is done here.
    """
    if not CAGED:
        return [one() for one in work]
    done: list[bytes | None] = []
    bad = 0
    while len(done) < len(work):
        left = work[len(done) :]
        answer, in_time, status = _fork(partial(_pieces, left))
        pieces = _split(answer)
        done += pieces
        if not in_time:
            break
        # The seconds of a whole child end it though no piece of it took long.
        if len(pieces) == len(left) or (pieces and status == -signal.SIGXCPU):
            continue
        done.append(None)
        bad += 1
        if bad == most_bad:
            break
    return done


def _pieces(work: Iterable[Callable[[], bytes]]) -> Iterator[bytes]:
    """Yield what each returns, behind its length; the kernel ends the child at one too long."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for one in work:
        signal.setitimer(signal.ITIMER_PROF, PIECE_SECONDS)
        piece = one()
        signal.setitimer(signal.ITIMER_PROF, 0)
        yield len(piece).to_bytes(_LENGTH)
        yield piece


def _split(answer: bytearray) -> list[bytes]:
    """Return the pieces of an answer that are whole."""
    pieces, at = [], 0
    while at + _LENGTH <= len(answer):
        start = at + _LENGTH
        at = start + int.from_bytes(answer[at:start])
        if at > len(answer):
            break
        pieces.append(bytes(answer[start:at]))
    return pieces


def _fork(pieces: Callable[[], Iterable[bytes]]) -> tuple[bytearray, bool, int]:
    """Return what a child writes, whether it ended in time, and how it ended."""
    parent = os.getpid()
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of any other thread. There may be one, which prolongs a lease: the
        # child takes none of its locks, and ends without running anything of the parent's.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        os.close(readable)
        _live(pieces, writable, parent)
    os.close(writable)
    answer = bytearray()
    try:
        in_time = _receive(readable, answer, time.monotonic() + _WALL_SECONDS)
    finally:
        os.close(readable)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    return answer, in_time, os.waitstatus_to_exitcode(status)


def _live(pieces: Callable[[], Iterable[bytes]], writable: int, parent: int) -> NoReturn:
    """Be the child: do the work, write what came of it, and end here in any case."""
    status = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        die_with_parent(signal.SIGKILL, parent)
        _confine()
        with os.fdopen(writable, "wb", buffering=0, closefd=False) as pipe:
            for piece in pieces():
                view = memoryview(piece)
                while view:
                    view = view[pipe.write(view) :]
        status = 0
    except MemoryError:
        status = 0
    finally:
        os._exit(status)


def _confine() -> None:
    # What it shares with its parent is neither counted twice nor thrown away again.
    gc.freeze()
    mapped, resident = _present()
    for limit, most in (
        (resource.RLIMIT_AS, mapped + max(MEMORY - _RESERVE - resident, _LEAST_ROOM)),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # At the hard limit of seconds SIGKILL comes, and nobody could tell why.
        resource.setrlimit(limit, (lowest, hard if limit == resource.RLIMIT_CPU else lowest))


def _present() -> tuple[int, int]:
    """Return how many bytes of addresses this process has, and how many are in memory."""
    with open("/proc/self/statm", encoding="ascii") as statistics:  # noqa: PTH123 - no pathlib here
        mapped, resident = statistics.read().split()[:2]
    page = resource.getpagesize()
    return int(mapped) * page, int(resident) * page


def _outcome(work: Callable[[], bytes]) -> tuple[bytes, ...]:
    try:
        return _ANSWER, work()
    except MemoryError:
        return (_NO_MEMORY,)
    except ReportError as error:
        if "out of memory" in error.reason:  # expat and SQLite have a word of their own for it
            return (_NO_MEMORY,)
        return _ERROR, msgspec.msgpack.encode((type(error).__name__, error.reason))
    except Exception:  # noqa: BLE001 - it is told to the parent, who raises it
        return _DEFECT, traceback.format_exc().encode("utf-8", "replace")


def _receive(readable: int, answer: bytearray, deadline: float) -> bool:
    """Take in all that the child writes until it ends; False where that takes too long."""
    while len(answer) <= _MOST_ANSWER:
        ready, _, _ = select.select([readable], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        piece = os.read(readable, _PIECE)
        if not piece:
            break
        answer += piece
    return True


def _open(answer: bytearray | None, status: int) -> bytes:
    """Return what the child answered, or raise what it raised."""
    if answer is None or status == -signal.SIGXCPU:
        raise ReportError(f"takes more than {SECONDS} seconds to read; split the report")
    kind, content = bytes(answer[:1]), bytes(memoryview(answer)[1:])
    if kind == _ANSWER and status == 0:
        return content
    if kind == _ERROR and status == 0:
        name, reason = _errors.decode(content)
        raise _KINDS.get(name, ReportError)(reason)
    if kind == _DEFECT or status > 0:
        raise ChildProcessError(content.decode("utf-8", "replace") or f"it ended with {status}")
    if -status in _CRASHES:
        raise ReportError(
            f"can not be read: its reader crashed ({signal.Signals(-status).name}); "
            "please report this with the file"
        )
    raise ReportError(f"needs more than {MEMORY // 2**20} MB to read; split the report")


def _encode(known: Format, parsed: Parsed) -> bytes:
    """Return a report as bytes. The codec leaves contexts out, so they go beside it."""
    names: dict[str, int] = {}
    contexts = [
        (place, names.setdefault(name, len(names)), lines.to_bytes(-(-lines.bit_length() // 8)))
        for place, file in enumerate(parsed.report)
        for name, lines in file.contexts
    ]
    report = encode_report(parsed.report)
    answer = _Answer(known.name, report, parsed.sources, list(names), contexts)
    return msgspec.msgpack.encode(answer)


def _decode(answer: bytes) -> tuple[Format, Parsed]:
    try:
        found = _answers.decode(answer)
        known = next(known for known in FORMATS if known.name == found.format)
        report = decode_report(found.report)
        if found.contexts:
            report = _with_contexts(report, found)
    except (msgspec.MsgspecError, CovgateError, StopIteration, IndexError) as error:
        raise ReportError(f"can not be read: its reader gave a wrong answer ({error})") from None
    return known, Parsed(report, found.sources)


def _with_contexts(report: Report, found: _Answer) -> Report:
    files = list(report)
    by_file: dict[int, list[tuple[str, int]]] = {}
    for place, name, octets in found.contexts:
        by_file.setdefault(place, []).append((found.names[name], int.from_bytes(octets)))
    for place, contexts in by_file.items():
        files[place] = msgspec.structs.replace(files[place], contexts=tuple(contexts))
    return Report.of(files)
