"""The real adapters behind the ports, put together in one place."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from worker.commands import COMMANDS
from worker.flows.deps import Deps
from worker.github_api import AppKey, GitHubApp, RedisTokenCache
from worker.inbox import Pace, RedisCache, RedisInbox, add_sums, connect, keep_alive
from worker.meter import Meter
from worker.notify import Webhook
from worker.store import SqlStore, open_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.contracts import Subject
    from worker.ports import GitHub
    from worker.settings import Settings

__all__ = ["SystemClock", "open_deps"]


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC)


@contextmanager
def open_deps(settings: Settings) -> Iterator[Deps]:
    """Open what one job needs, and close it after.

    Nothing is shared between jobs: PyGithub's clients are not safe for several threads, and
    connections do not survive a fork. The database's schema is taken as it is: processes
    bring it up to date when they start.
    """
    clock = SystemClock()
    with ExitStack() as stack:
        redis = stack.enter_context(connect(settings.redis_url))
        inbox, meter = RedisInbox(redis), Meter()
        stack.callback(add_sums, redis, meter)
        cache = RedisCache(redis)
        key = AppKey(settings.app_id, settings.private_key.get_secret_value())
        app = GitHubApp(
            key,
            base_url=settings.github_url,
            clock=clock,
            tokens=RedisTokenCache(redis, key.derive("installation tokens")),
            download_hosts=settings.download_hosts,
            meter=meter,
            pace=_paced(Pace(redis, settings.write_gap), inbox),
            cache=cache,
        )
        engine = open_engine(settings.database_url)
        stack.callback(engine.dispose)

        def github(subject: Subject, full_name: str) -> GitHub:
            client = app.repository(subject.installation_id, subject.repository_id, full_name)
            return stack.enter_context(client)

        chat = settings.notify_url.get_secret_value()
        yield Deps(
            inbox=inbox,
            store=SqlStore(engine),
            clock=clock,
            github=github,
            app=app,
            meter=meter,
            keep_alive=partial(keep_alive, inbox),
            deadline=settings.deadline,
            public_url=settings.public_url or "",
            keep_sources=settings.keep_sources,
            commands=COMMANDS,
            notify=Webhook(settings.notify_url).send if chat else None,
            cache=cache,
        )


def _paced(pace: Pace, inbox: RedisInbox) -> Callable[[int, str], None]:
    """Return what to call before each request; the App's own wait for nobody.

    After its wait a write is sent only under a lease that will outlive it.
    """

    def wait(installation_id: int, verb: str) -> None:
        if installation_id:
            pace.wait(installation_id, write=verb != "GET")
            if verb != "GET":
                inbox.check_lease()

    return wait
