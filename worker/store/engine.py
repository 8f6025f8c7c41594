"""Connections to the database, and its errors in Covgate's words."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
)

from worker.core.errors import CovgateError, PostponedError, SettingError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

__all__ = ["open_engine", "reading", "translated", "writing"]

BUSY_SECONDS = 10
"""How long a job's statement waits for another process's lock before the job is put off."""
RETRY_SECONDS = 30.0
"""When a job that met a database without an answer is tried again."""

_WRITES = "covgate_writes"


def open_engine(url: str, *, patience: int = BUSY_SECONDS) -> Engine:
    """Return an engine for `sqlite:///…` or `postgresql+psycopg://…`; it connects later.

    `patience` is how many seconds a statement waits for another process's lock.

    It keeps no connections: a worker forks for each job, and two processes that share a
    PostgreSQL connection or an open SQLite file corrupt one another's work
    (https://docs.sqlalchemy.org/en/20/core/pooling.html#using-connection-pools-with-multiprocessing-or-os-fork,
    https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_file_across_a_fork_).

    Raises `SettingError` where the URL can't be used.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise SettingError("COVGATE_DATABASE_URL is no database's address") from None
    if parsed.drivername == "sqlite":
        return _open_sqlite(parsed, patience)
    if parsed.drivername == "postgresql+psycopg":
        return _open_postgres(parsed, patience)
    raise SettingError(
        "COVGATE_DATABASE_URL must begin with postgresql+psycopg:// or sqlite:///; for example "
        "COVGATE_DATABASE_URL=postgresql+psycopg://covgate@localhost/covgate"
    )


def _open_sqlite(url: URL, patience: int) -> Engine:
    folder = Path(url.database or "").absolute().parent
    if not folder.is_dir():
        raise SettingError(
            f"COVGATE_DATABASE_URL names a file in {folder}, which is no folder; create it first"
        )
    engine = create_engine(
        url, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": patience}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own transactions begin late and leave DDL out; ours begin below.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later can't wait for a lock: it fails
        # at once (https://www.sqlite.org/lang_transaction.html). So writers say it first.
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")

    return engine


def _open_postgres(url: URL, patience: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": 10, "tcp_user_timeout": 30_000},
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # LOCAL holds behind poolers too, where a session belongs to nobody.
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{patience}s'")

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads; errors as `translated` has them."""
    with translated(), engine.begin() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes; errors as `translated` has them."""
    with translated(), engine.execution_options(**{_WRITES: True}).begin() as connection:
        yield connection


@contextmanager
def translated() -> Iterator[None]:
    """Turn the database's errors into `PostponedError` (down, locked, full) or `CovgateError`.

    Neither shows statements or their values: reports and addresses don't belong in logs.
    """
    try:
        yield
    except SQLAlchemyError as error:
        reason = _reason(error)
        if _may_pass(error):
            raise PostponedError(
                f"The database can't serve now ({reason}); what was asked of it is tried again. "
                "If it stays so, look at the database that COVGATE_DATABASE_URL names.",
                seconds=RETRY_SECONDS,
            ) from error
        raise CovgateError(
            f"The database refused ({reason}); look at the database that "
            "COVGATE_DATABASE_URL names, its rights and whether its schema was changed by hand."
        ) from error


def _may_pass(error: SQLAlchemyError) -> bool:
    if isinstance(error, (OperationalError, InterfaceError, InternalError)):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _reason(error: SQLAlchemyError) -> str:
    """Return the database's own words, on one line."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(cause).split()) or type(cause).__name__
