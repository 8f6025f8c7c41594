"""`covgate replay`: a saved delivery to a receiver that runs."""

from __future__ import annotations

import json
import os

import pytest

from bot.cli import run
from bot.folder import Credentials, store_credentials
from tests.bot.parts import OPENED, SECRET, MemoryAcceptor, make_app
from tests.support.web import running

HEADERS = {
    "Accept": "*/*",
    "X-GitHub-Event": "pull_request",
    "X-GitHub-Delivery": "saved-1",
    "X-Hub-Signature-256": "sha256=" + "0" * 64,
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, with no setting but the secret."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("COVGATE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COVGATE_WEBHOOK_SECRET", f"{SECRET.decode()},old")
    return tmp_path


@pytest.fixture
def acceptor():
    return MemoryAcceptor()


@pytest.fixture
def receiver(acceptor):
    with running(make_app(acceptor)) as port:
        yield f"http://127.0.0.1:{port}/webhooks/github"


def save(folder, content):
    file = folder / "delivery.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(file)


PAYLOAD = json.loads(OPENED)


@pytest.mark.parametrize(
    "content",
    [
        {"headers": HEADERS, "payload": PAYLOAD},
        {"headers": HEADERS, "body": PAYLOAD},
        {"headers": HEADERS, "payload": OPENED.decode()},
        {"id": 1, "guid": "saved-1", "event": "pull_request", "request": {"payload": PAYLOAD}},
        {"request": {"headers": HEADERS, "payload": PAYLOAD}, "response": {"headers": {}}},
        {name.lower(): value for name, value in HEADERS.items()} | {"body": PAYLOAD, "query": {}},
    ],
    ids=["headers and payload", "and body", "text", "GitHub's API", "GitHub's page", "smee"],
)
def test_every_way_to_save_a_delivery_is_read(folder, acceptor, receiver, capsys, content):
    """A developer would have to bring the file into one certain shape first."""
    assert run(["replay", save(folder, content), "--to", receiver]) == 0
    told = capsys.readouterr().out
    assert "202 pull_request " in told
    (number,) = acceptor.accepted
    assert number in told
    assert number != "saved-1"
    assert run(["replay", save(folder, content), "--to", receiver, "--same-id"]) == 0
    assert "saved-1" in acceptor.accepted


def test_a_bare_payload_needs_its_event(folder, acceptor, receiver, capsys):
    """A payload of the documentation could not be tried."""
    file = save(folder, OPENED)
    assert run(["replay", file, "--to", receiver]) == 2
    assert "add --event NAME" in capsys.readouterr().err
    assert run(["replay", file, "--event", "pull_request", "--to", receiver]) == 0
    assert len(acceptor.accepted) == 1


def test_a_refusal_is_status_1(folder, receiver, monkeypatch, capsys):
    """A script would take a refused delivery for a kept one."""
    monkeypatch.setenv("COVGATE_WEBHOOK_SECRET", "another")
    assert run(["replay", save(folder, OPENED), "--event", "push", "--to", receiver]) == 1
    told = capsys.readouterr().out
    assert "401 push " in told
    assert "COVGATE_WEBHOOK_SECRET" in told


def test_an_address_without_its_path_is_told(folder, receiver, capsys):
    """Whoever gives the address of the dashboard would look for the fault in the delivery."""
    host = receiver.removesuffix("/webhooks/github")
    assert run(["replay", save(folder, OPENED), "--event", "push", "--to", host]) == 1
    assert "a receiver's URL ends in /webhooks/github" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [b"", b"[1]", b"\xff\xfe", b'{"headers": 1}', {"headers": HEADERS},
     {"headers": {"X-GitHub-Event": "a b\r\nX-Evil: 1"}, "payload": {}}],
)  # fmt: skip
def test_an_unusable_file_is_status_2(folder, capsys, content):
    """A wrong file would end in a traceback."""
    assert run(["replay", save(folder, content)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_what_is_missing_is_told(folder, monkeypatch, capsys):
    """No receiver, no file and no secret would look the same."""
    assert run(["replay", "none.json"]) == 2
    assert "none.json" in capsys.readouterr().err
    file = save(folder, {"headers": HEADERS, "payload": PAYLOAD})
    assert run(["replay", file, "--to", "http://127.0.0.1:9/"]) == 2
    assert "is Covgate running there?" in capsys.readouterr().err
    monkeypatch.delenv("COVGATE_WEBHOOK_SECRET")
    assert run(["replay", file]) == 2
    assert "COVGATE_WEBHOOK_SECRET is missing" in capsys.readouterr().err


def test_the_secret_of_the_set_up_is_known(folder, acceptor, receiver, monkeypatch):
    """Who let the set-up page store the credentials would have to copy the secret out again."""
    monkeypatch.delenv("COVGATE_WEBHOOK_SECRET")
    stored = Credentials(1, "a key", SECRET.decode(), "https://api.github.com")
    store_credentials(folder / ".covgate", stored)
    file = save(folder, {"headers": HEADERS, "payload": PAYLOAD})
    assert run(["replay", file, "--to", receiver]) == 0
    assert len(acceptor.accepted) == 1
