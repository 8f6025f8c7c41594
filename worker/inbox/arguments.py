"""What the accepting step is called with, the same for both of its callers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from worker.contracts import encode_notice
from worker.inbox.keys import SEEN, SEEN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.contracts import Notice
    from worker.inbox.wakes import Wakes

__all__ = ["accept_arguments", "notice_fields"]


def notice_fields(delivery_id: str, notices: Sequence[Notice]) -> list[str]:
    """Return the names under which a delivery's notices are kept in their inboxes.

    That is the delivery's id; the second notice about the same subject gets "#2" behind it.
    """
    met: Counter[str] = Counter()
    fields = []
    for notice in notices:
        key = notice.subject.key
        met[key] += 1
        fields.append(delivery_id if met[key] == 1 else f"{delivery_id}#{met[key]}")
    return fields


def accept_arguments(
    wakes: Wakes, delivery_id: str, notices: Sequence[Notice], *, delay: float, hide: float
) -> tuple[str, list[str | bytes]]:
    """Return the key and the arguments of the step `ACCEPT`; times are in seconds."""
    arguments: list[str | bytes] = [str(SEEN_SECONDS), str(delay), str(hide), *wakes.shared()]
    for notice, name in zip(notices, notice_fields(delivery_id, notices), strict=True):
        key = notice.subject.key
        once = "1" if notice.once else "0"
        arguments += (key, name, once, encode_notice(notice), *wakes.job(key))
    return f"{SEEN}{delivery_id}", arguments
