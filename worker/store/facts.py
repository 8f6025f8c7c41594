"""What files tell, kept by their blobs for as long as somebody asks for it."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from worker.store.engine import reading, writing
from worker.store.rows import BATCH, Rows
from worker.store.schema import file_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

__all__ = ["KEEP_FACTS", "NOTE_USE", "Facts"]

KEEP_FACTS = timedelta(days=90)
"""How long facts are kept that nobody asks for."""
NOTE_USE = timedelta(days=7)
"""How old a note of their use gets before it is renewed: a row is written once a week."""


class Facts(Rows):
    """Facts of files, and whatever else follows from a file's content alone."""

    def facts(self, repository_id: int, keys: Sequence[str], day: date) -> Mapping[str, bytes]:
        """Return what is kept under those of the keys that are known, by key, sorted."""
        found: dict[str, bytes] = {}
        stale: list[str] = []
        wanted = sorted(set(keys))
        table = file_facts.c
        with reading(self._engine) as connection:
            for batch in _batches(wanted):
                some = select(table.key, table.data, table.used_on).where(
                    table.repository_id == repository_id, table.key.in_(batch)
                )
                for key, data, used_on in connection.execute(some):
                    found[key] = data
                    if used_on <= day - NOTE_USE:
                        stale.append(key)
        if stale:
            self._note_use(repository_id, sorted(stale), day)
        return MappingProxyType({key: found[key] for key in sorted(found)})

    def _note_use(self, repository_id: int, keys: Sequence[str], day: date) -> None:
        table = file_facts.c
        with writing(self._engine) as connection:
            for batch in _batches(keys):
                some = (table.repository_id == repository_id, table.key.in_(batch))
                # Locked in the order of their keys, so that two workers never wait for one
                # another.
                locked = select(table.key).where(*some).order_by(table.key).with_for_update()
                connection.execute(locked).all()
                connection.execute(update(file_facts).where(*some).values(used_on=day))

    def keep_facts(self, repository_id: int, facts: Mapping[str, bytes], day: date) -> None:
        """Keep facts by key; those that nobody asked for in 90 days are dropped."""
        table = file_facts.c
        old = (table.repository_id == repository_id, table.used_on < day - KEEP_FACTS)
        with writing(self._engine) as connection:
            for key in sorted(facts):
                row = {
                    "repository_id": repository_id,
                    "key": key,
                    "data": facts[key],
                    "used_on": day,
                }
                self._upsert_in(connection, file_facts, row)
            connection.execute(delete(file_facts).where(*old))


def _batches(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))
