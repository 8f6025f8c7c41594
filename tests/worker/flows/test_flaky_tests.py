"""Tests that pass and fail on the same files: seen between attempts, runs and re-runs."""

from __future__ import annotations

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World
from worker.contracts import Subject


def junit(**outcomes: bool) -> bytes:
    """Return a test report: whether each test passed."""
    cases = "".join(
        f'<testcase classname="t" name="{name}">{"" if passed else "<failure/>"}</testcase>'
        for name, passed in outcomes.items()
    )
    return f"<testsuite>{cases}</testsuite>".encode()


@pytest.fixture
def world() -> World:
    return World()


def flaky(world: World) -> list[tuple[str, int, int]]:
    return [(one.test, one.flakes, one.runs) for one in world.store.flaky(REPOSITORY.id)]


def ended(world: World, run: int, attempt: int = 1, **outcomes: bool) -> None:
    """Let CI of the pull request end with these outcomes, and look."""
    passed = all(outcomes.values())
    conclusion = "success" if passed else "failure"
    report = {**world.report(15), "junit.xml": junit(**outcomes)}
    world.ci(run, report, attempt=attempt, conclusion=conclusion)
    world.look()


def test_a_job_that_is_run_again_tells_its_flaky_tests(world: World) -> None:
    """Everybody would press the button again, and nobody know for which test."""
    ended(world, 2, one=True, two=False)
    assert flaky(world) == []
    ended(world, 2, attempt=2, one=True, two=True)
    assert flaky(world) == [("t::two", 1, 1)]
    world.look()
    assert flaky(world) == [("t::two", 1, 1)]
    assert "Flaky tests: 1 of 2 tests" in world.check.output.text


def test_a_test_that_was_mended_is_not_flaky(world: World) -> None:
    """Whoever mends a test would be told that it can not be trusted."""
    ended(world, 2, two=False)
    world.push({"src/a.py": b"mended\n" * 15})
    ended(world, 3, two=True)
    assert flaky(world) == []


def test_a_fork_teaches_nothing(world: World) -> None:
    """A stranger would choose which failures are forgiven."""
    world.github.put_pull(NUMBER, world.head, world.base, head_repository="fan/hello")
    for attempt, passed in ((1, False), (2, True)):
        report = {**world.report(15), "junit.xml": junit(two=passed)}
        world.ci(2, report, attempt=attempt, head_repository="fan/hello")
        world.look()
    assert "t::two" not in str(flaky(world))
    assert not world.store.suites


def test_another_system_is_another_suite(world: World) -> None:
    """A test that fails on Windows alone would be called flaky."""
    world.ci(
        2,
        {**world.report(15), "junit.xml": junit(two=True)},
        {**world.report(15), "junit.xml": junit(two=False)},
        conclusion="failure",
    )
    world.look()
    assert len(world.store.suites) == 2
    assert flaky(world) == []


def test_the_push_of_what_a_pull_request_tested_is_compared_with_it(world: World) -> None:
    """A flake on main would be taken for a mistake of what was merged last."""
    ended(world, 2, two=True)
    files = dict(world.github._files[world.head])
    squashed = world.github.put_commit(files, [world.base])
    world.github.branches["main"] = squashed
    report = {**world.report(15), "junit.xml": junit(two=False)}
    world.ci(3, report, head=squashed, event="push", head_branch="main", conclusion="failure")
    subject = Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, squashed)
    world.look(subject)
    assert flaky(world) == [("t::two", 1, 1)]
    assert not world.store.has_baseline(REPOSITORY.id)
    downloads = world.github.count("download")
    world.look(subject)
    assert world.github.count("download") == downloads


def test_a_failed_push_that_is_run_again_becomes_the_baseline(world: World) -> None:
    """What was learned of a failure would be in the way of the success."""
    push = {"head": world.base, "event": "push", "head_branch": "main"}
    subject = Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, world.base)
    for attempt, passed in ((1, False), (2, True)):
        report = {**world.report(9, 10), "junit.xml": junit(two=passed)}
        conclusion = "success" if passed else "failure"
        world.ci(1, report, attempt=attempt, conclusion=conclusion, **push)
        world.look(subject)
    assert world.store.has_baseline(REPOSITORY.id)
    assert flaky(world) == [("t::two", 1, 1)]
