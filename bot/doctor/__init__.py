"""`covgate doctor`: is everything there that Covgate needs, and if not, what to do."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from redis.exceptions import RedisError

from bot.doctor.finding import ERROR, OK, WARNING, Finding
from bot.doctor.reach import examine_clock
from bot.doctor.registration import examine_registration
from bot.doctor.settings import examine_settings, examine_sign_in
from bot.doctor.storage import examine_database, examine_redis
from bot.doctor.work import examine_work
from bot.folder import FOLDER, read_running, read_stored
from bot.progress import working
from worker.core.errors import CovgateError
from worker.settings import REQUIRED, STORAGE, Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

__all__ = ["Finding", "examine", "run_doctor"]

_SIGNS = {OK: "✅", WARNING: "⚠️ ", ERROR: "❌"}


def run_doctor(
    environment: Mapping[str, str],
    env_file: Path,
    repositories: Collection[str] = (),
    *,
    as_json: bool,
) -> int:
    """Print the findings; return 1 where one is an error, else 0."""
    with working("looking at settings, Redis, database and GitHub"):
        findings = list(examine(environment, env_file, repositories))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(f"{_SIGNS[finding.level]} {finding.area}: {finding.text}")
            if finding.todo:
                typer.echo(f"   → {finding.todo}")
    return 1 if any(finding.level == ERROR for finding in findings) else 0


def examine(
    environment: Mapping[str, str], env_file: Path, repositories: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield the findings. One wrong setting does not keep from looking at what the others name.

    What `covgate up` stored in this folder, or runs here at the moment, counts as set.
    `repositories` are full names of those whose branch protection is looked at.
    """
    settings: Settings | None = None
    try:
        known = _known(environment, env_file)
        settings = load_settings(environment, env_file, require=REQUIRED, defaults=known)
        yield Finding("settings", OK, "all that are required are set and well-formed")
    except CovgateError as error:
        todo = "set it in the environment or in .env"
        if any(name in str(error) for name in STORAGE):
            todo += "; `covgate up` brings its own Redis and database"
        elif "COVGATE_APP_ID is missing" in str(error) and read_running(FOLDER):
            todo = "open the page whose address the running `covgate up` printed: it makes the App"
        yield Finding("settings", ERROR, str(error), todo)
        with suppress(CovgateError):  # malformed, and told above
            known = _known(environment, env_file)
            settings = load_settings(environment, env_file, require=(), defaults=known)
    if settings is None:
        return
    yield from examine_settings(settings, environment, env_file)
    yield from examine_sign_in(settings)
    if settings.redis_url:
        yield from _guarded("redis", "COVGATE_REDIS_URL", lambda: _redis(settings))
    if settings.database_url:
        yield from _guarded("database", "COVGATE_DATABASE_URL", lambda: examine_database(settings))
    if settings.app_id and settings.private_key:
        yield from _guarded("github", "COVGATE_GITHUB_URL", lambda: _github(settings, repositories))


def _known(environment: Mapping[str, str], env_file: Path) -> dict[str, str]:
    """Return what `up` keeps here; its credentials only where none are set otherwise."""
    running = read_running(FOLDER)
    with suppress(CovgateError):  # malformed: told by who looks at all of it
        if not load_settings(environment, env_file, require=()).registered:
            return {**read_stored(FOLDER), **running}
    return running


def _redis(settings: Settings) -> Iterator[Finding]:
    yield from examine_redis(settings)
    yield from examine_work(settings)


def _github(settings: Settings, repositories: Collection[str]) -> Iterator[Finding]:
    yield from examine_clock(settings)
    yield from examine_registration(settings, repositories)


def _guarded(area: str, name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except (CovgateError, RedisError, OSError) as error:
        text = " ".join(str(error).split())
        yield Finding(area, ERROR, f"does not answer: {text}", f"start it, or mend {name}")
    except (TypeError, ValueError) as error:  # what redis-py and SQLAlchemy say of odd addresses
        text = " ".join(str(error).split())
        yield Finding(area, ERROR, f"has an address that can't be used: {text}", f"mend {name}")
