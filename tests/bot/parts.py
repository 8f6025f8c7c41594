"""What the tests of the web process put together."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from bot.app import create_app
from bot.metrics import InboxState
from bot.signature import sign
from worker.core.errors import CovgateError

SECRET = b"the secret"
DATA = Path(__file__).parents[1] / "data" / "webhooks"
OPENED = (DATA / "pull_request" / "opened.2.json").read_bytes()


class InboxDownError(CovgateError):
    """Redis can't take anything."""


@dataclass
class MemoryAcceptor:
    """An inbox in memory; `broken` makes it refuse everything."""

    accepted: dict = field(default_factory=dict)
    broken: Exception | None = None

    async def accept(self, delivery_id, notices):
        if self.broken:
            raise self.broken
        new = delivery_id not in self.accepted
        self.accepted.setdefault(delivery_id, tuple(notices))
        return new

    async def ping(self):
        if self.broken:
            raise self.broken


async def quiet_inbox():
    """Return the state of an inbox in which nothing waits."""
    return InboxState(0, 0.0)


def make_app(acceptor, **changes):
    """Return the application with everything at hand but what is changed."""
    parts = {
        "webhook_secrets": [SECRET],
        "acceptor": acceptor,
        "read_inbox": quiet_inbox,
        "check_database": lambda: None,
    }
    return create_app(**(parts | changes))


@dataclass(frozen=True)
class Reply:
    """An answer, read whole."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        """The body as JSON."""
        return json.loads(self.body)


def ask(port, method, path, body=None, headers=None):
    """Return the answer to one request on a connection of its own."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, found, response.read())
    finally:
        connection.close()


def delivery_headers(body, event="pull_request", delivery="d-1", secret=SECRET, **changes):
    """Return the headers that GitHub sends; a change to None leaves one out."""
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": sign(secret, body),
    }
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in headers.items() if value is not None}


def deliver(port, body=OPENED, **changes):
    """Return the answer to a delivery; see `delivery_headers` for the changes."""
    return ask(port, "POST", "/webhooks/github", body, delivery_headers(body, **changes))
