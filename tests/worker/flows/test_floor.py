"""A chat is told when the default branch falls below its floor: once for each change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.worker.flows.test_past import Branch
from tests.worker.flows.world import World, lcov
from worker.core.errors import StoppedError


class Telling(World):
    """A world with a chat."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.dying = False

    def tell(self, text: str) -> None:
        self.told.append(text)
        if self.dying:
            raise StoppedError

    @property
    def deps(self):
        return replace(super().deps, notify=self.tell, public_url="https://covgate.example")


@pytest.fixture
def world() -> Telling:
    return Telling()


@pytest.fixture
def main(world: Telling) -> Branch:
    """Return the main branch with a floor of 80 %, above it."""
    set_floor(world, 80)
    branch = Branch(world)
    branch.ci(branch.tip, 9)
    return branch


def set_floor(world: World, percent: float | None) -> None:
    text = "version: 1\n" if percent is None else (
        f"version: 1\ngates:\n  project:\n    minimum: {percent}\n"
    )  # fmt: skip
    world.configure(text)


def push(main: Branch, covered: int) -> None:
    main.push("feat: more", main.text + b"more\n" * covered, covered=covered)


def test_a_fall_and_a_recovery_are_told_once_each(main, world):
    """A team would not hear of it, or hear of it with every push."""
    for covered in (8, 7, 6, 7, 8, 9):
        push(main, covered)
    fell, rose = world.told
    assert fell.startswith("🔻 <https://covgate.example/")
    assert "covers 70.00 % of its lines, below the floor of 80.00 %" in fell
    assert "covers 80.00 % of its lines again; the floor is 80.00 %" in rose


def test_looking_again_tells_nothing_new(main, world):
    """Each delivery that GitHub repeats would ring the chat."""
    push(main, 7)
    main.look(main.tip)
    main.look(main.tip)
    assert len(world.told) == 1


def test_a_run_again_that_mends_it_is_told(main, world):
    """The chat would go on saying that the branch is below its floor."""
    push(main, 7)
    main.ci(main.tip, 9)
    assert [text[0] for text in world.told] == ["🔻", "✅"]


def test_a_floor_that_is_raised_above_the_coverage_is_told(main, world):
    """The branch would be below its floor without anybody hearing of it."""
    set_floor(world, 95)
    push(main, 9)
    assert len(world.told) == 1
    set_floor(world, None)
    push(main, 9)
    assert len(world.told) == 1


def test_a_pull_request_tells_the_chat_nothing(main, world):
    """A verdict would wait for a chat, or every bad pull request ring it."""
    world.push({"src/a.py": main.text + b"more\n" * 5})
    world.ci(50, {"lcov.info": lcov("src/a.py", dict.fromkeys(range(1, 11), 0))})
    world.look()
    assert world.check.conclusion == "failure"
    assert world.told == []


def test_who_dies_while_telling_does_not_tell_again(main, world):
    """A chat would hear the same again whenever a worker is killed at the wrong moment."""
    world.dying = True
    push(main, 7)
    world.dying = False
    main.look(main.tip)
    assert len(world.told) == 1
    assert len(main.points) == 2
