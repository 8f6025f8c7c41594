"""What the set-up asks GitHub about an App. It loads PyGithub, and only when it is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from worker.core.errors import CovgateError, GitHubError, PostponedError

if TYPE_CHECKING:
    from bot.folder import Credentials
    from worker.core.refs import HookDelivery
    from worker.github_api import GitHubApp
    from worker.settings import Settings

__all__ = ["Progress", "ask_progress", "ask_registration"]

_LOOKED_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a set-up is. `problem` says what keeps GitHub from being asked."""

    made: bool = False
    installed: tuple[str, ...] = ()
    """Accounts."""
    received: bool = False
    """Whether this receiver took a signed delivery."""
    attempts: int = 0
    """Deliveries that GitHub tried within the last hour, but for the first ping."""
    failed: str = ""
    """What came of the newest of them, where it did not arrive."""
    problem: str = ""


def ask_registration(settings: Settings) -> str:
    """Return the App's page at GitHub. Raises `GitHubError` where GitHub does not know it."""
    app = _app(settings.app_id, settings.private_key.get_secret_value(), settings.github_url)
    try:
        return app.registration().url
    except PostponedError as error:
        raise GitHubError(
            f"GitHub did not confirm the App: {error}. Is it the App's own id and key, is "
            "GitHub's address right, and this machine's clock?"
        ) from error


def ask_progress(credentials: Credentials) -> Progress:
    """Return where an App is installed, and what became of its deliveries."""
    app = _app(credentials.app_id, credentials.private_key, credentials.github_url)
    try:
        accounts = tuple(sorted(one.account for one in app.installations()))
        recent = app.deliveries(datetime.now(UTC) - _LOOKED_BACK)
    except CovgateError as error:
        return Progress(made=True, problem=str(error))
    # The first ping comes while the App is being made: nobody here knows its secret yet.
    counted = [one for one in recent if one.event != "ping"]
    newest = counted[0] if counted else None
    failed = "" if newest is None or newest.arrived else _outcome(newest)
    return Progress(made=True, installed=accounts, attempts=len(counted), failed=failed)


def _outcome(delivery: HookDelivery) -> str:
    if delivery.status_code:
        return f"the answer {delivery.status_code}"
    return "no answer"


def _app(app_id: int, private_key: str, github_url: str) -> GitHubApp:
    from worker.github_api import AppKey, GitHubApp, MemoryTokenCache  # noqa: PLC0415 - the receiver needs no PyGithub
    from worker.wiring import SystemClock  # noqa: PLC0415 - the same

    return GitHubApp(
        AppKey(app_id, private_key),
        base_url=github_url,
        clock=SystemClock(),
        tokens=MemoryTokenCache(),
    )
