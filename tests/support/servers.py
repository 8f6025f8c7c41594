"""A real Redis-compatible server for the tests: one for each pytest-xdist worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis import Redis

from worker.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """Run one server for the whole session of this test process."""
    with EmbeddedServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: EmbeddedServer) -> str:
    """Return the address of the server, emptied."""
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[Redis]:
    """Return a client of the emptied server."""
    with Redis.from_url(redis_url) as client:
        yield client
