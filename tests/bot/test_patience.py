"""Connections that keep a request back, on the real server."""

from __future__ import annotations

import socket

import pytest

from bot import patience
from bot.listener import bind
from bot.serve import serving
from tests.bot.parts import MemoryAcceptor, ask, make_app

KEPT_BACK = [
    b"",
    b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half",
    b"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nhalf",
    # After an answer, too.
    b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /hea",
]


@pytest.fixture
def port(monkeypatch):
    monkeypatch.setattr(patience, "_PATIENCE", 0.3)
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    with serving(make_app(MemoryAcceptor()), listener):
        yield port


@pytest.mark.parametrize("sent", KEPT_BACK)
def test_a_request_that_does_not_end_is_cut_off(port, sent):
    """A thousand connections with half a line each would shut GitHub out."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        peer.sendall(sent)
        try:
            while peer.recv(65_536):
                pass
        except ConnectionResetError:
            pass
    assert ask(port, "GET", "/healthz").status == 200


def test_headers_have_an_end(port):
    """One connection could fill the memory."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 70_000)
        assert peer.recv(100).startswith(b"HTTP/1.1 400")
