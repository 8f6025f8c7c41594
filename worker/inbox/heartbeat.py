"""Keeps a claim while one step of the work takes longer than a lease."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from worker.core.errors import LeaseLostError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.ports import Claim, Inbox

__all__ = ["keep_alive"]

EVERY = 10.0
"""Seconds between two renewals: a lease bears three that fail."""

_log = logging.getLogger(__name__)


@contextmanager
def keep_alive(inbox: Inbox, claim: Claim, *, every: float = EVERY) -> Iterator[None]:
    """Renew a claim from a thread while the block runs.

    A killed or stopped process stops with its thread, so its subject is taken again as
    soon; one that hangs is ended by RQ's time limit. A lease that is lost all the same is
    noticed by the work itself, before its next write. To be used where nothing forks.
    """
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(every):
            try:
                inbox.renew(claim)
            except LeaseLostError:
                return
            except (RedisError, OSError) as error:
                _log.warning("can not renew %s: %s", claim.subject.key, error)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
