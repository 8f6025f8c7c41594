"""The real GitHub adapter on a running stand-in of GitHub."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox.faults import RateLimits
from bot.sandbox.records import Caps
from bot.sandbox.server import StandIn
from tests.fakes.cache import MemoryCache
from tests.fakes.clock import FakeClock
from tests.support.openapi import Contract
from worker.github_api import AppKey, GitHubApp, MemoryTokenCache, RepositoryClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.repository import Repo
    from bot.sandbox.world import World

TOKENS = "/app/installations/{installation_id}/access_tokens"


@dataclass
class Adapter:
    """A client of one repository, the App that made it, and what it talks to."""

    standin: StandIn
    clock: FakeClock
    repo: Repo
    app: GitHubApp
    github: RepositoryClient
    cache: MemoryCache

    @property
    def world(self) -> World:
        return self.standin.world

    @property
    def token_requests(self) -> int:
        return self.world.count_requests("POST", TOKENS)

    def another(self) -> RepositoryClient:
        """Return the next job's client of the same repository."""
        installation = self.world.installation_of(self.repo)
        return self.app.repository(installation.id, self.repo.id, self.repo.full_name)


class Ground:
    """A running stand-in that serves one test after the other: starting one takes a while."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self._contract = Contract()
        self._standin = StandIn(clock=self.clock.now, wrap=self._contract.watch)

    @contextmanager
    def running(self) -> Iterator[Ground]:
        """Serve."""
        with self._standin:
            yield self

    @contextmanager
    def adapter(self) -> Iterator[Adapter]:
        """Yield an adapter on a fresh "octo/hello"; fail where it asked what GitHub refuses."""
        standin = self._standin
        repo = standin.world.add_repository("octo/hello", files={"README.md": b"hello\n"})
        installation = standin.world.installation_of(repo)
        cache = MemoryCache()
        app = GitHubApp(
            AppKey(standin.app_id, standin.private_key_pem),
            base_url=standin.url,
            clock=self.clock,
            tokens=MemoryTokenCache(),
            cache=cache,
        )
        try:
            with app.repository(installation.id, repo.id, repo.full_name) as github:
                yield Adapter(standin, self.clock, repo, app, github, cache)
            # What the stand-in answers is judged by its own tests.
            asked = [text for text in self._contract.violations if ": answer " not in text]
            assert not asked + standin.world.complaints, asked + standin.world.complaints
        finally:
            self._clear()

    def _clear(self) -> None:
        world = self._standin.world
        with world.lock:
            for repo in list(world.repositories.values()):
                if not repo.deleted:
                    repo.delete()
            for installation in list(world.installations.values()):
                world.uninstall(installation.account.login)
            world.faults.clear()
            world.caps = Caps()
            world.limits = RateLimits(self.clock.now)
            world.requests.clear()
            world.complaints.clear()
        self._contract.violations.clear()
