"""Health: what an orchestrator is told, and whether it can rely on it."""

from __future__ import annotations

import threading
import time

import pytest
from starlette.applications import Starlette

from bot.health import health_routes, threaded_probe
from tests.bot.parts import InboxDownError, MemoryAcceptor, ask, make_app
from tests.support.web import running


def refuse():
    """Stand for a database that is down."""
    raise OSError("connection to db.internal:5432 as covgate:hunter2 refused")


def test_all_is_well():
    """Nothing would ever be sent to a receiver that works."""
    with running(make_app(MemoryAcceptor())) as port:
        assert ask(port, "GET", "/healthz").json == {"status": "alive"}
        reply = ask(port, "GET", "/readyz")
        assert reply.status == 200
        assert reply.json == {"status": "ready", "checks": {"redis": "ok", "database": "ok"}}


@pytest.mark.parametrize(
    ("broken", "check", "named"),
    [
        (InboxDownError("down"), lambda: None, {"redis"}),
        (None, refuse, {"database"}),
        (InboxDownError("down"), refuse, {"redis", "database"}),
    ],
)
def test_what_does_not_answer_is_named(broken, check, named):
    """Deliveries would go to a receiver that can't keep them, and nobody would know why."""
    app = make_app(MemoryAcceptor(broken=broken), check_database=check)
    with running(app) as port:
        reply = ask(port, "GET", "/readyz")
        assert reply.status == 503
        assert "retry-after" in reply.headers
        assert {name for name, answer in reply.json["checks"].items() if answer != "ok"} == named
        assert all(name in reply.json["detail"] for name in named)
        # A restart would mend neither.
        assert ask(port, "GET", "/healthz").status == 200


def test_addresses_and_passwords_stay_inside():
    """The page is open: a driver's error text would show a stranger the database's address."""
    with running(make_app(MemoryAcceptor(), check_database=refuse)) as port:
        assert b"hunter2" not in ask(port, "GET", "/readyz").body


def test_a_database_that_hangs_is_asked_once():
    """Each probe would leave a thread behind until the receiver fell over."""
    asked = []
    release = threading.Event()

    def hang():
        asked.append(time.monotonic())
        release.wait(20)

    probes = {"database": threaded_probe(hang)}
    with running(Starlette(routes=health_routes(probes, time_limit=0.05))) as port:
        for _ in range(3):
            reply = ask(port, "GET", "/readyz")
            assert reply.status == 503
            assert "no answer within" in reply.json["checks"]["database"]
        assert len(asked) == 1
        release.set()
        deadline = time.monotonic() + 10
        while ask(port, "GET", "/readyz").status != 200:
            assert time.monotonic() < deadline
