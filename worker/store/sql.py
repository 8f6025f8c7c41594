"""`worker.ports.Store` on SQLite and PostgreSQL, put together from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from worker.store.baselines import Baselines
from worker.store.engine import open_engine, reading, writing
from worker.store.facts import Facts
from worker.store.habits import Habits
from worker.store.looks import Looks
from worker.store.migrate import migrate
from worker.store.past import Past
from worker.store.schema import (
    repositories,
)
from worker.store.sources import KeptSources
from worker.store.verdicts import Verdicts

if TYPE_CHECKING:
    from worker.core.refs import Repository

__all__ = ["SqlStore", "open_store"]


def open_store(url: str) -> SqlStore:
    """Return the store of a database, its schema brought up to date.

    Raises as `worker.store.migrate.migrate` does.
    """
    migrate(url)
    return SqlStore(open_engine(url))


class SqlStore(Baselines, Facts, Habits, KeptSources, Looks, Past, Verdicts):
    """History and baselines in a database.

    It holds no connection between calls, so it may be opened before a fork and used from
    several threads. Every method is one transaction, and may raise `PostponedError` (the
    database is down, locked or full: try later) or `CovgateError`. What belongs to a
    repository that is not remembered (or was forgotten meanwhile) is refused, so that
    nothing of a forgotten one comes back.
    """

    def remember_repository(self, repository: Repository) -> None:
        """Record a repository (or its new name, installation, visibility)."""
        self._upsert(repositories, repository)

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
