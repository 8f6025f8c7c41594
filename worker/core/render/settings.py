"""The configuration in force, as an answer: each value, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.numbers import format_count
from worker.core.render.markdown import code, cut_rows, fold, table
from worker.core.render.messages import CONFIG_PATH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.config.effective import Setting

__all__ = ["render_settings"]

_BUDGET = 15_000


def render_settings(base: Sequence[Setting] | str, own: Sequence[Setting] | str, ref: str) -> str:
    """Return the settings in force, and what the pull request's own file would change.

    A text in place of settings says what is wrong with the file.
    """
    parts = [_in_force(base, ref)]
    if isinstance(own, str):
        parts.append(f"This pull request's own file can't be used: {code(own)}")
    elif not isinstance(base, str):
        parts.append(_changes(base, own, ref))
    return "\n\n".join(parts)


def _in_force(base: Sequence[Setting] | str, ref: str) -> str:
    if isinstance(base, str):
        return f"`{CONFIG_PATH}` on {code(ref)} can't be used: {code(base)}"
    given = [one for one in base if one.line is not None]
    if not given:
        said = f"{code(ref)} has no `{CONFIG_PATH}`: the defaults hold."
    else:
        rows = [(code(one.key), code(one.value), f"line {one.line}") for one in given]
        said = f"From `{CONFIG_PATH}` on {code(ref)}:\n\n{_table(rows, 'stands in')}"
    rows = [(code(one.key), code(one.value), "default") for one in base if one.line is None]
    if not rows:
        return said
    count = format_count(len(rows), "value")
    return f"{said}\n\n{fold(f'By default: {count}', _table(rows, ''))}"


def _changes(base: Sequence[Setting], own: Sequence[Setting], ref: str) -> str:
    before = {one.key: one.value for one in base}
    after = {one.key: one.value for one in own}
    rows = [
        (code(key), _value(before.get(key)), _value(after.get(key)))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]
    if not rows:
        return "This pull request's own file would change nothing."
    shown = cut_rows(rows, _BUDGET)
    body = table(("key", "now", "then"), "lll", rows[:shown])
    return f"This pull request's own file would change, once it is on {code(ref)}:\n\n{body}"


def _value(value: str | None) -> str:
    return "–" if value is None else code(value)


def _table(rows: Sequence[tuple[str, str, str]], where: str) -> str:
    shown = cut_rows(rows, _BUDGET)
    text = table(("key", "value", where), "lll", rows[:shown])
    if shown < len(rows):
        text += f"\n\n… and {format_count(len(rows) - shown, 'more value')}."
    return text
