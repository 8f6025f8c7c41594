"""Tables as they are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.core.insight import Table

__all__ = ["drop_empty"]


def drop_empty(table: Table) -> Table:
    """Return a table without the columns that have nothing in any row, but for the first."""
    kept = [
        at
        for at in range(len(table.columns))
        if not at or any(row[at] not in (None, ()) for row in table.rows)
    ]
    columns = tuple(table.columns[at] for at in kept)
    return replace(
        table, columns=columns, rows=tuple(tuple(row[at] for at in kept) for row in table.rows)
    )
