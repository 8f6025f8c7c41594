"""Reads the reports in an artifact's zip archive, which anyone may have made.

Nothing is written to disk and no name in the archive is ever opened, so a name like
`../../etc/passwd` and a symbolic link are mere names. Sizes that an archive declares are
not believed: what counts is the bytes read.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from worker.core import formats, junit
from worker.core.errors import ReportError, SummaryError
from worker.core.formats import HEAD, MAX_BYTES
from worker.core.formats._base import unpack
from worker.core.zipmember import LOCAL, LOCAL_SIZE, METHODS, ZipMember

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from worker.core.formats import Format, Parsed, Sources
    from worker.core.junit import TestRun
    from worker.core.paths import Glob

__all__ = [
    "MAX_ENTRIES",
    "MAX_TESTS",
    "MAX_TOTAL",
    "FoundReport",
    "FoundTests",
    "Member",
    "NoReport",
    "NoTests",
    "read_artifact",
]

MAX_ENTRIES = 50_000
"""Entries of an archive. Each costs Python over a kilobyte before its content is looked at."""

MAX_TOTAL = 400 * 2**20
"""Bytes read from one archive after decompression, over all members."""

MAX_TESTS = 32 * 2**20
"""The longest JUnit report read, in bytes after decompression. They are a few MB at most."""

_MAX_ALL_TESTS = 2 * MAX_TESTS
"""So much of JUnit reports is read from one archive, in bytes: they are slow to read."""

_MAX_DIRECTORY = 64 * 2**20
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 1
_CHUNK = 2**20
_READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class FoundReport:
    """A member of the archive that is a report."""

    name: str
    format: Format
    parsed: Parsed


@dataclass(frozen=True, slots=True)
class NoReport:
    """A member that no format recognises (a page of HTML, a log, …), or a summary.

    `reason` says of a summary what it is and what to upload.
    """

    name: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FoundTests:
    """A member of the archive that is a JUnit report: of tests, not of coverage."""

    name: str
    run: TestRun


@dataclass(frozen=True, slots=True)
class NoTests:
    """A JUnit report that can not be read; no verdict on coverage needs it."""

    name: str
    reason: str


Member: TypeAlias = "FoundReport | FoundTests | NoReport | NoTests | ReportError"


def read_artifact(
    archive: BinaryIO,
    files: Sequence[Glob],
    sources: Sources | None = None,
    read: Callable[[bytes, Sources | None], tuple[Format, Parsed]] = formats.read,
) -> Iterator[Member]:
    """Yield what the members are whose names match one of `files`, in the archive's order.

    A member that can not be read is yielded as a `ReportError` that names it, and the
    others follow. Raises a `ReportError` without a name where the archive as a whole can
    not be read (cut off, no zip at all); downloading it again may mend that. `sources` gives
    the measured files to the formats that need them. `read` reads a report, as `formats.read`
    does; the caller may have it done elsewhere.
    """
    _check_directory(archive)
    try:
        opened = zipfile.ZipFile(archive)
    except (*_READ_ERRORS, NotImplementedError) as error:
        raise ReportError(f"the artifact's zip is damaged: {error}; upload it again") from None
    with opened:
        infos = opened.infolist()
        if not infos:
            raise ReportError("the artifact is empty; did the coverage tool write its report?")
        wanted = [info for info in infos if _is_wanted(info.filename, files)]
        names = Counter(info.filename for info in infos)
        overlapping = _overlapping(infos, opened.start_dir)
        yield from _read_members(
            archive, wanted, names, overlapping, lambda data: read(data, sources)
        )


def _is_wanted(name: str, files: Sequence[Glob]) -> bool:
    return not name.endswith("/") and any(glob.matches(name) for glob in files)


def _read_members(
    archive: BinaryIO,
    wanted: Sequence[zipfile.ZipInfo],
    names: Counter[str],
    overlapping: frozenset[str],
    read: Callable[[bytes], tuple[Format, Parsed]],
) -> Iterator[Member]:
    budget = _Budget()
    for info in wanted:
        name = info.filename
        try:
            _check_member(info, names[name], name in overlapping)
            yield _read_member(ZipMember(archive, info), info, budget, read)
        except SummaryError as error:
            yield NoReport(name, error.reason)
        except ReportError as error:
            yield error.named(name or "(a member without a name)")
        except (*_READ_ERRORS, NotImplementedError) as error:
            yield ReportError(f"can not be unpacked: {error}; upload it again", name=name)
        if budget.left <= 0:
            yield ReportError(
                f"the artifact holds more than {MAX_TOTAL // 2**20} MB; what follows this "
                "member was not read: name the reports by `files`, or upload less",
                name=name,
            )
            return


class _Budget:
    """How many more bytes may be read from the archive, and how many of test reports."""

    __slots__ = ("left", "tests_left")

    def __init__(self) -> None:
        self.left = MAX_TOTAL
        self.tests_left = _MAX_ALL_TESTS

    def read(self, member: ZipMember, size: int) -> bytes:
        data = member.read(min(size, max(self.left, 0)))
        self.left -= len(data)
        return data


def _read_member(
    member: ZipMember,
    info: zipfile.ZipInfo,
    budget: _Budget,
    read: Callable[[bytes], tuple[Format, Parsed]],
) -> FoundReport | FoundTests | NoReport | NoTests:
    head = budget.read(member, HEAD)
    if head.startswith(LOCAL) and info.filename.lower().endswith(".zip"):
        raise ReportError("is a zip inside of the artifact's zip; upload the report itself")
    if junit.sniff(head):
        return _read_tests(member, info.filename, head, budget)
    if formats.recognise(head) is None:
        return NoReport(info.filename)
    data = _read_rest(member, head, budget, MAX_BYTES)
    if len(data) != info.file_size:
        raise ReportError(
            f"says it has {info.file_size} bytes and has {len(data)}; upload it again"
        )
    known, parsed = read(data)
    return FoundReport(info.filename, known, parsed)


def _read_tests(member: ZipMember, name: str, head: bytes, budget: _Budget) -> FoundTests | NoTests:
    if budget.tests_left <= 0:
        most = _MAX_ALL_TESTS // 2**20
        return NoTests(name, f"the test reports before it hold more than {most} MB in sum")
    try:
        data = unpack(_read_rest(member, head, budget, MAX_TESTS), MAX_TESTS)
        budget.tests_left -= len(data)
        return FoundTests(name, junit.parse_junit(data))
    except ReportError as error:
        return NoTests(name, error.reason)
    except _READ_ERRORS as error:
        return NoTests(name, f"can not be unpacked: {error}")


def _read_rest(member: ZipMember, head: bytes, budget: _Budget, most: int) -> bytes:
    """Return the whole content. One growing buffer: joining pieces would need twice the room."""
    buffer = io.BytesIO()
    piece = head
    while piece:
        buffer.write(piece)
        if buffer.tell() > most:
            raise ReportError(f"has more than {most // 2**20} MB; split the report")
        piece = budget.read(member, _CHUNK)
    if budget.left <= 0:
        raise ReportError("was not read to its end")
    return buffer.getvalue()


def _check_member(info: zipfile.ZipInfo, count: int, overlaps: bool) -> None:
    if info.flag_bits & _ENCRYPTED:
        raise ReportError("is encrypted; upload it without a password")
    if info.compress_type not in METHODS:
        raise ReportError(
            f"is compressed by method {info.compress_type}; upload it stored or deflated"
        )
    if count > 1:
        raise ReportError(f"stands {count} times in the artifact; upload it once")
    if overlaps:
        raise ReportError("shares its bytes with another member, as only a zip bomb does")


def _overlapping(infos: Sequence[zipfile.ZipInfo], directory: int) -> frozenset[str]:
    """Return the members whose bytes reach into the next one's (CVE-2024-0450)."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    found: set[str] = set()
    for info, following in pairwise(ordered):
        if _end_of(info) > following.header_offset:
            found |= {info.filename, following.filename}
    if ordered and _end_of(ordered[-1]) > directory:
        found.add(ordered[-1].filename)
    return frozenset(found)


