"""Stories of the world, and the fields that Covgate acts on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.sandbox.world import World

START = {"calc.py": b"1\n2\n3\n4\n5\n"}


@pytest.fixture
def world() -> World:
    return World(clock=lambda: datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
def repo(world: World):
    return world.add_repository("octo/calc", files=START)


def told(world: World) -> list[tuple[str, str | None]]:
    return [(delivery.event, delivery.action) for delivery in world.take_outbox()]


def story(world: World) -> list[bytes]:
    repo = world.add_repository("octo/calc", files=START)
    repo.commit("topic", {"calc.py": b"1\n"}, author="ann")
    pull = repo.open_pull("topic")
    repo.run_ci(pull.head_sha, artifacts={"coverage": {"c.xml": b"x"}})
    return [delivery.guid.encode() + delivery.body for delivery in world.emitted]


def test_the_same_story_gives_the_same_bytes(world: World):
    """A red test could not be repeated."""
    assert story(world) == story(World(clock=world.clock))


def test_a_push_to_the_head_is_a_synchronize(world: World, repo):
    """A verdict would stay on the old head."""
    repo.commit("topic", {"calc.py": b"1\n"})
    pull = repo.open_pull("topic")
    before = pull.head_sha
    world.take_outbox()
    after = pull.push({"calc.py": b"2\n"})
    deliveries = world.take_outbox()
    assert [(d.event, d.action) for d in deliveries] == [
        ("push", None),
        ("check_suite", "requested"),
        ("pull_request", "synchronize"),
    ]
    assert (deliveries[-1].payload["before"], deliveries[-1].payload["after"]) == (before, after)
    assert pull.head_sha == after


def test_a_push_to_the_base_moves_the_test_merge_alone(world: World, repo):
    """The reports' lines would be looked up in the wrong commit."""
    repo.commit("topic", {"calc.py": b"1\n2\n3\n4\n5\n6\n"})
    pull = repo.open_pull("topic")
    head, base, merge = pull.head_sha, pull.base_sha, pull.merge_sha
    world.take_outbox()
    repo.commit("main", {"calc.py": b"0\n1\n2\n3\n4\n5\n"})
    assert (pull.head_sha, pull.base_sha) == (head, base)
    assert pull.merge_sha != merge
    assert repo.files("refs/pull/1/merge")["calc.py"] == b"0\n1\n2\n3\n4\n5\n6\n"
    assert ("pull_request", "synchronize") not in told(world)


def test_a_conflict_has_no_test_merge(repo):
    """A pull request in conflict would wait for CI for ever."""
    repo.commit("topic", {"calc.py": b"a\n"})
    pull = repo.open_pull("topic")
    repo.commit("main", {"calc.py": b"b\n"})
    assert pull.merge_sha is None
    with pytest.raises(ValueError, match="in conflict"):
        pull.merge()


def test_merging_pushes_and_closes(world: World, repo):
    """The default branch would never get a new baseline."""
    repo.commit("topic", {"calc.py": b"1\n"})
    pull = repo.open_pull("topic")
    world.take_outbox()
    sha = pull.merge()
    assert told(world) == [
        ("push", None),
        ("check_suite", "requested"),
        ("pull_request", "closed"),
    ]
    assert (repo.tip(), pull.state) == (sha, "closed")


def test_a_closed_pull_request_no_longer_follows(world: World, repo):
    """A closed pull request would be judged again."""
    repo.commit("topic", {"calc.py": b"1\n"})
    pull = repo.open_pull("topic")
    pull.close()
    old = pull.head_sha
    pull.push({"calc.py": b"2\n"})
    assert pull.head_sha == old
    pull.reopen()
    assert pull.head_sha == repo.tip("topic")


def test_a_pull_request_into_another_branch(repo):
    """A retargeted pull request would be compared with the old base."""
    repo.commit("release", {"calc.py": b"0\n1\n2\n3\n4\n5\n"})
    repo.commit("topic", {"new.py": b"1\n"})
    pull = repo.open_pull("topic")
    pull.edit(base="release")
    assert pull.base_sha == repo.tip("release")
    assert [change.path for change in pull.changes()] == ["new.py"]


def test_a_merge_queue_has_its_own_head(world: World, repo):
    """Pull requests in a merge queue would wait for the required check for ever."""
    repo.commit("topic", {"calc.py": b"1\n"})
    pull = repo.open_pull("topic")
    world.take_outbox()
    sha = repo.queue(pull)
    delivery = world.take_outbox()[-1]
    assert delivery.payload["merge_group"]["head_sha"] == sha
    assert sha != pull.head_sha


def test_a_run_that_waits_is_requested_alone(world: World, repo):
    """Runs that wait for approval would hold the verdict."""
    world.take_outbox()
    run = repo.start_run(repo.tip(), event="push", status="waiting")
    assert told(world) == [("workflow_run", "requested")]
    assert (run.status, run.conclusion) == ("waiting", None)


def test_a_force_push_is_marked(world: World, repo):
    """A branch that was rewritten would look like one that moved on."""
    first = repo.tip()
    repo.commit("main", {"calc.py": b"1\n"})
    world.take_outbox()
    repo.push("main", first)
    assert world.take_outbox()[0].payload["forced"] is True


def test_a_repository_removed_from_the_installation_is_silent(world: World, repo):
    """Covgate would hear of what it may no longer see."""
    world.remove_from_installation(repo)
    world.take_outbox()
    repo.commit("main", {"calc.py": b"1\n"})
    assert told(world) == []


def test_a_deleted_or_renamed_repository(world: World, repo):
    """What is stored of a deleted repository would stay."""
    repo.rename("sums")
    assert world.repository("octo/sums") is repo
    repo.delete()
    with pytest.raises(KeyError):
        world.repository("octo/sums")


def test_waiting_ends_when_the_world_is_as_wished(world: World, repo):
    """Tests would have to sleep."""
    repo.commit("topic", {"calc.py": b"1\n"})
    assert world.wait_for(lambda: "topic" in repo.branches)
    assert not world.wait_for(lambda: False, timeout=0.01)
