"""Bringing a database's schema up to date, once, whoever starts first."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

from worker.core.errors import CovgateError
from worker.store.engine import open_engine, reading, translated, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["Schema", "find_schema", "is_empty", "migrate"]

LOCK_SECONDS = 120
"""How long a process waits for another one's migration."""
_LOCK_ID = 0x636F7667617465
"""PostgreSQL's advisory locks are numbers; this one spells "covgate"."""


def migrate(url: str) -> None:
    """Create the schema of a database, or bring it up to date.

    Processes that start together migrate once: the others wait, up to `LOCK_SECONDS`. All
    migrations run in one transaction, so a killed process leaves the old schema behind.

    Raises `CovgateError` where the schema is newer than this program, `PostponedError`
    where the database does not answer, `SettingError` where the URL can't be used.
    """
    engine = open_engine(url, patience=LOCK_SECONDS)
    if engine.dialect.name == "sqlite":
        _use_write_ahead_log(engine)
    with reading(engine) as connection:
        if _is_current(connection):
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_ID})")
        if not _is_current(connection):
            command.upgrade(_config(connection), "head")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))  # configparser's escape
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@dataclass(frozen=True, slots=True)
class Schema:
    """The revision that a database's schema has, and what this program knows of it."""

    found: tuple[str, ...]
    newest: str
    unknown: tuple[str, ...] = ()
    """Those found that only a newer program knows."""
    current: bool = False


def find_schema(connection: Connection) -> Schema:
    """Return which schema a database has; nothing is changed."""
    scripts = ScriptDirectory.from_config(_config())
    known = {script.revision for script in scripts.walk_revisions()}
    found = set(MigrationContext.configure(connection).get_current_heads())
    return Schema(
        tuple(sorted(found)),
        scripts.get_current_head() or "",
        tuple(sorted(found - known)),
        current=found == set(scripts.get_heads()),
    )


def is_empty(engine: Engine) -> bool:
    """Return whether a database has none of our tables yet; nothing is made or changed."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file is not None and not Path(file).exists():
        return True  # connecting would make the file
    with reading(engine) as connection:
        return not inspect(connection).has_table("repositories")


def _is_current(connection: Connection) -> bool:
    """Return whether the schema is the newest that this program knows."""
    schema = find_schema(connection)
    if schema.unknown:
        raise CovgateError(
            f"The database's schema ({', '.join(schema.found)}) is newer than this Covgate, "
            f"which knows it up to {schema.newest}: install the newer Covgate "
            "again, or restore the backup made before it was installed."
        )
    return schema.current


def _use_write_ahead_log(engine: Engine) -> None:
    """Let readers and the one writer of a SQLite file work beside each other.

    The file remembers the mode. Changing it needs the file alone for a moment and does
    not wait for that by itself (https://www.sqlite.org/wal.html).
    """
    end = time.monotonic() + LOCK_SECONDS
    with translated():
        while True:
            try:
                with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            except OperationalError as error:
                if "locked" not in str(error.orig) or time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return
