"""What a chat is told: that a default branch fell below its floor, or is above it again.

The text is Slack's mrkdwn: https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.numbers import format_percent
from worker.core.render.markdown import visible

if TYPE_CHECKING:
    from fractions import Fraction

    from worker.core.material import Point

__all__ = ["is_below", "tell_floor"]

_LONGEST = 200
_JOINER = "\u2060"


def is_below(point: Point, floor: Fraction | None) -> bool:
    """Return whether a commit's coverage is below a floor; where there is none, it is not."""
    percent = point.lines.percent
    return floor is not None and percent is not None and percent < floor


def tell_floor(repository: str, url: str, branch: str, before: Point | None, now: Point) -> str:
    """Return what to say of a branch's newest commit; "" where nothing changed.

    Each commit is held against the floor of its own time, so that a floor that was raised
    above the coverage is told, too. Without a floor now nothing is said.
    """
    fell = is_below(now, now.floor)
    was_below = before is not None and is_below(before, before.floor)
    if now.floor is None or fell == was_below:
        return ""
    name = f"<{_escaped(url)}|{_escaped(repository)}>" if url else f"*{_escaped(repository)}*"
    percent, floor = format_percent(now.lines.percent), format_percent(now.floor)
    where = f"`{_span(branch)}` at `{now.commit[:7]}`"
    if fell:
        return f"🔻 {name}: {where} covers {percent} of its lines, below the floor of {floor}."
    return f"✅ {name}: {where} covers {percent} of its lines again; the floor is {floor}."


def _span(name: str) -> str:
    """Return a name that leaves no code span, and calls nobody."""
    return _escaped(visible(name)[:_LONGEST].replace("`", "'"))


def _escaped(text: str) -> str:
    """Return a text without Slack's three control characters, and without mentions.

    Servers that only resemble Slack take "@here" for a mention without any markup.
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("@", f"@{_JOINER}")
