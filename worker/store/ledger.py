"""Overrides as rows of a table."""

from __future__ import annotations

import json
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, Select, func, select

from worker.core.model import bitmap, line_ranges
from worker.ports import OverrideRecord
from worker.store.schema import overrides, repositories, storable

__all__ = ["override_of", "row_of", "select_ledger", "select_overrides"]

_NAMES = tuple(field.name for field in fields(OverrideRecord))
_ORDER = (overrides.c.made_at, overrides.c.repository_id, overrides.c.comment_id, overrides.c.place)


def row_of(record: OverrideRecord) -> dict[str, Any]:
    """Return the row of a record."""
    row = {name: getattr(record, name) for name in _NAMES}
    row["uncovered"] = json.dumps(
        {path: line_ranges(record.uncovered[path]) for path in sorted(record.uncovered)}
    )
    return row


def override_of(row: Row[Any]) -> OverrideRecord:
    """Return the record of a row."""
    values = row._asdict()
    known = {name: values[name] for name in _NAMES}
    ranges: dict[str, list[list[int]]] = json.loads(values["uncovered"])
    known["uncovered"] = MappingProxyType({path: _lines(one) for path, one in ranges.items()})
    return OverrideRecord(**known)


def _lines(ranges: list[list[int]]) -> int:
    return bitmap(line for first, last in ranges for line in range(first, last + 1))


def select_overrides(repository_id: int, number: int | None) -> Select[Any]:
    """Select the overrides of a repository, or of one of its pull requests."""
    some = select(overrides).where(overrides.c.repository_id == repository_id)
    if number is not None:
        some = some.where(overrides.c.number == number)
    return some.order_by(*_ORDER)


def select_ledger(full_name: str) -> Select[Any]:
    """Select all overrides with their repository's name, or those of one repository."""
    some = select(repositories.c.full_name, overrides).join_from(
        overrides, repositories, repositories.c.id == overrides.c.repository_id
    )
    if full_name:
        some = some.where(func.lower(repositories.c.full_name) == storable(full_name).lower())
    return some.order_by(*_ORDER)
