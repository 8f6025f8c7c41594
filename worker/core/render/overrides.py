"""What an override says on top of a check, and the debts that former ones left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.core.model import format_lines, line_numbers
from worker.core.numbers import format_count
from worker.core.overrides import MAX_REASON
from worker.core.render.markdown import code, file_url, line_links

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.overrides import Override
    from worker.core.render.context import Context

__all__ = [
    "debt_data",
    "debt_section",
    "override_data",
    "override_section",
    "overrides_text",
    "until_text",
]

_MOST = 10


def override_section(context: Context) -> str:
    """Return who let it in and why, one block; empty where nobody did."""
    return overrides_text(context.overrides, context.head)


def overrides_text(overrides: Sequence[Override], head: str) -> str:
    """Return the same of any overrides of a head."""
    if not overrides:
        return ""
    lines = [
        f"> **Overridden by {code(one.who)}** because {code(one.reason, longest=2 * MAX_REASON)}"
        f"{f' (the gate {code(one.gate)} alone)' if one.gate else ''}{until_text(one)}"
        for one in overrides
    ]
    lines.append(
        f"> It holds for `{head[:7]}` alone: a push ends it, or `/covgate revoke`. What the gates "
        "found stands below."
    )
    return "\n>\n".join(lines)


def until_text(override: Override) -> str:
    """Return when it ends by itself: ", until 2030-01-31 24:00 UTC"; empty where it does not."""
    if override.until is None:
        return ""
    return f", until {override.until:%Y-%m-%d %H:%M} UTC"


def debt_section(context: Context) -> str:
    """Return the uncovered lines that were let in once and are touched now; empty for none."""
    if not context.debts:
        return ""
    count = format_count(sum(one.lines.bit_count() for one in context.debts), "line")
    rows = []
    for debt in context.debts[:_MOST]:
        url = None
        if context.repository_url:
            url = file_url(context.repository_url, debt.commit, debt.path)
        rows.append(
            f"- {code(debt.path)} {line_links(debt.lines, file_url=url)}, since pull request "
            f"{debt.number}: {code(debt.who)} overrode because {code(debt.reason)}"
        )
    if len(context.debts) > _MOST:
        rows.append(f"- … and {format_count(len(context.debts) - _MOST, 'more place')}")
    head = f"🔁 This change touches {count} that an override let in uncovered:"
    return "\n".join((head, "", *rows))


def override_data(context: Context) -> list[dict[str, Any]]:
    """Return the overrides for programs."""
    return [
        {
            "who": one.who,
            "reason": one.reason,
            "at": one.at.isoformat(),
            "gate": one.gate or None,
            "until": None if one.until is None else one.until.isoformat(),
        }
        for one in context.overrides
    ]


def debt_data(context: Context) -> list[dict[str, Any]]:
    """Return the debts for programs."""
    return [
        {
            "pull_request": one.number,
            "path": one.path,
            "commit": one.commit,
            "lines": line_numbers(one.lines),
            "uncovered_lines": format_lines(one.lines),
            "who": one.who,
            "reason": one.reason,
        }
        for one in context.debts
    ]
