"""`worker.ports.Store` on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Engine, Table, and_, delete, or_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from worker.core.errors import CovgateError
from worker.ports import BaselineRecord, VerdictRecord
from worker.store.engine import open_engine, reading, writing
from worker.store.migrate import migrate
from worker.store.schema import baselines, repositories, verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.refs import Repository, Sha

__all__ = ["SqlStore", "open_store"]

_BATCH = 500
"""Commits asked for in one statement; SQLite's builds take at least 999 values."""


def open_store(url: str) -> SqlStore:
    """Return the store of a database, its schema brought up to date.

    Raises as `worker.store.migrate.migrate` does.
    """
    migrate(url)
    return SqlStore(open_engine(url))


class SqlStore:
    """History and baselines in a database.

    It holds no connection between calls, so it may be opened before a fork and used from
    several threads. Every method is one transaction, and may raise `PostponedError` (the
    database is down, locked or full: try later) or `CovgateError`. What belongs to a
    repository that is not remembered (or was forgotten meanwhile) is refused, so that
    nothing of a forgotten one comes back.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def remember_repository(self, repository: Repository) -> None:
        """Record a repository (or its new name, installation, visibility)."""
        self._upsert(repositories, repository)

    def record_baseline(self, record: BaselineRecord) -> None:
        """Keep a baseline; an older run or attempt never replaces a newer one's."""
        self._upsert(baselines, record)

    def baseline(self, repository_id: int, commits: Sequence[Sha]) -> BaselineRecord | None:
        """Return the baseline of the first of `commits` that has one."""
        table = baselines.c
        mine = table.repository_id == repository_id
        with reading(self._engine) as connection:
            for start in range(0, len(commits), _BATCH):
                batch = commits[start : start + _BATCH]
                found = set(
                    connection.scalars(select(table.commit).where(mine, table.commit.in_(batch)))
                )
                first = next((commit for commit in batch if commit in found), None)
                if first is None:
                    continue
                row = connection.execute(
                    select(baselines).where(mine, table.commit == first)
                ).one_or_none()
                return None if row is None else BaselineRecord(**row._asdict())
        return None

    def has_baseline(self, repository_id: int) -> bool:
        """Return whether the repository has any baseline."""
        one = select(baselines.c.commit).where(baselines.c.repository_id == repository_id).limit(1)
        with reading(self._engine) as connection:
            return connection.scalar(one) is not None

    def has_report(self, repository_id: int) -> bool:
        """Return whether any report of the repository was ever read."""
        judged = select(verdicts.c.number).where(
            verdicts.c.repository_id == repository_id, verdicts.c.details != "{}"
        )
        with reading(self._engine) as connection:
            if connection.scalar(judged.limit(1)) is not None:
                return True
        return self.has_baseline(repository_id)

    def record_verdict(self, record: VerdictRecord) -> None:
        """Keep a verdict; the same head's later one replaces it."""
        self._upsert(verdicts, record)

    def verdict(self, repository_id: int, number: int, head_sha: Sha) -> VerdictRecord | None:
        """Return the verdict on a head."""
        table = verdicts.c
        one = select(verdicts).where(
            table.repository_id == repository_id,
            table.number == number,
            table.head_sha == head_sha,
        )
        with reading(self._engine) as connection:
            row = connection.execute(one).one_or_none()
        return None if row is None else VerdictRecord(**row._asdict())

    def verdicts(self, repository_id: int, head_sha: Sha) -> tuple[VerdictRecord, ...]:
        """Return the verdicts on a head, of all pull requests that share it, by number."""
        table = verdicts.c
        some = select(verdicts).where(
            table.repository_id == repository_id, table.head_sha == head_sha
        )
        with reading(self._engine) as connection:
            rows = connection.execute(some.order_by(table.number)).all()
        return tuple(VerdictRecord(**row._asdict()) for row in rows)

    def forget(self, installation_id: int, repository_id: int | None = None) -> None:
        """Delete all of an installation, or of one of its repositories.

        A repository that meanwhile came in through another installation stays. Baselines
        and verdicts go with their repository (the schema's cascade).
        """
        statement = delete(repositories).where(repositories.c.installation_id == installation_id)
        if repository_id is not None:
            statement = statement.where(repositories.c.id == repository_id)
        with writing(self._engine) as connection:
            connection.execute(statement)

    def ping(self) -> None:
        """Raise `CovgateError` where the database, or a table in it, does not answer."""
        with reading(self._engine) as connection:
            connection.execute(select(repositories.c.id).limit(1))

    def _upsert(self, table: Table, record: Repository | BaselineRecord | VerdictRecord) -> None:
        """Insert a row, or replace that of the same key, in one atomic statement."""
        insert = postgresql_insert if self._engine.dialect.name == "postgresql" else sqlite_insert
        statement = insert(table).values(
            {column.name: getattr(record, column.name) for column in table.columns}
        )
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
        )
        with writing(self._engine) as connection:
            try:
                connection.execute(upsert)
            except IntegrityError as error:
                raise CovgateError(
                    f"{table.name}: the repository is not remembered, or was forgotten meanwhile; "
                    "call remember_repository first."
                ) from error
