"""What `covgate doctor` says of GitHub's clock, and of how GitHub reaches this Covgate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from bot.app import WEBHOOK_PATH
from bot.doctor.finding import ERROR, OK, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.github_api import GitHubApp
    from worker.settings import Settings

__all__ = ["examine_clock", "examine_deliveries", "examine_hook"]

_SECONDS = 5.0
_NOTED = 30.0
_AHEAD, _BEHIND = 60.0, 420.0
"""Seconds that the clock may be off before GitHub takes the App's tokens for false: they
begin a minute in the past and end in eight, and ten are allowed."""
_LOOKED_BACK = timedelta(hours=24)


def examine_clock(settings: Settings) -> Iterator[Finding]:
    """Compare this machine's clock with the Date of an answer of GitHub's."""
    try:
        begun = datetime.now(UTC)
        with requests.get(
            settings.github_url, timeout=_SECONDS, allow_redirects=False, stream=True
        ) as response:
            middle = begun + (datetime.now(UTC) - begun) / 2
            told = parsedate_to_datetime(response.headers.get("date", ""))
    except (requests.RequestException, ValueError):
        return  # that GitHub does not answer is told elsewhere
    # The header has whole seconds: half of one is what it misses on average.
    skew = (middle - told.replace(tzinfo=told.tzinfo or UTC)).total_seconds() - 0.5
    way = "ahead of" if skew > 0 else "behind"
    text = f"this machine's clock is {abs(skew):.0f} s {way} GitHub's"
    if skew > _AHEAD or skew < -_BEHIND:
        todo = "set it (NTP): GitHub refuses what the App signs"
        yield Finding("clock", ERROR, text, todo)
    elif abs(skew) > _NOTED:
        todo = "let it be set (NTP): a little more, and GitHub refuses what the App signs"
        yield Finding("clock", WARNING, text, todo)
    else:
        yield Finding("clock", OK, "goes with GitHub's")


def examine_hook(app: GitHubApp, settings: Settings) -> Iterator[Finding]:
    """Look where GitHub delivers to."""
    hook = app.hook()
    if not hook.url:
        text = "the App has no webhook address: it hears of nothing"
        todo = "enter this Covgate's address, followed by /webhooks/github, in the App's settings"
        yield Finding("deliveries", ERROR, text, todo)
        return
    expected = f"{settings.public_url}{WEBHOOK_PATH}" if settings.public_url else ""
    if expected and hook.url.rstrip("/") != expected:
        text = f"GitHub delivers to {hook.url}, and COVGATE_PUBLIC_URL says {expected}"
        todo = "mend the one that is wrong (a tunnel's address is as it should be)"
        yield Finding("deliveries", WARNING, text, todo)
    if not hook.verified:
        text = "GitHub does not check the certificate of the webhook's address"
        yield Finding("deliveries", WARNING, text, "turn SSL verification on in the App's settings")
    if urlsplit(hook.url).scheme == "http" and settings.github_url.startswith("https:"):
        text = f"GitHub delivers to {hook.url} without TLS: payloads can be read on the way"
        yield Finding("deliveries", WARNING, text, "use https://")


def examine_deliveries(app: GitHubApp) -> Iterator[Finding]:
    """Look whether the receiver has been reached."""
    recent = app.deliveries(datetime.now(UTC) - _LOOKED_BACK)
    failed = [one for one in recent if not one.arrived]
    if not recent:
        text = "GitHub has sent nothing for a day: the webhook may not be active"
        yield Finding("deliveries", WARNING, text, "look at the App's webhook settings at GitHub")
    elif failed and failed[0] == recent[0]:
        status = failed[0].status_code
        answer = f"the answer {status}" if status else "no answer"
        text = f"the newest of {len(recent)} webhook deliveries of the last day got {answer}"
        todo = "check the webhook's URL and secret, and whether `covgate serve` is reachable there"
        yield Finding("deliveries", ERROR, text, todo)
    else:
        text = f"{len(recent) - len(failed)} of {len(recent)} arrived in the last day"
        yield Finding("deliveries", OK, text)
