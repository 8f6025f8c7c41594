"""Messages to a chat, by a webhook as Slack has them: one request, never a second one.

The address is a setting of the server's: a repository's configuration can't make it call
anybody. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

from worker.logs import get_logger

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["Webhook"]

_TIMEOUT = (3.0, 5.0)
"""Seconds to connect, and for an answer."""

_log = get_logger(__name__)


class Webhook:
    """Sends messages to one address, whose knowledge is the right to write there."""

    def __init__(self, url: SecretStr) -> None:
        self._url = url

    def send(self, text: str) -> None:
        """Send a message; what goes wrong is logged, without the address."""
        try:
            with requests.post(
                self._url.get_secret_value(),
                json={"text": text},
                timeout=_TIMEOUT,
                allow_redirects=False,
                stream=True,  # nobody reads the answer
            ) as answer:
                if not answer.ok or answer.is_redirect:
                    _log.warning("message refused", status=answer.status_code)
        except requests.RequestException as error:
            _log.warning("message not sent", reason=type(error).__name__)
