"""All parts of Covgate, running, beside a stand-in of GitHub: the sandbox and its tests."""

from __future__ import annotations

import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bot.sandbox.server import StandIn
from bot.up import embedded_parts, started_workers
from worker.contracts import CHECK_NAME
from worker.core.errors import CovgateError
from worker.core.render import MARKER
from worker.inbox import RedisInbox, connect
from worker.settings import Settings, load_settings
from worker.store import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bot.sandbox.pulls import Pull
    from bot.sandbox.records import CheckRun

__all__ = ["Loop", "SandboxError", "started_loop"]

_PATIENCE = 60.0
"""Seconds that one pull request may take; it needs about two."""
_LOOK = 0.02


class SandboxError(CovgateError):
    """The loop did not come to its end."""


@dataclass(frozen=True, slots=True)
class Loop:
    """All parts of Covgate, running, and the GitHub that they talk to."""

    github: StandIn
    settings: Settings

    def settle(self) -> None:
        """Wait until every delivery has arrived and is worked off, or waits for CI."""
        with connect(self.settings.redis_url) as client:
            inbox = RedisInbox(client)

            def settled() -> bool:
                # Asked in this order: what arrives in between is seen in the inbox.
                if not self.github.courier.idle(0):
                    return False
                numbers = inbox.numbers()
                return numbers.awake + numbers.claimed + numbers.queued == 0

            self._wait(settled, "the deliveries to be worked off")

    def verdict(self, pull: Pull) -> tuple[CheckRun, str]:
        """Wait for the check on a pull request's head to conclude; return it and the comment."""

        def concluded() -> CheckRun | None:
            checks = pull.repo.checks_on(pull.head_sha, CHECK_NAME)
            return next((check for check in checks if check.status == "completed"), None)

        self._wait(lambda: concluded() is not None, f"the check {CHECK_NAME} to conclude")
        self.settle()
        check = concluded()
        if check is None:  # pragma: no cover - a concluded check stays one
            raise SandboxError("the check is gone")
        return check, next(
            (c.body for c in pull.repo.comments_on(pull.number) if c.body.startswith(MARKER)), ""
        )

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise SandboxError(f"waited {_PATIENCE:.0f} seconds for {what}")
            time.sleep(_LOOK)


@contextmanager
def started_loop(
    environment: Mapping[str, str],
    *,
    workers: int = 1,
    log: IO[str] | None = None,
    stand_in: StandIn | None = None,
    public_url: str = "",
) -> Iterator[Loop]:
    """Start a stand-in, an embedded server and workers; everything ends with the block.

    The receiver is the caller's: `open_app(loop.settings)`. The workers log to `log`, or
    where this process's own errors go. `public_url` is where the receiver's pages will be.
    """
    with (
        tempfile.TemporaryDirectory(prefix="covgate-sandbox-") as folder,
        embedded_parts(Path(folder)) as parts,
        stand_in or StandIn() as github,
    ):
        own = {
            **parts,
            "COVGATE_APP_ID": str(github.app_id),
            "COVGATE_PRIVATE_KEY": github.private_key_pem,
            "COVGATE_WEBHOOK_SECRET": github.webhook_secret,
            "COVGATE_GITHUB_URL": github.url,
            "COVGATE_CLIENT_ID": github.world.client_id,
            "COVGATE_CLIENT_SECRET": github.world.client_secret,
            "COVGATE_WRITE_GAP": "0",  # nobody waits in a play
            "COVGATE_PUBLIC_URL": public_url,
        }
        # What is set for a real installation must not leak into a play.
        clean = {name: v for name, v in environment.items() if not name.startswith("COVGATE_")}
        if "COVGATE_LOG_FORMAT" in environment:
            own["COVGATE_LOG_FORMAT"] = environment["COVGATE_LOG_FORMAT"]
        settings = load_settings(own)
        migrate(settings.database_url)
        with started_workers({**clean, **own}, workers, folder=Path(folder), log=log):
            yield Loop(github, settings)
