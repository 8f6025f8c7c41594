"""`.coverage`, the SQLite file that coverage.py 5 to 7 measures into.

Schema: https://coverage.readthedocs.io/en/latest/dbschema.html (version 7, that of every
release since 5.0; a set of lines is a "numbits": bit n of byte m is line 8 m + n, which is
our bitmap's own order of bytes). It holds what was executed, so the statements and the
branches that could have been come from the sources (`_python`).

The file is anybody's. It stays in memory; nothing but plain tables is looked at, by four
plain queries, because a view or a computed column in it would run whatever it says, for
ever if it says so; steps, bytes and line numbers are capped.
https://www.sqlite.org/security.html
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from worker.core.errors import ReportError, SummaryError
from worker.core.formats._base import MAX_BYTES, Format, Parsed, Sources, quote
from worker.core.formats._build import ReportBuilder
from worker.core.formats._python import Executed, add_source
from worker.core.model import MAX_LINE, bitmap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from worker.core.model import Report

__all__ = ["FORMAT", "NEEDS_SOURCES", "join_sources"]

_MAGIC = b"SQLite format 3\0"
_SCHEMA = 7
_TABLES = {
    "coverage_schema": {"version"},
    "meta": {"key", "value"},
    "file": {"id", "path"},
    "context": {"id", "context"},
    "line_bits": {"file_id", "context_id", "numbits"},
    "arc": {"file_id", "context_id", "fromno", "tono"},
    "tracer": {"file_id", "tracer"},
}
_MAX_NUMBITS = MAX_LINE // 8 + 1
_MAX_VALUE = 2 * 2**20
"""Bytes of a row. `sys_argv` may be as long as a command line."""
_PLAIN_TABLE = re.compile(r"(?i)create\s+table\b")
_NUMBER = re.compile(r"\d{1,9}")
_STEP = 1_000_000
_MAX_STEPS = 1_000
"""A thousand million of SQLite's instructions: some 20 seconds, 80 million arcs."""
_JOURNAL = slice(18, 20)
_NO_ARCS: frozenset[tuple[int, int]] = frozenset()
_ERRORS = (sqlite3.Error, sqlite3.Warning, TypeError, ValueError, OverflowError, MemoryError)

_Row = tuple[int, int, int, AbstractSet[tuple[int, int]]]
"""File, context, bitmap of lines, and jumps if they were recorded. Ordered by file."""
_From = TypeVar("_From")
_To = TypeVar("_To")

NEEDS_SOURCES = (
    "holds only the lines that were executed; which lines could have been is known from the "
    "sources, and they are not at hand here: upload what `coverage xml` or `coverage json` writes"
)


def _sniff(head: bytes) -> bool:
    return head.startswith(_MAGIC) and b"coverage_schema" in head


def _parse(data: bytes) -> Parsed:  # noqa: ARG001 - the sources are what it lacks
    raise SummaryError(NEEDS_SOURCES)  # a full report often lies beside it


def _parse_with(data: bytes, sources: Sources) -> Parsed:
    with closing(_named(_open, data)) as database:
        head = _named(_read_head, database)
        files = _each_named(_read_files(database, head))
        return Parsed(join_sources(files, sources, head.version, branches=head.branches))


def join_sources(
    files: Iterable[tuple[str, Executed]],
    sources: Sources,
    version: tuple[int, ...],
    *,
    branches: bool,
) -> Report:
    """Return the report of what was executed, by path, and of the sources of those paths.

    A path that `sources` does not know stays in the report with no line, so that it is named
    among what could not be found.
    """
    report = ReportBuilder("coveragepy-sqlite")
    for path, executed in files:
        source = sources(path)
        if source is None:
            report.add_name(path)
            continue
        try:
            add_source(report.file(path), source, executed, version, branches=branches)
        except ReportError as error:
            raise ReportError(
                f"file {quote(path)}: {error.reason}; upload what `coverage xml` writes"
            ) from None
    return report.build()


def _named(read: Callable[[_From], _To], argument: _From) -> _To:
    """Return what `read` makes of `argument`; SQLite's errors as a `ReportError`."""
    try:
        return read(argument)
    except _ERRORS as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> ReportError:
    return ReportError(f"the SQLite file can not be read ({error}); upload it again")


def _each_named(files: Iterator[_To]) -> Iterator[_To]:
    """Yield the same, with the same errors: those of the reading, not of whoever asks for it."""
    while True:
        try:
            following = next(files, None)
        except _ERRORS as error:
            raise _unreadable(error) from None
        if following is None:
            return
        yield following


