"""Verdicts on heads, their inputs, and the ledger of overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select

from worker.ports import (
    OverrideRecord,
    VerdictRecord,
)
from worker.store.engine import reading, writing
from worker.store.ledger import override_of, row_of, select_ledger, select_overrides
from worker.store.rows import Rows
from worker.store.schema import (
    overrides,
    repositories,
    storable,
    verdict_inputs,
    verdicts,
)

if TYPE_CHECKING:
    from worker.core.refs import Sha

__all__ = ["Verdicts"]


class Verdicts(Rows):
    """Verdicts, what they were made from, and the overrides."""

    def record_verdict(self, record: VerdictRecord) -> None:
        """Keep a verdict; the same head's later one replaces it."""
        self._upsert(verdicts, record)

    def record_inputs(self, repository_id: int, number: int, head_sha: Sha, inputs: bytes) -> None:
        """Keep what a verdict was made from; that of a pull request's later one replaces it."""
        row = {
            "repository_id": repository_id,
            "number": number,
            "head_sha": head_sha,
            "inputs": inputs,
        }
        with writing(self._engine) as connection:
            self._upsert_in(connection, verdict_inputs, row)

    def inputs(self, full_name: str, number: int) -> tuple[Sha, bytes] | None:
        """Return the head and the inputs of a pull request's latest verdict."""
        table = verdict_inputs.c
        named = func.lower(repositories.c.full_name) == storable(full_name).lower()
        # Of two that had a name one after the other, the younger one has it now: what the
        # former one's pull request of that number was judged by is nothing to it.
        now = select(func.max(repositories.c.id)).where(named).scalar_subquery()
        one = select(table.head_sha, table.inputs).where(
            table.repository_id == now, table.number == number
        )
        with reading(self._engine) as connection:
            row = connection.execute(one).one_or_none()
        return None if row is None else (row.head_sha, bytes(row.inputs))

    def record_override(self, record: OverrideRecord) -> None:
        """Enter an override into the ledger, or how it went on, by its comment and place."""
        with writing(self._engine) as connection:
            self._upsert_in(connection, overrides, row_of(record))

    def overrides(
        self, repository_id: int, number: int | None = None
    ) -> tuple[OverrideRecord, ...]:
        """Return the overrides of a repository, or of one pull request, the oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select_overrides(repository_id, number)).all()
        return tuple(override_of(row) for row in rows)

    def ledger(self, full_name: str = "") -> tuple[tuple[str, OverrideRecord], ...]:
        """Return all overrides with their repositories' names, or of one, the oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select_ledger(full_name)).all()
        return tuple((str(row.full_name), override_of(row)) for row in rows)

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

    def is_judged(self, repository_id: int, number: int) -> bool:
        """Return whether a pull request has a verdict, on whatever head."""
        table = verdicts.c
        mine = and_(table.repository_id == repository_id, table.number == number)
        with reading(self._engine) as connection:
            return connection.scalar(select(table.number).where(mine).limit(1)) is not None

    def verdicts(self, repository_id: int, head_sha: Sha) -> tuple[VerdictRecord, ...]:
        """Return the verdicts on a head, of all pull requests that share it, by number."""
        table = verdicts.c
        some = select(verdicts).where(
            table.repository_id == repository_id, table.head_sha == head_sha
        )
        with reading(self._engine) as connection:
            rows = connection.execute(some.order_by(table.number)).all()
        return tuple(VerdictRecord(**row._asdict()) for row in rows)
