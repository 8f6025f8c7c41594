"""One suite for `worker.ports.App`: the fake and the real adapter see the same App."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.fakes.app import FakeApp
from tests.fakes.clock import FakeClock
from tests.fakes.github import REPOSITORY
from worker.core.errors import GitHubError, NotFoundError
from worker.core.refs import HookDelivery, Installation, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.adapter import Adapter
    from worker.ports import App


@dataclass
class FakeScene:
    """Fills the fake."""

    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.app: App = FakeApp(self.clock)
        self.installation = REPOSITORY.installation_id
        self.name = REPOSITORY.full_name
        self.fake.installed[Installation(self.installation, "octo")] = ()

    @property
    def fake(self) -> FakeApp:
        assert isinstance(self.app, FakeApp)
        return self.app

    def fail_delivery(self) -> None:
        number = len(self.fake.log) + 1
        now = self.clock.now()
        self.fake.log.append(HookDelivery(number, f"guid-{number}", "push", 502, now))

    def open_something(self) -> None:
        installation = Installation(self.installation, "octo")
        self.fake.installed[installation] = (REPOSITORY,)


@dataclass
class StandInScene:
    """Fills the stand-in."""

    adapter: Adapter

    def __post_init__(self) -> None:
        self.app: App = self.adapter.app
        self.clock = self.adapter.clock
        self.installation = self.adapter.world.installation_of(self.adapter.repo).id
        self.name = self.adapter.repo.full_name
        self._settle()

    def _settle(self) -> None:
        """Let all that waits to be delivered fail, now."""
        self.adapter.standin.deliver_to("http://127.0.0.1:9/")
        assert self.adapter.standin.courier.idle()

    def fail_delivery(self) -> None:
        repo = self.adapter.repo
        repo.rerequest_suite(repo.tip())
        self._settle()

    def open_something(self) -> None:
        repo = self.adapter.repo
        repo.push("topic", repo.store({"a.py": b"1\n"}, [repo.tip()], "Change", "alice").sha)
        repo.open_pull("topic")


@pytest.fixture(params=["fake", "adapter"])
def scene(request: pytest.FixtureRequest) -> Iterator[FakeScene | StandInScene]:
    if request.param == "fake":
        yield FakeScene()
        return
    adapter = request.getfixturevalue("github_adapter")
    yield StandInScene(adapter)
    adapter.standin.deliver_to(None)


def test_a_failed_delivery_is_in_the_log_newest_first(scene: FakeScene | StandInScene):
    """A missed webhook would not be found."""
    since = scene.clock.now() - timedelta(minutes=1)
    scene.fail_delivery()
    scene.fail_delivery()
    found = scene.app.deliveries(since)
    assert len(found) >= 2
    assert [one.id for one in found] == sorted((one.id for one in found), reverse=True)
    assert not found[0].arrived


def test_the_log_is_read_as_far_back_as_asked(scene: FakeScene | StandInScene):
    """Every minute three days of deliveries would be read."""
    scene.fail_delivery()
    scene.clock.advance(600)
    assert scene.app.deliveries(scene.clock.now() - timedelta(minutes=5)) == ()


def test_a_delivery_that_is_asked_for_again_comes_under_its_own_guid(
    scene: FakeScene | StandInScene,
):
    """One that arrived at last would look as if it never had."""
    since = scene.clock.now() - timedelta(minutes=1)
    scene.fail_delivery()
    failed = scene.app.deliveries(since)[0]
    scene.app.redeliver(failed.id)
    if isinstance(scene, StandInScene):
        scene._settle()
    newest = scene.app.deliveries(since)[0]
    assert newest.id > failed.id
    assert newest.guid == failed.guid


def test_a_delivery_that_never_was_is_an_error(scene: FakeScene | StandInScene):
    """The sweep would believe that it was asked for."""
    with pytest.raises(NotFoundError):
        scene.app.redeliver(999_999)


def test_installations_and_their_repositories_are_listed(scene: FakeScene | StandInScene):
    """A pull request that was missed would never be come to."""
    scene.open_something()
    listed = {one.id: one for one in scene.app.installations()}
    assert listed[scene.installation].account == "octo"
    assert not listed[scene.installation].suspended
    repositories = scene.app.repositories(scene.installation)
    assert [one.full_name for one in repositories] == [scene.name]
    assert isinstance(repositories[0], Repository)
    assert repositories[0].installation_id == scene.installation


def test_a_repository_with_nothing_open_is_left_out(scene: FakeScene | StandInScene):
    """Thousands of silent repositories would be asked every hour."""
    assert scene.app.repositories(scene.installation) == ()


def test_an_installation_that_is_gone_is_an_error(scene: FakeScene | StandInScene):
    """The sweep would take it for one without repositories."""
    with pytest.raises(GitHubError):
        scene.app.repositories(999_999)
