"""What `covgate doctor` looks at in Redis and the database. Nothing is made or changed."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import make_url

from bot.doctor.finding import ERROR, OK, WARNING, Finding
from worker.store import open_engine
from worker.store.engine import reading
from worker.store.migrate import find_schema, is_empty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from worker.settings import Settings
    from worker.store.migrate import Schema

__all__ = ["examine_database", "examine_redis", "opened_redis"]

_OLDEST = (6, 2)


@contextmanager
def opened_redis(url: str) -> Iterator[Redis]:
    """Open a client that does not try again: people wait for the answer."""
    with Redis.from_url(
        url, socket_timeout=5, socket_connect_timeout=5, retry=Retry(NoBackoff(), 0)
    ) as client:
        yield client


def examine_redis(settings: Settings) -> Iterator[Finding]:
    """Look at what the inbox's promises rest on: durability, no eviction, a version."""
    with opened_redis(settings.redis_url) as client:
        information = client.info()
        kind = "Valkey" if "valkey_version" in information else "Redis"
        version = str(information.get("valkey_version") or information["redis_version"])
        yield Finding("redis", OK, f"answers, {kind} {version}")
        if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
            yield Finding("redis", ERROR, f"version {version} is too old", "use 6.2 or newer")
        yield from _durability(client, information)
        policy = information.get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            yield Finding(
                "redis",
                ERROR,
                f"evicts keys when it is full ({policy}): deliveries would be lost",
                "set `maxmemory-policy noeviction`",
            )
    address = urlsplit(settings.redis_url)
    if address.scheme != "unix" and not address.password:
        yield Finding(
            "redis",
            WARNING,
            "is reached without a password: whoever can write to it can queue work",
            "set a password (`requirepass`) and add it to COVGATE_REDIS_URL",
        )


def _durability(client: Redis, information: Mapping[str, Any]) -> Iterator[Finding]:
    if not information.get("aof_enabled"):
        yield Finding(
            "redis",
            ERROR,
            "keeps no append-only file: a crash would lose accepted deliveries",
            "set `appendonly yes` (and `appendfsync always`)",
        )
        return
    policy = "always"
    with suppress(RedisError):  # hosted servers forbid CONFIG: then it is not known
        policy = str(client.config_get("appendfsync").get("appendfsync", policy))
    if policy != "always":
        yield Finding(
            "redis",
            WARNING,
            f"writes its append-only file later (`appendfsync {policy}`): a power cut would lose "
            "the deliveries accepted last",
            "set `appendfsync always`",
        )


def examine_database(settings: Settings) -> Iterator[Finding]:
    """Look whether it answers and has its tables; nothing is made or changed."""
    engine = open_engine(settings.database_url)
    kind = "SQLite" if engine.dialect.name == "sqlite" else "PostgreSQL"
    file = make_url(settings.database_url).database if kind == "SQLite" else None
    try:
        if is_empty(engine):
            text = f"{kind}, still empty: the first `worker` or `up` makes its tables"
            yield Finding("database", OK, text)
            return
        with reading(engine) as connection:
            schema = find_schema(connection)
    finally:
        engine.dispose()
    yield Finding("database", OK, f"{kind} answers and has its tables")
    yield from _migrations(schema)
    if file is not None and not os.access(file, os.W_OK):
        todo = "let the user that Covgate runs as write it, and the folder that it is in"
        yield Finding("database", ERROR, f"{file} can't be written by this user", todo)


def _migrations(schema: Schema) -> Iterator[Finding]:
    if schema.unknown:
        yield Finding(
            "database",
            ERROR,
            f"its schema ({', '.join(schema.unknown)}) is newer than this Covgate, which knows it "
            f"up to {schema.newest}",
            "install the newer Covgate again, or restore the backup made before it",
        )
    elif not schema.current:
        found = ", ".join(schema.found) or "none"
        yield Finding(
            "database",
            WARNING,
            f"its schema is older ({found}) than this Covgate's ({schema.newest})",
            "make a backup, then start a worker of this version: it brings the schema up to date",
        )
