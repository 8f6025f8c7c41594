"""The dashboard over the real store, as the web process opens it."""

from __future__ import annotations

import pytest

from bot.dashboard.wiring import open_dashboard
from tests.bot.dashboard.samples import fill
from tests.bot.parts import MemoryAcceptor, ask, make_app
from tests.support.web import running
from worker.inbox.waiting import Queue
from worker.settings import Settings
from worker.store import open_store


class Acceptor(MemoryAcceptor):
    """An inbox in which nothing waits."""

    async def queue(self):
        """Return what waits."""
        return Queue(0, ())


@pytest.fixture
def database(tmp_path):
    """Return the URL of a database that holds the samples."""
    url = f"sqlite:///{tmp_path}/history.db"
    fill(open_store(url))
    return url


@pytest.mark.parametrize(
    ("here", "public_url", "status"),
    [
        (True, None, 200),
        (True, "http://127.0.0.1:8000", 200),
        (True, "https://covgate.example.com", 404),
        (False, None, 404),
    ],
)
def test_the_machines_own_sees_all_where_nobody_else_comes(database, here, public_url, status):
    """A proxy on the machine that leaves no trace would open private code to everybody."""
    settings = Settings(database_url=database, public_url=public_url)
    acceptor = Acceptor()
    routes = open_dashboard(settings, acceptor, here=here, documentation="")
    with running(make_app(acceptor, dashboard=routes)) as port:
        assert ask(port, "GET", "/acme/secret").status == status
        assert ask(port, "GET", "/queue").status == status
        assert ask(port, "GET", "/acme/rockets").status == 200


def test_a_database_without_tables_is_away_and_not_a_defect(tmp_path):
    """A receiver that starts before the first worker would show a defect's page."""
    settings = Settings(database_url=f"sqlite:///{tmp_path}/none.db")
    acceptor = Acceptor()
    routes = open_dashboard(settings, acceptor, here=True, documentation="")
    with running(make_app(acceptor, dashboard=routes)) as port:
        assert ask(port, "GET", "/acme/rockets").status == 503
        assert ask(port, "GET", "/").status == 503
