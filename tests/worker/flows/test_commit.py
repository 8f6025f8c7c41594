"""What becomes of a commit's runs: baselines, and forks' pull requests."""

from __future__ import annotations

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World
from worker.contracts import Subject


@pytest.fixture
def world() -> World:
    return World()


def commit(sha: str) -> Subject:
    return Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, sha)


def test_a_push_to_the_default_branch_becomes_the_baseline(world: World) -> None:
    """There would be nothing to compare with, ever."""
    world.base_report(covered=9)
    record = world.store.baseline(REPOSITORY.id, [world.base])
    assert record is not None
    assert (record.covered, record.total, record.branch) == (9, 10, "main")


def test_a_forks_push_to_a_branch_called_main_is_no_baseline(world: World) -> None:
    """A stranger could lower what everybody is compared with."""
    world.ci(
        1,
        world.report(1),
        head=world.base,
        event="push",
        head_branch="main",
        head_repository="mallory/hello",
    )
    world.look(commit(world.base))
    assert not world.store.has_baseline(REPOSITORY.id)


def test_a_topic_branch_is_no_baseline_unless_a_pull_request_targets_it(world: World) -> None:
    """Any branch could be made the measure, or a release branch have none."""
    world.ci(1, world.report(10, 10), head=world.base, event="push", head_branch="release")
    world.look(commit(world.base))
    assert not world.store.has_baseline(REPOSITORY.id)
    world.github.put_pull(NUMBER, world.head, world.base, base_ref="release")
    world.look(commit(world.base))
    assert world.store.has_baseline(REPOSITORY.id)


def test_a_failed_run_is_no_baseline(world: World) -> None:
    """Half a suite would make the next pull request look like a miracle."""
    world.ci(
        1,
        world.report(3, 10),
        head=world.base,
        event="push",
        head_branch="main",
        conclusion="failure",
    )
    world.look(commit(world.base))
    assert not world.store.has_baseline(REPOSITORY.id)


def test_a_baseline_waits_for_all_workflows_of_the_push(world: World) -> None:
    """The unit tests alone would be stored as the whole."""
    world.ci(1, world.report(9, 10), head=world.base, event="push", head_branch="main")
    world.github.put_run(
        2,
        world.base,
        event="push",
        head_branch="main",
        workflow_id=2,
        status="in_progress",
        conclusion=None,
        updated_at=world.clock.now(),
    )
    assert world.look(commit(world.base)) == "waiting"
    assert not world.store.has_baseline(REPOSITORY.id)


def test_an_ancestors_baseline_serves_and_its_distance_is_shown(world: World) -> None:
    """A merge base without a report of its own would leave the regression unjudged."""
    world.ci(1, world.report(9, 10), head=world.root, event="push", head_branch="main")
    world.github._files[world.root]["src/a.py"] = b"x\n" * 10
    world.look(commit(world.root))
    world.ci(2, world.report(15))
    world.look()
    assert "1 commit before it" in world.check.output.summary


def test_a_forks_run_finds_its_pull_request(world: World) -> None:
    """Contributors from forks would wait for the deadline: their runs name no pull request."""
    world.github.put_pull(
        NUMBER, world.head, world.base, head_repository="fan/hello", head_ref="patch-1"
    )
    world.ci(2, world.report(15), head_repository="fan/hello", head_branch="patch-1")
    world.look(commit(world.head))
    assert world.inbox.wakes[-1] == world.subject
