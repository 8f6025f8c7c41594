"""Sending a delivery to a receiver, as GitHub would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests

from worker.core.errors import CovgateError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Answer", "SendingError", "deliver"]

_SECONDS = 10.0
"""How long GitHub waits for a receiver."""
_MOST_TEXT = 2_000


class SendingError(CovgateError):
    """A receiver did not answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said."""

    status: int
    text: str

    @property
    def taken(self) -> bool:
        """Whether the delivery is taken."""
        return 200 <= self.status < 300


def deliver(session: requests.Session, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """POST a delivery and return the answer. Raises `SendingError` where there is none."""
    sent = {**headers, "Content-Type": "application/json", "User-Agent": "covgate"}
    try:
        with session.post(
            url, data=body, headers=sent, timeout=_SECONDS, allow_redirects=False
        ) as response:
            return Answer(response.status_code, response.text[:_MOST_TEXT].strip())
    except (requests.RequestException, UnicodeError, ValueError) as error:
        raise SendingError(
            f"{url} does not answer ({type(error).__name__}): is Covgate running there?"
        ) from None
