"""Test reports beside coverage reports: they are read, told of, and never cost a verdict."""

from __future__ import annotations

import pytest

from tests.worker.flows.world import World
from worker.flows import reports

JUNIT = b"""<testsuites><testsuite name="pytest"><testcase name="a"/><testcase name="b"/>
<testcase name="c"><skipped/></testcase><testcase name="d"><failure message="no"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def world() -> World:
    """Return a pull request that adds five lines."""
    return World()


def test_they_are_counted_in_the_check(world: World) -> None:
    """A reviewer would not see that tests failed or were skipped where coverage is fine."""
    world.ci(2, {**world.report(15), "junit.xml": JUNIT}, {"sub/more.xml": JUNIT})
    world.look()
    assert world.check.conclusion == "success"
    assert "Tests: 4 passed, 2 skipped, 2 failed (2 reports)." in world.check.output.text
    assert "Passed over" not in world.check.output.summary


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (JUNIT[:-20], "no well-formed XML"),
        (b"<testsuite>" * 200, "nested more than 100 deep"),
        (b"<testsuite>" + b"<a/>" * (9 * 2**20) + b"</testsuite>", "more than 32 MB"),
    ],
    ids=["cut off", "deep", "long"],
)
def test_an_unreadable_one_is_a_remark(world: World, data: bytes, reason: str) -> None:
    """A test runner that died would block the pull request's coverage check."""
    world.ci(2, {**world.report(15), "junit.xml": data})
    world.look()
    assert world.check.conclusion == "success"
    assert "Test report not counted" in world.check.output.summary
    assert reason in world.check.output.summary


def test_more_tests_than_fit_are_left_out_by_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand test reports of a fork would fill the worker's memory."""
    monkeypatch.setattr(reports, "MOST_TESTS", 5)
    world.ci(2, {**world.report(15), "a.xml": JUNIT, "b.xml": JUNIT})
    world.look()
    assert world.check.conclusion == "success"
    assert "Tests: 2 passed, 1 skipped, 1 failed (1 report)." in world.check.output.text
    assert "more than 5 tests in sum" in world.check.output.summary


def test_alone_they_are_no_coverage(world: World) -> None:
    """A check would pass that saw no coverage at all."""
    world.ci(2, {"junit.xml": JUNIT})
    world.look()
    assert world.check.conclusion == "action_required"
    assert "holds no coverage report of a known format" in world.check.output.summary