def _end_of(info: zipfile.ZipInfo) -> int:
    """Return where a member ends at the earliest; its local extra fields may add some bytes."""
    return info.header_offset + LOCAL_SIZE + len(info.orig_filename) + info.compress_size


def _check_directory(archive: BinaryIO) -> None:
    """Refuse what is no zip, or has so many entries that listing them takes the memory.

    The end record is APPNOTE 4.3.16, its 64-bit form 4.3.14:
    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
    """
    size = archive.seek(0, io.SEEK_END)
    start = max(size - _END.size - 2**16, 0)
    archive.seek(start)
    tail = archive.read()
    position = tail.rfind(b"PK\x05\x06")
    if position < 0 or len(tail) - position < _END.size:
        raise ReportError(_why_no_zip(archive, size))
    entries, length = _END.unpack_from(tail, position)[4:6]
    end = start + position
    locator = tail[max(position - _LOCATOR.size, 0) : position]
    if locator.startswith(b"PK\x06\x07") and len(locator) == _LOCATOR.size:
        end = _LOCATOR.unpack(locator)[2]
        archive.seek(min(end, size))
        record = archive.read(_END64.size)
        if len(record) < _END64.size or not record.startswith(b"PK\x06\x06"):
            raise ReportError("the artifact's zip is damaged: its 64-bit end record is missing")
        entries, length = _END64.unpack(record)[7:9]
    if entries > MAX_ENTRIES or length > _MAX_DIRECTORY or _listed(archive, end, length):
        raise ReportError(
            f"the artifact's zip has more than {MAX_ENTRIES} entries; "
            "upload the coverage reports without the pages made of them"
        )


def _listed(archive: BinaryIO, end: int, length: int) -> bool:
    """Return whether the directory lists too many entries, whatever its end record says."""
    archive.seek(max(end - length, 0))
    return archive.read(length).count(_ENTRY) > MAX_ENTRIES


def _why_no_zip(archive: BinaryIO, size: int) -> str:
    archive.seek(0)
    head = archive.read(512).lstrip()
    if not size:
        return "the artifact's download is empty; download it again"
    if head.startswith(LOCAL):
        return "the artifact's zip is cut off: it has no end record; download or upload it again"
    if head[:1] == b"<":
        return "the artifact's download is an HTML or XML page, not a zip; download it again"
    return f"the artifact is no zip: it begins with {head[:20]!r}; upload it again"
