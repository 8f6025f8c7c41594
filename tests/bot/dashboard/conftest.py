"""A dashboard over a store in memory, with repositories of every kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bot.dashboard.access import BadgeTokens, LoopbackViewer, NoSource, PublicViewer
from bot.dashboard.gate import Parts
from bot.dashboard.routes import dashboard_routes
from tests.bot.dashboard.samples import fill
from tests.bot.parts import MemoryAcceptor, Reply, ask, make_app
from tests.fakes.store import MemoryStore
from tests.support.web import running
from worker.inbox.waiting import Queue

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKENS = BadgeTokens(b"of this test")


@dataclass
class Site:
    """A running dashboard; what is changed here, the next request sees."""

    store: MemoryStore = field(default_factory=MemoryStore)
    queue: Queue = field(default_factory=lambda: Queue(0, ()))
    queue_error: Exception | None = None
    source: object = field(default_factory=NoSource)
    port: int = 0

    def get(self, path: str, **headers: str) -> Reply:
        """Return the answer to one request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.port, "GET", path, headers=named)

    def page(self, path: str, **headers: str) -> str:
        """Return the text of a page that is there."""
        reply = self.get(path, **headers)
        assert reply.status == 200, (path, reply.status)
        return reply.body.decode()

    async def read_queue(self) -> Queue:
        """Return what waits."""
        if self.queue_error:
            raise self.queue_error
        return self.queue

    def read(self, *asked: object) -> str | None:
        """Return a source by whichever reader there is now."""
        return self.source.read(*asked)


def serve(site: Site, viewer: object) -> Iterator[Site]:
    """Serve a site to whomever the viewer lets see it."""
    parts = Parts(
        open_history=lambda: site.store,
        read_queue=site.read_queue,
        viewer=viewer,
        badges=TOKENS,
        source=site,
        documentation="https://covgate.example/docs",
    )
    app = make_app(MemoryAcceptor(), dashboard=dashboard_routes(parts))
    with running(app) as port:
        site.port = port
        yield site


@pytest.fixture(scope="module")
def _public() -> Iterator[Site]:
    yield from serve(Site(), PublicViewer())


@pytest.fixture(scope="module")
def _own() -> Iterator[Site]:
    yield from serve(Site(), LoopbackViewer(PublicViewer()))


def _fresh(site: Site, *, filled: bool = True) -> Site:
    """Return a running site as if nothing had been asked of it: starting one takes long."""
    site.store, site.queue, site.queue_error = MemoryStore(), Queue(0, ()), None
    site.source = NoSource()
    if filled:
        fill(site.store)
    return site


@pytest.fixture
def site(_public: Site) -> Site:
    """Return a dashboard as it is in public, over the samples."""
    return _fresh(_public)


@pytest.fixture
def own_site(_own: Site) -> Site:
    """Return the same for the one at this machine."""
    return _fresh(_own)


@pytest.fixture
def empty_site(_public: Site) -> Site:
    """Return a dashboard in which nothing ever happened."""
    return _fresh(_public, filled=False)
