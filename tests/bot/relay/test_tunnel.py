"""The tunnel between a smee channel and a receiver, both real."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route

from bot.relay.tunnel import TunnelError, forwarding, run_tunnel
from bot.setup.addresses import AddressError
from bot.signature import sign
from tests.bot.parts import SECRET, MemoryAcceptor, delivery_headers, make_app
from tests.support.environment import bare_environment
from tests.support.smee import Smee
from tests.support.web import running
from tests.support.workers import until

OPENED = json.dumps(
    {
        "action": "opened",
        "number": 1,
        "pull_request": {
            "number": 1,
            "title": "Früh <b> 👀",
            "state": "open",
            "head": {"sha": "a" * 40, "ref": "t", "repo": {"id": 1, "full_name": "o/r"}},
            "base": {"sha": "b" * 40, "ref": "main", "repo": {"id": 1, "full_name": "o/r"}},
        },
        "repository": {"id": 1, "full_name": "o/r", "default_branch": "main", "private": False},
        "installation": {"id": 1},
        "sender": {"login": "x", "type": "User"},
    },
    separators=(",", ":"),
    ensure_ascii=False,
).encode()


@pytest.fixture
def acceptor():
    return MemoryAcceptor()


@pytest.fixture
def receiver(acceptor):
    with running(make_app(acceptor)) as port:
        yield f"http://127.0.0.1:{port}/webhooks/github"


@contextmanager
def tunnel(channel, receiver):
    """Run a tunnel as a process, as people do."""
    with subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "tunnel", channel, "--to", receiver],
        env=bare_environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            told = process.communicate(timeout=20)[1]
            assert "Traceback" not in told, told


def post(channel, body, **changes):
    """Be GitHub, which sends to the channel."""
    requests.post(channel, data=body, headers=delivery_headers(body, **changes), timeout=20)


def test_deliveries_come_through_with_signatures_that_hold(acceptor, receiver):
    """A developer would need a public address, or switch the signature's check off."""
    escaped = OPENED.replace(b"<b>", b"\\u003cb\\u003e")
    with running((smee := Smee()).app) as port:
        channel = f"http://127.0.0.1:{port}/channel"
        with tunnel(channel, receiver) as process:
            until(lambda: smee.listeners)
            post(channel, OPENED, delivery="plain")
            post(channel, escaped, delivery="escaped")
            until(lambda: len(acceptor.accepted) == 2)
        assert process.returncode == 0
    assert set(acceptor.accepted) == {"plain", "escaped"}


def test_what_is_not_signed_does_not_come_in(acceptor, receiver, capsys):
    """Whoever guesses the channel's name could send commands in GitHub's name."""
    with running((smee := Smee(most=2)).app) as port:
        channel = f"http://127.0.0.1:{port}/channel"
        thread = threading.Thread(target=run_tunnel, args=(channel, receiver), kwargs={"tries": 1})
        thread.start()
        until(lambda: smee.listeners)
        post(channel, OPENED, secret=b"another")
        post(channel, OPENED, delivery="right")
        thread.join(20)
        assert not thread.is_alive()
    assert set(acceptor.accepted) == {"right"}
    assert "its signature does not hold" in capsys.readouterr().out


def test_a_broken_connection_is_made_again_with_growing_pauses(acceptor, receiver):
    """A laptop that slept would hear of nothing any more; a server in trouble be hammered."""
    waits = []
    with running((smee := Smee(refusals=(503, 502, 429), most=1)).app) as port:
        channel = f"http://127.0.0.1:{port}/channel"
        post(channel, OPENED, delivery="kept")
        run_tunnel(channel, receiver, wait=waits.append, tries=4)
        assert smee.connected == 1
    assert set(acceptor.accepted) == {"kept"}
    assert all(0.25 * 2**at <= waits[at] <= 0.5 * 2**at for at in range(3))
    assert waits[3] <= 0.5  # there was a connection: the pauses begin anew
    # A server that is gone altogether is waited for as well.
    run_tunnel(channel, receiver, wait=waits.append, tries=1)


def test_a_receiver_that_is_away_does_not_end_the_tunnel(receiver, capsys):
    """Restarting Covgate would mean restarting its tunnel."""
    with running((smee := Smee(most=1)).app) as port:
        channel = f"http://127.0.0.1:{port}/channel"
        post(channel, OPENED)
        run_tunnel(channel, "http://127.0.0.1:9/x", wait=lambda _: None, tries=1)
        assert smee.connected == 1
    assert "is Covgate running there?" in capsys.readouterr().out


def test_an_address_that_is_no_channel_is_told(receiver):
    """It would try for ever to read a web page."""
    for url in ("covgate", "file:///etc/passwd"):
        with pytest.raises(AddressError):
            run_tunnel(url, receiver)
    with running(Smee(refusals=(404,)).app) as port:
        with pytest.raises(TunnelError, match="answered 404"):
            run_tunnel(f"http://127.0.0.1:{port}/channel", receiver)
        with pytest.raises(TunnelError, match=r"is no smee channel|answered 405"):
            run_tunnel(receiver.replace("/webhooks/github", "/metrics"), receiver)


def test_a_channel_leads_nowhere_else(receiver):
    """Who runs the channel could have this machine ask its own network."""
    asked = []

    def inside(_request):
        asked.append(True)
        return PlainTextResponse("")

    app = Starlette(
        routes=[
            Route("/channel", lambda _request: RedirectResponse("/inside")),
            Route("/inside", inside),
        ]
    )
    with running(app) as port, pytest.raises(TunnelError, match="leads to another address"):
        run_tunnel(f"http://127.0.0.1:{port}/channel", receiver, tries=1)
    assert not asked


def test_the_tunnel_of_up_ends_with_it(acceptor, receiver):
    """A forgotten process would answer for a Covgate that is gone."""
    with running((smee := Smee()).app) as port:
        channel = f"http://127.0.0.1:{port}/channel"
        with forwarding(channel, receiver):
            until(lambda: smee.listeners)
            post(channel, OPENED, delivery="through")
            until(lambda: "through" in acceptor.accepted)
        until(lambda: not smee.listeners)
    with forwarding("", receiver):
        pass
    with pytest.raises(AddressError), forwarding("nonsense", receiver):
        pass


def test_the_sample_is_signed_as_github_does():
    """The tests above would prove nothing."""
    assert delivery_headers(OPENED)["X-Hub-Signature-256"] == sign(SECRET, OPENED)
