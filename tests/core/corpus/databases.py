"""Bad `.coverage` files: SQLite databases that were made to harm, or damaged."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.core.corpus.case import Case

TABLES = (
    "coverage_schema (version integer)",
    "meta (key text, value text, unique (key))",
    "file (id integer primary key, path text, unique (path))",
    "context (id integer primary key, context text, unique (context))",
    "line_bits (file_id integer, context_id integer, numbits blob)",
    "arc (file_id integer, context_id integer, fromno integer, tono integer)",
    "tracer (file_id integer primary key, tracer text)",
)
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


def database(numbits: bytes = b"\2", schema: int = 7, more: str = "", without: str = "-") -> bytes:
    """Return a data file in which `numbits` are executed; `more` is SQL that alters it."""
    with closing(sqlite3.connect(":memory:")) as made:
        for table in TABLES:
            if not table.startswith(without):
                made.execute(f"CREATE TABLE {table}")
        made.execute("INSERT INTO coverage_schema VALUES (?)", (schema,))
        made.execute("INSERT INTO meta VALUES ('version', '7.6.0')")
        made.execute("INSERT INTO file VALUES (1, 'a.py')")
        made.execute("INSERT INTO context VALUES (1, '')")
        made.execute("INSERT INTO line_bits VALUES (1, 1, ?)", (numbits,))
        made.executescript(more)
        made.commit()
        return made.serialize()


def _endless() -> bytes:
    view = f"CREATE VIEW tracer AS {ENDLESS} SELECT i AS file_id, NULL AS tracer FROM n;"
    return database(more=view, without="tracer")


def _corrupt() -> bytes:
    data = database()
    return data[:4096] + b"\xa5" * (len(data) - 4096)


def _logged() -> bytes:
    """Say that a write-ahead log lies beside the file, which has a name of its own."""
    data = bytearray(database())
    data[18:20] = b"\2\2"
    return bytes(data)


TRIGGER = "CREATE TRIGGER t AFTER INSERT ON file BEGIN SELECT 1; END;"

DATABASES = (
    Case("S1-endless-view", _endless, "'tracer', which is no plain table"),
    Case("S2-trigger", lambda: database(more=TRIGGER), "'t', which is no plain table"),
    Case(
        "S3-virtual-table",
        lambda: database(more="CREATE VIRTUAL TABLE v USING fts5(a);"),
        "'v', which is no plain table",
    ),
    Case("S4-no-SQLite", lambda: b"SQLite format 3\0 coverage_schema", "can not be read"),
    Case("S5-corrupt-page", _corrupt, "can not be read"),
    Case("S6-unknown-schema", lambda: database(schema=8), r"data schema '\[8\]'"),
    Case("S7-100-MB-of-lines", lambda: database(b"\1" * 100_000_000), "too big|above 2000000"),
    Case("S8-write-ahead-log", _logged, lines=(1, 2), name="sub/.coverage"),
)
