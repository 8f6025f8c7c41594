"""One suite for every cache: the fake, and the one in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis import Redis

from tests.fakes.cache import MemoryCache
from worker.inbox import RedisCache, RedisInbox
from worker.ports import MOST_CACHED, Cache

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest) -> Cache:
    if request.param == "memory":
        return MemoryCache()
    return RedisCache(request.getfixturevalue("redis_client"))


@pytest.fixture
def nowhere() -> Iterator[Redis]:
    """Return a client of a server that is down."""
    with Redis(port=1, socket_connect_timeout=0.1) as client:
        yield client


def test_what_is_put_is_got(cache: Cache) -> None:
    """Every job would ask GitHub again for what never changes."""
    assert cache.get("12:345:a") is None
    cache.put("12:345:a", b"\0 and more")
    cache.put("12:345:b", b"")
    assert (cache.get("12:345:a"), cache.get("12:345:b")) == (b"\0 and more", b"")


def test_the_newer_value_replaces_the_older_one(cache: Cache) -> None:
    """A slot would be full for ever."""
    cache.put("12:345:a", b"old")
    cache.put("12:345:a", b"new")
    assert cache.get("12:345:a") == b"new"


def test_what_is_long_is_not_kept(cache: Cache) -> None:
    """Huge repositories would fill Redis, which then takes no deliveries."""
    cache.put("12:345:a", b"x" * MOST_CACHED)
    cache.put("12:345:b", b"x" * (MOST_CACHED + 1))
    assert cache.get("12:345:a") is not None
    assert cache.get("12:345:b") is None


def test_nothing_is_kept_for_ever(redis_client: Redis) -> None:
    """Redis would grow with every commit."""
    RedisCache(redis_client).put("12:345:a", b"x")
    assert 0 < redis_client.ttl("cb:cache:12:345:a") <= 24 * 3600


def test_what_is_forgotten_is_gone_from_the_cache_too(redis_client: Redis) -> None:
    """A repository's paths would stay after it was taken away."""
    cache = RedisCache(redis_client)
    for key in ("12:345:a", "12:3456:a", "13:345:a"):
        cache.put(key, b"x")
    RedisInbox(redis_client).forget(12, 345)
    assert cache.get("12:345:a") is None
    assert cache.get("12:3456:a") == cache.get("13:345:a") == b"x"
    RedisInbox(redis_client).forget(12)
    assert cache.get("12:3456:a") is None


def test_without_redis_everything_is_asked_for(nowhere: Redis) -> None:
    """A cache that is away would stop the work that it is to make cheaper."""
    cache = RedisCache(nowhere)
    cache.put("12:345:a", b"x")
    assert cache.get("12:345:a") is None
