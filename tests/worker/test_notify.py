"""Messages to a chat, over real HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr
from starlette.responses import RedirectResponse, Response

from tests.support.web import running
from worker.notify import Webhook


@dataclass
class Chat:
    """A server that takes messages, or answers with something else."""

    status: int = 200
    got: list = field(default_factory=list)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        message = await receive()
        self.got.append((scope["path"], message["body"]))
        answer = Response("ok", self.status)
        if self.status == 307:
            answer = RedirectResponse("/elsewhere", 307)
        await answer(scope, receive, send)


@pytest.fixture
def told(capsys, caplog):
    """Return what was logged, whichever way the process has its logs go by now."""
    return lambda: capsys.readouterr().out + caplog.text


@pytest.mark.parametrize("status", [200, 404, 500, 307])
def test_a_message_is_sent_once_whatever_the_answer(status, told):
    """A chat would be told twice, or its answer lead the server somewhere else."""
    chat = Chat(status)
    with running(chat) as port:
        Webhook(SecretStr(f"http://127.0.0.1:{port}/services/secret")).send("below <the> floor")
    ((path, body),) = chat.got
    assert path == "/services/secret"
    assert json.loads(body) == {"text": "below <the> floor"}
    assert "services/secret" not in told()


def test_a_chat_that_is_away_costs_a_line_in_the_log(told):
    """A worker would fail for a chat's sake, or write the chat's address into its log."""
    Webhook(SecretStr("http://127.0.0.1:9/services/secret")).send("hello")
    shown = told()
    assert "message not sent" in shown
    assert "services/secret" not in shown
