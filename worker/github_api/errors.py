"""GitHub's answers and the network's failures, as Covgate's errors; in this one place.

https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import msgspec
import requests

from worker.core.errors import (
    CovgateError,
    GitHubError,
    GoneError,
    NotFoundError,
    PostponedError,
    RefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["OUTAGE_SECONDS", "Answer", "failure_of_answer", "failure_of_network"]

OUTAGE_SECONDS = 30.0
"""How long to leave GitHub alone after a time-out, a 5xx or an unreadable answer."""

LIMIT_SECONDS = 60.0
"""How long to wait for a secondary rate limit that does not say: "at least one minute"."""

LONGEST_WAIT = 3_600.0
"""The primary limit's window is an hour; a header that asks for more is not believed."""

MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: header names in lower case, the body as text."""

    status: int
    headers: Mapping[str, str]
    text: str


class _Problem(msgspec.Struct):
    message: str = ""
    errors: list[str | dict[str, object]] | str = []


def failure_of_answer(what: str, answer: Answer, now: datetime) -> CovgateError | None:
    """Return the error that an answer stands for; None where it is none.

    `what` names the request ("GET /repos/o/n/pulls/1"), `now` is aware.
    """
    status = answer.status
    if status < 400:
        return None
    text = f"GitHub answered {status} to {what}: {_message(answer)}"
    if status >= 500:
        asked = _retry_after(answer, now)
        return PostponedError(text, seconds=asked or OUTAGE_SECONDS, gate=asked is not None)
    wait = _limited_for(answer, now) if status in (403, 429) else None
    if wait is not None:
        return PostponedError(text, seconds=wait, gate=True)
    if status == 401:
        # A new token was tried before this: the key, the App's id or the clock is wrong,
        # or GitHub is. Both are mended without an answer to the pull request.
        hint = "check COVGATE_APP_ID, COVGATE_PRIVATE_KEY and this machine's clock"
        return PostponedError(f"{text} ({hint})", seconds=LIMIT_SECONDS)
    if status == 404:
        return NotFoundError(f"{text} (it is not there, or the App may not see it)")
    return GoneError(text) if status == 410 else RefusedError(text)


def failure_of_network(what: str, error: Exception) -> CovgateError:
    """Return the error for a request that got no answer, or no whole one.

    Only the kind of the failure is told: its text may hold addresses that are secrets.
    """
    if isinstance(error, requests.exceptions.InvalidURL):
        return GitHubError(f"{what} is no address: check COVGATE_GITHUB_URL")
    if isinstance(error, RuntimeError):
        return GitHubError(
            f"{what} was redirected to another host or protocol: check COVGATE_GITHUB_URL"
        )
    return PostponedError(
        f"GitHub gave no whole answer to {what} ({type(error).__name__})", seconds=OUTAGE_SECONDS
    )


def _message(answer: Answer) -> str:
    try:
        problem = msgspec.json.decode(answer.text, type=_Problem)
    except msgspec.DecodeError:
        return "no message"
    details = problem.errors if isinstance(problem.errors, list) else [problem.errors]
    words = [problem.message or "no message"]
    for detail in details:
        if isinstance(detail, str):
            words.append(detail)
        else:
            said = [detail.get(key) for key in ("resource", "field", "code", "message")]
            words.append(" ".join(str(part) for part in said if part))
    return "; ".join(words)[:MESSAGE_LENGTH]


def _limited_for(answer: Answer, now: datetime) -> float | None:
    """Return the seconds of a rate limit; None where a 403 or 429 is none."""
    asked = _retry_after(answer, now)
    if asked is not None:
        return asked
    if answer.headers.get("x-ratelimit-remaining") == "0":
        reset = _number(answer.headers.get("x-ratelimit-reset", ""))
        if reset is not None:
            return _bounded(reset - now.timestamp())
        return LIMIT_SECONDS
    message = _message(answer).lower()
    if answer.status == 429 or "rate limit" in message or "abuse detection" in message:
        return LIMIT_SECONDS
    return None


def _retry_after(answer: Answer, now: datetime) -> float | None:
    """Return the seconds of Retry-After, a number or a date; None where there is none."""
    value = answer.headers.get("retry-after")
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return _bounded(seconds)
    try:
        return _bounded((parsedate_to_datetime(value) - now).total_seconds())
    except (TypeError, ValueError):
        return LIMIT_SECONDS


def _number(text: str) -> float | None:
    # Whole numbers by the documentation; fractions were seen (PyGithub#2697).
    try:
        return float(text)
    except ValueError:
        return None


def _bounded(seconds: float) -> float:
    # `not >` and so on would let NaN through; min and max with a constant first do not.
    return min(LONGEST_WAIT, max(1.0, seconds))
