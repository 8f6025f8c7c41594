"""What is learned from earlier runs: lines that flap, and what workflows leave."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table, and_, delete, select

from worker.core.habits import Outcome
from worker.ports import (
    FlappingRecord,
    ObservationRecord,
)
from worker.store.engine import reading, writing
from worker.store.rows import Rows
from worker.store.schema import (
    flapping,
    observations,
    storable,
)
from worker.store.schema import outcomes as all_outcomes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from worker.core.refs import Sha

__all__ = ["KEEP_FLAPPING", "KEEP_OBSERVATIONS", "KEEP_OUTCOMES", "MOST_OUTCOMES", "Habits"]

KEEP_OBSERVATIONS = timedelta(days=30)
"""How long a tree's report waits for another one of the same tree."""
KEEP_FLAPPING = timedelta(days=90)
"""How long a line counts as flapping after it was last seen to."""
_MOST_FLAPPING = 10_000
KEEP_OUTCOMES = timedelta(days=90)
"""How long it is remembered what a workflow left."""
MOST_OUTCOMES = 200
"""Five pull requests of forty workflows."""
_OF_OUTCOME = tuple(field.name for field in fields(Outcome))


class Habits(Rows):
    """What was learned from earlier runs."""

    def record_observation(self, record: ObservationRecord) -> None:
        """Keep an observation instead of an earlier one; those of a month ago are dropped."""
        row = {column.name: getattr(record, column.name) for column in observations.columns}
        with writing(self._engine) as connection:
            _drop_old(connection, observations, record, KEEP_OBSERVATIONS)
            self._upsert_in(connection, observations, row)

    def observation(self, repository_id: int, tree: Sha) -> ObservationRecord | None:
        """Return what was observed of a tree."""
        table = observations.c
        one = select(observations).where(table.repository_id == repository_id, table.tree == tree)
        with reading(self._engine) as connection:
            row = connection.execute(one).one_or_none()
        return None if row is None else ObservationRecord(**row._asdict())

    def record_flapping(self, records: Sequence[FlappingRecord]) -> None:
        """Add to what is known to flap in one repository; what was long not seen is dropped."""
        # In the order of their keys, so that two workers never wait for one another.
        by_key = {_key(record): record for record in records}
        with writing(self._engine) as connection:
            for key in sorted(by_key):
                self._add_flapping(connection, key, by_key[key])
            if records:
                _drop_old(connection, flapping, records[0], KEEP_FLAPPING)

    def _add_flapping(self, connection: Connection, key: str, record: FlappingRecord) -> None:
        table = flapping.c
        known = connection.scalar(
            select(table.lines)
            .where(table.repository_id == record.repository_id, table.key == key)
            .with_for_update()
        )
        lines = record.lines | int.from_bytes(known or b"", "little")
        row = {
            "repository_id": record.repository_id,
            "key": key,
            "path": record.path,
            "shape": record.shape,
            "lines": lines.to_bytes((lines.bit_length() + 7) // 8, "little"),
            "recorded_at": record.recorded_at,
        }
        self._upsert_in(connection, flapping, row)

    def flapping(self, repository_id: int) -> tuple[FlappingRecord, ...]:
        """Return what is known to flap in a repository, the newest 10,000 files, by path."""
        table = flapping.c
        some = (
            select(table.path, table.shape, table.lines, table.recorded_at)
            .where(table.repository_id == repository_id)
            .order_by(table.recorded_at.desc(), table.key)
            .limit(_MOST_FLAPPING)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(some).all()
        records = [
            FlappingRecord(repository_id, path, shape, int.from_bytes(lines, "little"), at)
            for path, shape, lines, at in rows
        ]
        return tuple(sorted(records, key=lambda record: (record.path, record.shape)))

    def record_outcomes(
        self, repository_id: int, branch: str, kind: str, outcomes: Sequence[Outcome]
    ) -> None:
        """Keep what workflows left, instead of what they left before for the same number."""
        place = _place(branch, kind)
        with writing(self._engine) as connection:
            for one in sorted(outcomes, key=lambda one: (one.number, one.workflow_id)):
                row = {name: getattr(one, name) for name in _OF_OUTCOME}
                row |= {"repository_id": repository_id, "place": place}
                self._upsert_in(connection, all_outcomes, row)
            if outcomes:
                before = max(one.recorded_at for one in outcomes) - KEEP_OUTCOMES
                table = all_outcomes.c
                mine = and_(table.repository_id == repository_id, table.recorded_at < before)
                connection.execute(delete(all_outcomes).where(mine))

    def outcomes(self, repository_id: int, branch: str, kind: str) -> tuple[Outcome, ...]:
        """Return the newest 200 outcomes of a branch, the newest first."""
        table = all_outcomes.c
        some = (
            select(*(table[name] for name in _OF_OUTCOME))
            .where(table.repository_id == repository_id, table.place == _place(branch, kind))
            .order_by(table.recorded_at.desc(), table.number, table.workflow_id)
            .limit(MOST_OUTCOMES)
        )
        with reading(self._engine) as connection:
            return tuple(Outcome(**row._asdict()) for row in connection.execute(some))


def _drop_old(
    connection: Connection,
    table: Table,
    newest: ObservationRecord | FlappingRecord,
    keep: timedelta,
) -> None:
    before: datetime = newest.recorded_at - keep
    old = and_(table.c.repository_id == newest.repository_id, table.c.recorded_at < before)
    connection.execute(delete(table).where(old))


def _place(branch: str, kind: str) -> str:
    return hashlib.sha256(f"{kind} {storable(branch)}".encode()).hexdigest()


def _key(record: FlappingRecord) -> str:
    text = f"{record.shape} {storable(record.path)}"
    return hashlib.sha256(text.encode()).hexdigest()
