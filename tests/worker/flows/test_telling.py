"""Remarks beside the diff's lines, and whether the comment is made: as the repository likes."""

from __future__ import annotations

import pytest

from tests.worker.flows.world import World
from worker.core.errors import PostponedError


@pytest.fixture
def world() -> World:
    """Return a repository that wants remarks."""
    world = World()
    world.configure("check: {annotations: 50}")
    return world


def remarks(world: World) -> list[tuple[str, int, int]]:
    """Return where the head's check has remarks."""
    (check_id,) = (one for one in world.github.check_states)
    return [(one.path, one.first, one.last) for one in world.github.annotations(check_id)]


def judge(world: World, covered: int, run: int = 2) -> None:
    world.ci(run, world.report(covered))
    world.look()


def test_uncovered_new_lines_have_a_remark_beside_them(world: World) -> None:
    """A reviewer would have to hold a list of lines against the diff."""
    world.look()
    judge(world, 11)
    assert remarks(world) == [("src/a.py", 12, 15)]
    (remark,) = world.check.output.annotations
    assert remark.level == "warning"
    assert remark.message == "These 4 new lines are not run by any test."


def test_a_remark_is_made_once(world: World) -> None:
    """Each run of CI would add the same remark once more, and GitHub takes none back."""
    world.look()
    judge(world, 11)
    judge(world, 12, run=3)
    judge(world, 11, run=4)
    assert remarks(world) == [("src/a.py", 12, 15), ("src/a.py", 13, 15)]


@pytest.mark.parametrize("after", [False, True])
def test_a_remark_in_doubt_is_not_doubled(world: World, after: bool) -> None:
    """A time-out at the wrong moment would leave every remark twice."""
    world.look()
    world.github.arm("update_check", PostponedError("timed out", seconds=5), after=after)
    world.ci(2, world.report(11))
    for _ in range(5):
        world.clock.advance(30)
        world.look()
    assert world.check.conclusion == "failure"
    assert remarks(world) == [("src/a.py", 12, 15)]


@pytest.mark.parametrize("after", [False, True])
def test_a_check_made_with_remarks_in_doubt_has_them_once(world: World, after: bool) -> None:
    """The same where the pull request is first seen when its CI has ended."""
    world.ci(2, world.report(11))
    world.github.arm("create_check", PostponedError("timed out", seconds=5), after=after)
    for _ in range(5):
        world.look()
        world.clock.advance(30)
    assert world.check.conclusion == "failure"
    assert remarks(world) == [("src/a.py", 12, 15)]


def test_there_are_no_remarks_unless_a_team_wants_them() -> None:
    """Teams that find them noisy would have to find out how to be rid of them."""
    world = World()
    world.look()
    judge(world, 11)
    assert remarks(world) == []


def test_a_team_may_have_comments_on_problems_alone(world: World) -> None:
    """Every pull request that passes would mail everybody."""
    world.configure("comment: {post: problems}")
    world.look()
    judge(world, 15)
    assert world.comments == []
    judge(world, 10, run=3)
    assert "❌" in world.comments[0]
    judge(world, 15, run=4)
    assert "✅" in world.comments[0]


def test_a_team_may_have_no_comments_at_all(world: World) -> None:
    """A team that reads the check alone could not silence the comment."""
    world.configure("comment: {post: never}")
    world.look()
    judge(world, 10)
    assert world.check.conclusion == "failure"
    assert world.comments == []


def test_a_missing_report_is_said_in_the_check_alone_if_that_is_wanted(world: World) -> None:
    """`never` would still comment where no verdict could be made."""
    world.configure("comment: {post: never}")
    world.ci(2, {"lcov.info": b"x"}, name="other")
    world.look()
    assert world.check.conclusion == "action_required"
    assert world.comments == []
