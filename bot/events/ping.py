"""`ping`: GitHub tries a new webhook out.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#ping
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.events.event import Event, Heard, Payload

if TYPE_CHECKING:
    from worker.contracts import Subject

__all__ = ["EVENT"]


def _subjects(_payload: Payload, _installation_id: int) -> list[tuple[Subject, str]]:
    return []


EVENT = Event(
    name="ping",
    payload=Payload,
    actions=(),
    subjects=_subjects,
    unheard=Heard(status="pong", detail="the webhook works; nothing had to be queued"),
)
