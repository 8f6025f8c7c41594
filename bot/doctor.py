"""`covgate doctor`: is everything there that Covgate needs, and if not, what to do."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import inspect as inspect_schema
from sqlalchemy import make_url

from bot.finding import ERROR, OK, WARNING, Finding
from bot.progress import working
from bot.registration import examine_registration
from worker.core.errors import CovgateError
from worker.settings import REQUIRED, STORAGE, Settings, load_settings
from worker.store import open_engine
from worker.store.engine import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

__all__ = ["Finding", "examine", "run_doctor"]

_SIGNS = {OK: "✅", WARNING: "⚠️ ", ERROR: "❌"}
_OLDEST = (6, 2)


def run_doctor(environment: Mapping[str, str], env_file: Path, *, as_json: bool) -> int:
    """Print the findings; return 1 where one is an error, else 0."""
    with working("looking at settings, Redis, database and GitHub"):
        findings = list(examine(environment, env_file))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(f"{_SIGNS[finding.level]} {finding.area}: {finding.text}")
            if finding.todo:
                typer.echo(f"   → {finding.todo}")
    return 1 if any(finding.level == ERROR for finding in findings) else 0


def examine(environment: Mapping[str, str], env_file: Path) -> Iterator[Finding]:
    """Yield the findings. One wrong setting does not keep from looking at what the others name."""
    settings: Settings | None = None
    try:
        settings = load_settings(environment, env_file, require=REQUIRED)
        yield Finding("settings", OK, "all that are required are set and well-formed")
    except CovgateError as error:
        todo = "set it in the environment or in .env"
        if any(name in str(error) for name in STORAGE):
            todo += "; `covgate up` brings its own Redis and database"
        yield Finding("settings", ERROR, str(error), todo)
        with suppress(CovgateError):  # malformed, and told above
            settings = load_settings(environment, env_file, require=())
    if settings is None:
        return
    if settings.redis_url:
        yield from _guarded("redis", "COVGATE_REDIS_URL", lambda: _redis(settings))
    if settings.database_url:
        yield from _guarded("database", "COVGATE_DATABASE_URL", lambda: _database(settings))
    if settings.app_id and settings.private_key:
        yield from _guarded("github", "COVGATE_GITHUB_URL", lambda: examine_registration(settings))


def _guarded(area: str, name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except (CovgateError, RedisError, OSError) as error:
        text = " ".join(str(error).split())
        yield Finding(area, ERROR, f"does not answer: {text}", f"start it, or mend {name}")
    except (TypeError, ValueError) as error:  # what redis-py and SQLAlchemy say of odd addresses
        text = " ".join(str(error).split())
        yield Finding(area, ERROR, f"has an address that can't be used: {text}", f"mend {name}")


def _redis(settings: Settings) -> Iterator[Finding]:
    """Look at what the inbox's promises rest on: durability, no eviction, a version."""
    # Unlike the workers' client, one that does not try again: people wait for the answer.
    with Redis.from_url(
        settings.redis_url, socket_timeout=5, socket_connect_timeout=5, retry=Retry(NoBackoff(), 0)
    ) as client:
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


def _database(settings: Settings) -> Iterator[Finding]:
    """Look whether it answers and has its tables; nothing is made or changed."""
    engine = open_engine(settings.database_url)
    kind = "SQLite" if engine.dialect.name == "sqlite" else "PostgreSQL"
    new = Finding(
        "database", OK, f"{kind}, still empty: the first `serve`, `worker` or `up` makes its tables"
    )
    file = make_url(settings.database_url).database if kind == "SQLite" else None
    try:
        if file is not None and not Path(file).exists():
            yield new  # connecting would make the file
            return
        with reading(engine) as connection:
            empty = not inspect_schema(connection).has_table("repositories")
    finally:
        engine.dispose()
    yield new if empty else Finding("database", OK, f"{kind} answers and has its tables")
