"""The port `worker.ports.App` on GitHub's REST API: the App, and what it makes clients of."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from worker.core.refs import (
    Hook,
    HookDelivery,
    Installation,
    Registration,
    Repository,
)
from worker.github_api import (
    hooks,
)
from worker.github_api.answers import AppAnswer
from worker.github_api.auth import (
    PERMISSIONS,
    STATUS_PERMISSIONS,
    AppKey,
    AppSource,
    InstallationSource,
)
from worker.github_api.client import RepositoryClient
from worker.github_api.hosts import HostRule
from worker.github_api.tokens import ALL_REPOSITORIES, TokenCache, TokenKey
from worker.github_api.transport import TokenSource, Transport
from worker.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from worker.github_api.errors import Answer
    from worker.ports import Cache, Clock

__all__ = ["GitHubApp"]


class GitHubApp:
    """The App: the port `worker.ports.App`, and the maker of clients, one a job.

    `base_url` is COVGATE_GITHUB_URL and `download_hosts` COVGATE_DOWNLOAD_HOSTS. `pace` is
    told of the installation and the verb before each request, and returns when it may be
    sent. It holds no connection, so that it may be made before a fork. `cache` keeps what
    GitHub says of commits.
    """

    def __init__(
        self,
        key: AppKey,
        *,
        base_url: str,
        clock: Clock,
        tokens: TokenCache,
        download_hosts: Iterable[str] = (),
        meter: Meter | None = None,
        pace: Callable[[int, str], None] = lambda _installation, _verb: None,
        cache: Cache | None = None,
    ) -> None:
        self._pace = pace
        self._cache = cache
        self._key = key
        self._meter = meter or Meter()
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._tokens = tokens
        self._rule = HostRule(self._base_url, frozenset(download_hosts))
        self._slug: str | None = None

    @property
    def app_id(self) -> int:
        """The App's id."""
        return self._key.app_id

    def slug(self) -> str:
        """Return the App's name in addresses and logins; asked once."""
        if self._slug is None:
            with self._as_app() as transport:
                self._slug = transport.get("/app", AppAnswer).slug
        return self._slug

    def repository(
        self, installation_id: int, repository_id: int, full_name: str
    ) -> RepositoryClient:
        """Return a client for one repository; nothing is sent yet. Close it after the job.

        `full_name` is the name by the last delivery; `repository_id` decides.
        """
        key = TokenKey(installation_id, repository_id, tuple(sorted(PERMISSIONS.items())))
        source = InstallationSource(key, self._tokens, self._clock, self._as_app)
        transport = self._transport(source, installation_id)
        place = Repository(installation_id, repository_id, full_name)
        return RepositoryClient(transport, place, self, self._rule, self._cache)

    def statuses_of(self, place: Repository) -> tuple[Transport, InstallationSource]:
        """Return a connection that may set commit statuses, which most repositories never need.

        Its token is its own: asked for with all the others, one permission that was not
        granted would cost these, too.
        """
        key = TokenKey(place.installation_id, place.id, STATUS_PERMISSIONS)
        source = InstallationSource(key, self._tokens, self._clock, self._as_app)
        return self._transport(source, place.installation_id), source

    def registration(self) -> Registration:
        """Return how the App is registered at GitHub."""
        with self._as_app() as transport:
            return hooks.read_registration(transport)

    def hook(self) -> Hook:
        """Return where GitHub delivers the App's webhooks to."""
        with self._as_app() as transport:
            return hooks.read_hook(transport)

    def deliveries(self, since: datetime) -> tuple[HookDelivery, ...]:
        """Return the attempts at deliveries that were made since then, newest first."""
        with self._as_app() as transport:
            return hooks.list_deliveries(transport, since)

    def redeliver(self, delivery_id: int) -> None:
        """Ask GitHub to deliver once more what an attempt failed to."""
        with self._as_app() as transport:
            hooks.redeliver(transport, delivery_id)

    def installations(self) -> tuple[Installation, ...]:
        """Return all installations, by id."""
        with self._as_app() as transport:
            return hooks.list_installations(transport)

    def repositories(self, installation_id: int, *, every: bool = False) -> tuple[Repository, ...]:
        """Return an installation's repositories that may have open pull requests, by id.

        With `every`, those without anything open, too, but for the archived ones.
        """
        key = TokenKey(installation_id, ALL_REPOSITORIES, (("metadata", "read"),))
        source = InstallationSource(key, self._tokens, self._clock, self._as_app)
        with self._transport(source, installation_id) as transport:
            return hooks.list_repositories(transport, installation_id, every=every)

    def members(self, installation_id: int) -> Transport:
        """Open a connection that may read an organisation's teams, and nothing else."""
        key = TokenKey(installation_id, ALL_REPOSITORIES, (("members", "read"),))
        source = InstallationSource(key, self._tokens, self._clock, self._as_app, optional=True)
        return self._transport(source, installation_id)

    def _as_app(self) -> Transport:
        return self._transport(AppSource(self._key, self._clock), 0)

    def _transport(self, source: TokenSource, installation_id: int) -> Transport:
        def note(verb: str, path: str, answer: Answer | None) -> None:
            self._meter.count_request(verb, path, answer.status if answer else 0)
            limit = answer.headers.get("x-ratelimit-remaining", "") if answer else ""
            reset = answer.headers.get("x-ratelimit-reset", "") if answer else ""
            if limit.isdecimal() and reset.isdecimal():
                self._meter.note_limit(installation_id, int(limit), int(reset))

        pace = partial(self._pace, installation_id)
        return Transport(self._base_url, source, self._clock, note, pace)
