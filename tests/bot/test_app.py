"""The web process as a whole: answers, figures, limits, signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from redis import Redis

from bot.listener import AddressError, bind
from bot.metrics import InboxState
from tests.bot.parts import OPENED, InboxDownError, MemoryAcceptor, ask, deliver, make_app
from tests.support.servers import redis_server, redis_url  # noqa: F401 -- fixtures
from tests.support.web import running

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing/here", "/docs", "/webhooks/github"])
def test_every_answer_is_guarded(path):
    """A browser could be made to run, frame or guess what we send."""
    app = make_app(MemoryAcceptor(), public_url="https://covgate.example.com")
    with running(app) as port:
        headers = ask(port, "GET", path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"]
    assert "server" not in headers or "uvicorn" in headers["server"]


def test_a_defect_shows_an_id_and_nothing_else():
    """A traceback would tell a stranger about the machine, and the operator could not find it."""
    acceptor = MemoryAcceptor(broken=ZeroDivisionError("secret detail"))
    with running(make_app(acceptor)) as port:
        reply = deliver(port)
        assert reply.status == 500
        assert reply.json["status"] == "failed"
        assert reply.json["id"] in reply.json["detail"]
        assert b"Zero" not in reply.body
        assert b"secret detail" not in reply.body
        assert reply.headers["x-content-type-options"] == "nosniff"
        acceptor.broken = None
        assert deliver(port).status == 202


def test_the_figures_tell_what_became_of_deliveries():
    """An operator would learn of refused deliveries from GitHub's users."""

    async def read_inbox():
        return InboxState(3, 4.5)

    with running(make_app(MemoryAcceptor(), read_inbox=read_inbox)) as port:
        deliver(port)
        deliver(port)
        deliver(port, secret=b"wrong")
        for n in range(30):
            deliver(port, b"{}", event=f"made_up_{n}")
        text = ask(port, "GET", "/metrics").body.decode()
    assert 'covgate_deliveries_total{event="pull_request",outcome="queued"} 1.0' in text
    assert 'covgate_deliveries_total{event="pull_request",outcome="duplicate"} 1.0' in text
    assert 'outcome="bad signature"} 1.0' in text
    assert 'covgate_deliveries_total{event="other",outcome="ignored"} 30.0' in text
    assert "made_up" not in text
    assert "covgate_acknowledgement_seconds_count 33.0" in text
    assert "covgate_inbox_subjects 3.0" in text
    assert "covgate_inbox_oldest_seconds 4.5" in text
    assert "covgate_inbox_up 1.0" in text


def test_the_figures_are_there_when_redis_is_not():
    """The operator would be blind just when it matters."""

    async def read_inbox():
        raise InboxDownError("down")

    with running(make_app(MemoryAcceptor(), read_inbox=read_inbox)) as port:
        reply = ask(port, "GET", "/metrics")
    assert reply.status == 200
    assert b"covgate_inbox_up 0.0" in reply.body


def test_two_applications_do_not_count_together():
    """Figures would be wrong in every process that makes a second application."""
    first, second = make_app(MemoryAcceptor()), make_app(MemoryAcceptor())
    with running(first) as one, running(second) as other:
        deliver(one)
        assert b"seconds_count 0.0" in ask(other, "GET", "/metrics").body


def test_no_secret_no_receiver():
    """A receiver that refuses everything would look like a wrong secret at GitHub."""
    with pytest.raises(ValueError, match="secret"):
        make_app(MemoryAcceptor(), webhook_secrets=[])


def test_a_used_port_is_named():
    """The operator would get a traceback in place of the one line that helps."""
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressError, match=rf"port {port}: .*in use; .*--port"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 1), ("127.0.0.1", 70_000)])
def test_an_impossible_address_is_named(host, port):
    """The same, for a typo."""
    with pytest.raises(AddressError, match=r"--(host|port)"):
        bind(host, port)


def test_the_receiver_imports_no_engine():
    """The receiver would start slowly and hold memory that only workers need."""
    code = "import sys, bot.serve; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    for engine in (
        "worker.core.formats",
        "worker.core.render",
        "worker.flows",
        "worker.github_api",
        "worker.store",
        "github",
        "jwt",
        "sqlalchemy",
        "alembic",
        "jinja2",
        "diff_cover",
    ):
        assert not [name for name in loaded if name == engine or name.startswith(engine + ".")]


SERVE = """
import sys
from bot.listener import bind
from bot.serve import serve
from worker.logs import configure_logs
from worker.settings import load_settings

configure_logs("json", sys.stderr)
environment = {"COVGATE_WEBHOOK_SECRET": "the secret", "COVGATE_APP_ID": "1"}
settings = load_settings(
    {"COVGATE_REDIS_URL": sys.argv[1], "COVGATE_DATABASE_URL": "sqlite:///" + sys.argv[2]},
    require=(),
).model_copy(update={"webhook_secrets": (__import__("pydantic").SecretStr("the secret"),)})
serve(settings, bind("127.0.0.1", int(sys.argv[3])))
"""


def free_port():
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def process(redis_url, tmp_path):  # noqa: F811 -- a fixture
    """Run a real `serve` in a process of its own."""
    port = free_port()
    arguments = [redis_url, str(tmp_path / "history.sqlite"), str(port)]
    with (tmp_path / "log").open("w") as log:
        started = subprocess.Popen(
            [sys.executable, "-c", SERVE, *arguments],
            cwd=ROOT,
            stderr=log,
            env=os.environ | {"PYTHONWARNINGS": "error"},
        )
    try:
        deadline = time.monotonic() + 30
        while "listening" not in (tmp_path / "log").read_text():
            assert started.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield started, port, tmp_path / "log"
    finally:
        started.kill()
        started.wait()


def test_the_whole_process_queues_durably_and_ends_gracefully(process, redis_url):  # noqa: F811
    """A part that works alone and not with the others would be found out by users."""
    started, port, log = process
    reply = deliver(port, OPENED, delivery="e2e-1")
    assert reply.json["status"] == "queued"
    assert deliver(port, OPENED, delivery="e2e-1").json["status"] == "duplicate"
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() > 0
    assert ask(port, "GET", "/readyz").status == 200
    assert b"covgate_inbox_subjects 1.0" in ask(port, "GET", "/metrics").body
    started.send_signal(signal.SIGTERM)
    assert started.wait(20) == 0, log.read_text()
    text = log.read_text()
    assert '"delivery": "e2e-1"' in text
    assert "Traceback" not in text
