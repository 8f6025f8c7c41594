"""`covgate ledger`: who let what in though its check failed, why, and what stayed uncovered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from worker.core.model import format_lines, line_numbers
from worker.core.numbers import format_count
from worker.core.render.markdown import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.ports import OverrideRecord

__all__ = ["render_ledger", "render_ledger_json"]

Entry = tuple[str, "OverrideRecord"]


def render_ledger(entries: Sequence[Entry]) -> str:
    """Return the ledger for people, the oldest entry first."""
    if not entries:
        return "No override yet."
    return "\n\n".join(_entry(name, record) for name, record in entries)


def _entry(name: str, record: OverrideRecord) -> str:
    gate = f", the gate {visible(record.gate)} alone" if record.gate else ""
    what = f"{visible(name)}#{record.number} at {record.head_sha[:7]}"
    lines = [
        f"{record.made_at:%Y-%m-%d %H:%M} UTC  {what}, by {visible(record.who)}{gate}",
        f"  because: {visible(record.reason)}",
    ]
    if record.until is not None:
        lines.append(f"  until: {record.until:%Y-%m-%d %H:%M} UTC")
    if record.ended_at is not None:
        lines.append(f"  ended: {record.ended_at:%Y-%m-%d %H:%M} UTC, {_ended(record)}")
    missed = sum(one.bit_count() for one in record.uncovered.values())
    if missed:
        lines.append(f"  uncovered: {format_count(missed, 'line')} of new code")
        lines += [
            f"    {visible(path)}: {format_lines(record.uncovered[path])}"
            for path in sorted(record.uncovered)
        ]
    if record.shown_in is not None:
        lines.append(f"  shown again in #{record.shown_in}")
    return "\n".join(lines)


def _ended(record: OverrideRecord) -> str:
    known = {"push": "by a push", "date": "by its date"}
    return known.get(record.ended_by, f"revoked by {visible(record.ended_by)}")


def render_ledger_json(entries: Sequence[Entry]) -> str:
    """Return the ledger for programs: a list, the oldest entry first."""
    return json.dumps([_data(*entry) for entry in entries], indent=2, ensure_ascii=False)


def _data(name: str, record: OverrideRecord) -> dict[str, Any]:
    return {
        "repository": name,
        "pull_request": record.number,
        "head": record.head_sha,
        "comment": record.comment_id,
        "who": record.who,
        "at": record.made_at.isoformat(),
        "reason": record.reason,
        "gate": record.gate or None,
        "until": record.until.isoformat() if record.until else None,
        "tested": record.tested or None,
        "uncovered": {
            path: line_numbers(lines) for path, lines in sorted(record.uncovered.items())
        },
        "ended_at": record.ended_at.isoformat() if record.ended_at else None,
        "ended_by": record.ended_by or None,
        "shown_in": record.shown_in,
    }
