"""A check that was made for a head which the pull request has left since."""

from __future__ import annotations

import pytest

from tests.worker.flows.world import World
from worker.core.errors import PostponedError


@pytest.fixture
def world() -> World:
    return World()


def test_a_push_while_the_making_of_a_check_is_in_doubt_leaves_no_check_open(world: World) -> None:
    """A commit would show a check in progress for ever: nobody would come back to it."""
    lost = PostponedError("502", seconds=30)
    world.github.arm("create_check", lost, after=True)
    assert world.look() == "postponed"
    left = world.head
    world.push({"src/a.py": b"moved on\n"})
    world.clock.advance(60)
    world.look()
    states = {
        world.github.check_head(number): state
        for number, state in world.github.check_states.items()
    }
    assert states[left].status == "completed"
    assert states[world.head].status == "in_progress"


def test_a_check_that_got_no_answer_is_not_made_again_at_once(world: World) -> None:
    """GitHub may carry a request out after its time-out: the check would be there twice."""
    world.github.arm("create_check", PostponedError("no answer", seconds=30))
    assert world.look() == "postponed"
    world.clock.advance(11)  # another delivery woke a worker
    assert world.look() == "postponed"
    assert world.github.count("create_check") == 1
