"""Sending webhooks over HTTP, signed, in order, each once: GitHub does not try again.

https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from bot.sandbox.records import Delivery
    from bot.sandbox.world import World

__all__ = ["Courier", "headers_of", "send"]

TIMEOUT = 10
"""Seconds after which GitHub gives a receiver up."""


def headers_of(world: World, delivery: Delivery) -> dict[str, str]:
    """Return the headers of a delivery, its signatures included."""
    secret = world.webhook_secret.encode()
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/0a1b2c3",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": "1",
        "X-GitHub-Hook-Installation-Target-ID": str(world.app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": "sha1=" + hmac.new(secret, delivery.body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256="
        + hmac.new(secret, delivery.body, hashlib.sha256).hexdigest(),
    }


def send(world: World, delivery: Delivery, url: str, session: requests.Session) -> Delivery:
    """POST one delivery to a receiver and enter what came of it into the log."""
    headers = headers_of(world, delivery)
    begun = time.monotonic()
    try:
        answer = session.post(url, data=delivery.body, headers=headers, timeout=TIMEOUT)
        delivery.status_code, delivery.status = answer.status_code, answer.reason or ""
        delivery.response_headers = dict(answer.headers)
        delivery.response_body = answer.text
    except requests.Timeout:
        delivery.status_code, delivery.status = 504, "timed out"
    except requests.RequestException:
        delivery.status_code, delivery.status = 502, "failed to connect to host"
    delivery.duration = time.monotonic() - begun
    delivery.delivered_at = world.clock()
    delivery.url = url
    delivery.request_headers = {
        name: value for name, value in headers.items() if not name.startswith("X-Hub-Signature")
    }
    world.record_sent(delivery)
    return delivery


class Courier:
    """A thread that empties the outbox. Paused, or with no receiver, it lets things lie."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url: str | None = None
        self.paused = False
        self.losing = 0
        self._busy = False
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, once the delivery under way is done."""
        with self.world.changed:
            self._stopped = True
            self.world.changed.notify_all()
        self._thread.join()

    def deliver_to(self, url: str | None) -> None:
        """Send to this receiver from now on, what waits first; None for nobody."""
        with self.world.changed:
            self.url = url
            self.world.hook_url = url or ""
            self.world.changed.notify_all()

    def pause(self) -> None:
        """Let everything lie in the outbox."""
        with self.world.changed:
            self.paused = True

    def resume(self) -> None:
        """Send again, what waits first."""
        with self.world.changed:
            self.paused = False
            self.world.changed.notify_all()

    def lose(self, count: int) -> None:
        """Let the next deliveries fail as if the receiver were unreachable; the log has them."""
        with self.world.changed:
            self.losing += count

    def idle(self, timeout: float = 10.0) -> bool:
        """Wait until nothing is left to send; False after `timeout` seconds."""
        return self.world.wait_for(lambda: not self._busy and not self.world.outbox, timeout)

    def _ready(self) -> bool:
        return bool(self._stopped or (self.url and not self.paused and self.world.outbox))

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while True:
                with self.world.changed:
                    self.world.changed.wait_for(self._ready)
                    if self._stopped:
                        return
                    delivery, url = self.world.outbox.popleft(), self.url or ""
                    self._busy = True
                    lost = self.losing > 0
                    self.losing -= lost
                if lost:
                    self._lose(delivery, url)
                else:
                    send(self.world, delivery, url, session)
                with self.world.changed:
                    self._busy = False
                    self.world.changed.notify_all()

    def _lose(self, delivery: Delivery, url: str) -> None:
        delivery.status_code, delivery.status = 502, "failed to connect to host"
        delivery.delivered_at, delivery.url = self.world.clock(), url
        self.world.record_sent(delivery)