def _open(data: bytes) -> sqlite3.Connection:
    if data[_JOURNAL] == b"\2\2":  # a write-ahead log would be looked for beside the file
        data = data[: _JOURNAL.start] + b"\1\1" + data[_JOURNAL.stop :]
    database = sqlite3.connect(":memory:", isolation_level=None)
    steps = 0

    def count() -> bool:
        nonlocal steps
        steps += 1
        return steps > _MAX_STEPS

    try:
        database.deserialize(data)
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
        database.set_progress_handler(count, _STEP)
        database.text_factory = _text
        for pragma in ("query_only=1", "trusted_schema=0", "temp_store=2", "cell_size_check=1"):
            database.execute(f"PRAGMA {pragma}")
    except BaseException:
        database.close()
        raise
    return database


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _check_schema(database: sqlite3.Connection) -> None:
    """Refuse all but plain tables with the columns of version 7. Raises `ReportError`."""
    for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_master"):
        plain = kind == "table" and _PLAIN_TABLE.match(str(sql))
        if not plain and kind != "index":
            raise ReportError(
                f"holds {quote(str(name))}, which is no plain table and nothing that coverage.py "
                "makes: it is refused; upload the file as coverage.py wrote it"
            )
    _check_table(database, "coverage_schema")
    versions = [version for (version,) in database.execute("SELECT version FROM coverage_schema")]
    if versions != [_SCHEMA]:
        raise ReportError(
            f"is of coverage.py's data schema {quote(str(versions[:1]))}; known is {_SCHEMA}, that "
            "of the releases 5.0 to 7: upload what `coverage xml` writes"
        )
    for table in _TABLES:
        _check_table(database, table)


def _check_table(database: sqlite3.Connection, table: str) -> None:
    rows = database.execute(f"PRAGMA table_xinfo({table})").fetchall()
    # The last column tells of those that a SELECT would have to compute.
    columns = {name for _, name, *_, computed in rows if not computed}
    if not _TABLES[table] <= columns or len(columns) < len(rows):
        raise ReportError(
            f"its table {table} is not as coverage.py makes it; upload the file as it wrote it"
        )


@dataclass(frozen=True, slots=True)
class _Head:
    """What holds for all files, and the names by which rows refer to files and contexts."""

    version: tuple[int, ...]
    branches: bool
    paths: dict[int, str]
    contexts: dict[int, str]


def _read_head(database: sqlite3.Connection) -> _Head:
    _check_schema(database)
    meta = dict(
        database.execute("SELECT key, value FROM meta WHERE key IN ('version', 'has_arcs')")
    )
    paths = {file: str(path) for file, path in database.execute("SELECT id, path FROM file")}
    names = {one: str(name) for one, name in database.execute("SELECT id, context FROM context")}
    for file, tracer in database.execute("SELECT file_id, tracer FROM tracer WHERE tracer <> ''"):
        raise ReportError(
            f"file {quote(paths.get(file, ''))} was measured by the plug-in {quote(str(tracer))}, "
            "which alone knows its lines; upload what `coverage xml` writes"
        )
    version = tuple(map(int, _NUMBER.findall(str(meta.get("version", "")))[:2]))
    return _Head(version, str(meta.get("has_arcs")) == "1", paths, names)


def _read_files(database: sqlite3.Connection, head: _Head) -> Iterator[tuple[str, Executed]]:
    """Yield what was executed, file by file: that of all at once would take too much room."""
    paths = dict(head.paths)
    rows = _arcs(database) if head.branches else _numbits(database)
    for file, group in groupby(rows, key=itemgetter(0)):
        all_lines, all_arcs = 0, _NO_ARCS
        contexts: dict[str, int] = {}
        for _, number, lines, arcs in group:
            all_lines |= lines
            if arcs:
                all_arcs |= arcs
            context = head.contexts.get(number)
            if context:  # the one without a name is what no context was set for
                contexts[context] = contexts.get(context, 0) | lines
        if file in paths:
            yield paths.pop(file), Executed(all_lines, all_arcs, contexts)
    for path in paths.values():
        yield path, Executed()


def _numbits(database: sqlite3.Connection) -> Iterator[_Row]:
    left = MAX_BYTES
    for file, context, numbits in database.execute(
        "SELECT file_id, context_id, numbits FROM line_bits ORDER BY file_id"
    ):
        left -= len(numbits)
        if len(numbits) > _MAX_NUMBITS:
            raise ReportError(
                f"a set of lines has {len(numbits)} bytes, for line numbers above {MAX_LINE}"
            )
        if left < 0:  # the rows of a hostile file may all share the same bytes
            raise ReportError(f"has more than {MAX_BYTES // 2**20} MB of lines; split the report")
        yield file, context, int.from_bytes(numbits, "little") & ~1, _NO_ARCS


def _arcs(database: sqlite3.Connection) -> Iterator[_Row]:
    rows = database.execute(
        "SELECT file_id, context_id, fromno, tono FROM arc ORDER BY file_id, context_id"
    )
    for (file, context), group in groupby(rows, key=itemgetter(0, 1)):
        arcs = set(map(itemgetter(2, 3), group))
        lines = bitmap(line for line in chain.from_iterable(arcs) if line > 0)
        yield file, context, lines, arcs


FORMAT = Format("coveragepy-sqlite", _sniff, _parse, _parse_with)
