"""GitHub's payloads as our own notices: pure, one file an event, one registry.

To add an event: a file beside the others, a line in EVENTS, a payload in
tests/data/webhooks and a row in docs/events.md.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bot.events import (
    check_run,
    check_suite,
    installation,
    installation_repositories,
    issue_comment,
    merge_group,
    ping,
    pull_request,
    push,
    repository,
    workflow_run,
)
from bot.events.event import Event, Heard, Payload, PayloadError

__all__ = ["EVENTS", "Heard", "PayloadError", "read_delivery"]

EVENTS: dict[str, Event[Any]] = {
    event.name: event
    for event in (
        check_run.EVENT,
        check_suite.EVENT,
        installation.EVENT,
        installation_repositories.EVENT,
        issue_comment.EVENT,
        merge_group.EVENT,
        ping.EVENT,
        pull_request.EVENT,
        push.EVENT,
        repository.EVENT,
        workflow_run.EVENT,
    )
}
"""Every event that Covgate acts on, by GitHub's name of it."""

_unknown = msgspec.json.Decoder(Payload)


def read_delivery(name: str, body: bytes) -> Heard:
    """Return what a delivery of the event `name` comes to.

    `body` is the payload as JSON, in bytes. Raises `PayloadError` for what is not JSON,
    is no object, is nested too deeply, or has a field in use missing or of a wrong type.
    """
    event = EVENTS.get(name)
    try:
        # msgspec does not look into the texts that it skips; JSON is UTF-8 throughout.
        str(body, "utf-8")
        if event is not None:
            return event.hear(body)
        _unknown.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PayloadError(f"the payload can not be read: {error}") from error
    except RecursionError as error:
        raise PayloadError("the payload is nested too deeply to be one of GitHub's") from error
    # The name goes into an answer and a log: a short one is enough to recognise it.
    return Heard(detail=f"Covgate does not act on the event {name[:64]}")
