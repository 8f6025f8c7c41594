"""Contents of base branches' files, kept by their blobs while somebody uses them."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, tuple_, update

from worker.store.engine import reading, writing
from worker.store.facts import NOTE_USE
from worker.store.rows import BATCH, Rows
from worker.store.schema import file_sources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection

__all__ = ["KEEP_SOURCES", "KeptSources"]

KEEP_SOURCES = timedelta(days=30)
"""How long contents are kept that nobody uses."""

_table = file_sources.c


class KeptSources(Rows):
    """Contents of files, packed by whoever keeps them."""

    def known_sources(self, repository_id: int, blobs: Sequence[str], day: date) -> Collection[str]:
        """Return those of the blobs that were given to `keep_sources`, sorted."""
        return tuple(self._find(repository_id, blobs, day, with_data=False))

    def sources(self, repository_id: int, blobs: Sequence[str], day: date) -> Mapping[str, bytes]:
        """Return the contents that are kept of those blobs, as they were given, sorted."""
        found = self._find(repository_id, blobs, day, with_data=True)
        return MappingProxyType({blob: data for blob, data in found.items() if data})

    def _find(
        self, repository_id: int, blobs: Sequence[str], day: date, *, with_data: bool
    ) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        stale: list[str] = []
        some = select(_table.blob, _table.used_on, *([_table.data] if with_data else []))
        with reading(self._engine) as connection:
            for batch in _batches(sorted(set(blobs))):
                ours = some.where(_table.repository_id == repository_id, _table.blob.in_(batch))
                for blob, used_on, *data in connection.execute(ours):
                    found[blob] = data[0] if data else b""
                    if used_on <= day - NOTE_USE:
                        stale.append(blob)
        if stale:
            with writing(self._engine) as connection:
                _change(connection, repository_id, stale, used_on=day)
        return {blob: found[blob] for blob in sorted(found)}

    def keep_sources(
        self, repository_id: int, sources: Mapping[str, bytes], day: date, *, room: int
    ) -> None:
        """Keep contents by blob, in so much room; what nobody used in 30 days is dropped."""
        rows = [
            {
                "repository_id": repository_id,
                "blob": blob,
                "data": sources[blob],
                "size": len(sources[blob]),
                "used_on": day,
            }
            for blob in sorted(sources)
        ]
        with writing(self._engine) as connection:
            self._upsert_all(connection, file_sources, rows)
        # Each in a transaction of its own, which locks rows in one order: two workers never
        # wait for one another.
        with writing(self._engine) as connection:
            excess = _excess(connection, repository_id, room)
            _change(connection, repository_id, excess, data=b"", size=0)
        with writing(self._engine) as connection:
            key = tuple_(_table.repository_id, _table.blob)
            old = select(_table.repository_id, _table.blob).where(
                _table.used_on < day - KEEP_SOURCES
            )
            free = old.with_for_update(skip_locked=True)
            connection.execute(delete(file_sources).where(key.in_(free)))

    def drop_sources(self) -> None:
        """Delete all contents, of all repositories."""
        with writing(self._engine) as connection:
            connection.execute(delete(file_sources))


def _excess(connection: Connection, repository_id: int, room: int) -> list[str]:
    """Return the blobs whose contents have no room, those that were used last coming first."""
    ours = _table.repository_id == repository_id, _table.size > 0
    if (connection.scalar(select(func.sum(_table.size)).where(*ours)) or 0) <= room:
        return []
    rows = select(_table.blob, _table.size).where(*ours)
    excess = []
    for blob, size in connection.execute(rows.order_by(_table.used_on.desc(), _table.blob)):
        room -= size
        if room < 0:
            excess.append(blob)
    return excess


def _change(
    connection: Connection, repository_id: int, blobs: Sequence[str], **values: object
) -> None:
    """Change rows, locked in the order of their blobs."""
    for batch in _batches(sorted(blobs)):
        some = (_table.repository_id == repository_id, _table.blob.in_(batch))
        locked = select(_table.blob).where(*some).order_by(_table.blob).with_for_update()
        connection.execute(locked).all()
        connection.execute(update(file_sources).where(*some).values(**values))


def _batches(blobs: Sequence[str]) -> Iterable[Sequence[str]]:
    return (blobs[start : start + BATCH] for start in range(0, len(blobs), BATCH))
