"""Rows that are put into tables: what the parts of the store have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Engine, Table, and_, or_
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from worker.core.errors import CovgateError
from worker.store.engine import writing
from worker.store.schema import (
    baselines,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Select

    from worker.core.refs import Repository, Sha
    from worker.ports import (
        VerdictRecord,
    )

__all__ = ["BATCH", "Rows", "first_of"]

BATCH = 500
"""Commits asked for in one statement; SQLite's builds take at least 999 values."""


class Rows:
    """A database whose rows are made or replaced."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _upsert(self, table: Table, record: Repository | VerdictRecord) -> None:
        """Insert a row, or replace that of the same key, in one transaction."""
        row = {column.name: getattr(record, column.name) for column in table.columns}
        with writing(self._engine) as connection:
            self._upsert_in(connection, table, row)

    def _upsert_in(self, connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
        """Insert a row, or replace that of the same key; False where a newer one stays."""
        dialect = self._engine.dialect.name
        upserting = postgresql_insert if dialect == "postgresql" else sqlite_insert
        statement = upserting(table).values(row)
        new, old = statement.excluded, table.c
        no_older = None
        if table is baselines:
            no_older = or_(
                new.run_id > old.run_id,
                and_(new.run_id == old.run_id, new.attempt >= old.attempt),
            )
        upsert = statement.on_conflict_do_update(
            index_elements=table.primary_key.columns,
            set_={column.name: new[column.name] for column in old if not column.primary_key},
            where=no_older,
        ).returning(next(iter(old)))
        try:
            return connection.scalar(upsert) is not None
        except IntegrityError as error:
            raise _not_remembered(table) from error

    def _upsert_all(
        self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Insert many rows, or replace those of the same keys, in the order given."""
        if not rows:
            return
        dialect = self._engine.dialect.name
        statement = (postgresql_insert if dialect == "postgresql" else sqlite_insert)(table)
        upsert = statement.on_conflict_do_update(
            index_elements=table.primary_key.columns,
            set_={one.name: statement.excluded[one.name] for one in table.c if not one.primary_key},
        )
        try:
            connection.execute(upsert, rows)
        except IntegrityError as error:
            raise _not_remembered(table) from error

    def _insert_new(self, connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
        """Insert a row, unless there is one of the same key."""
        dialect = self._engine.dialect.name
        inserting = postgresql_insert if dialect == "postgresql" else sqlite_insert
        try:
            connection.execute(inserting(table).values(row).on_conflict_do_nothing())
        except IntegrityError as error:
            raise _not_remembered(table) from error


def _not_remembered(table: Table) -> CovgateError:
    return CovgateError(
        f"{table.name}: the repository is not remembered, or was forgotten meanwhile; "
        "call remember_repository first."
    )


def first_of(
    connection: Connection, some: Select[Any], column: Column[str], commits: Sequence[Sha]
) -> Sha | None:
    """Return the first of `commits` that is among `some`, which selects the column."""
    for start in range(0, len(commits), BATCH):
        batch = commits[start : start + BATCH]
        found = set(connection.scalars(some.where(column.in_(batch))))
        first = next((commit for commit in batch if commit in found), None)
        if first is not None:
            return first
    return None
