"""`installation`: the App was uninstalled, so all that was stored of it goes.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation
"""

from __future__ import annotations

from bot.events.event import Event, Payload
from worker.contracts import Subject, SubjectKind

__all__ = ["EVENT"]


def _subjects(_payload: Payload, installation_id: int) -> list[tuple[Subject, str]]:
    # It is about all repositories at once, so it names none: id 0, no name.
    return [(Subject(installation_id, 0, SubjectKind.INSTALLATION, "deleted"), "")]


EVENT = Event(name="installation", payload=Payload, actions=("deleted",), subjects=_subjects)
