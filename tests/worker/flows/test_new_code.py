"""What is new, from GitHub's patches to the check: moves, reformatting, unmeasured files."""

from __future__ import annotations

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import World, lcov
from worker.contracts import Subject
from worker.core.refs import ChangedFile, Comparison

FUNCTION = (
    b"def convert(value):\n    factor = table[value]\n    value = factor * 2\n    return value\n"
)


@pytest.fixture
def world() -> World:
    world = World()
    world.files = {**world.files, "src/units.py": FUNCTION}
    world.base = world.github.put_commit(world.files, [world.root])
    world.github.branches["main"] = world.base
    units = lcov("src/units.py", {1: 1, 2: 0, 3: 0, 4: 0})
    report = {"lcov.info": lcov("src/a.py", {1: 1}) + units}
    world.ci(1, report, head=world.base, event="push", head_branch="main")
    world.look(Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, world.base))
    return world


def judge(world: World, changed: dict[str, bytes], *reports: bytes) -> str:
    """Push a head with other files, let CI report on it, and return the check's title."""
    world.push(changed)
    world.ci(2, {"lcov.info": b"".join(reports)})
    world.look()
    return world.check.output.title


def test_a_moved_function_is_no_new_code(world: World) -> None:
    """A refactoring would be refused for old code that nobody has written tests for."""
    del world.files["src/units.py"]
    title = judge(
        world,
        {"src/money.py": b"import table\n" + FUNCTION},
        lcov("src/a.py", {1: 1}),
        lcov("src/money.py", {1: 1, 2: 1, 3: 0, 4: 0, 5: 0}),
    )
    assert title.startswith("New code is 100.00 % covered, 1 of 1 line")
    assert world.check.conclusion == "success"
    (comment,) = world.comments
    assert "4 lines moved, 1 covered" in comment
    assert "from `src/units.py`" in comment


def test_a_copied_function_is_new_code(world: World) -> None:
    """Copying untested code would pass."""
    title = judge(
        world,
        {"src/money.py": FUNCTION},
        lcov("src/a.py", {1: 1}),
        lcov("src/money.py", {1: 1, 2: 0, 3: 0, 4: 0}),
    )
    assert title.startswith("New code is 25.00 % covered, 60 % is needed")


def test_a_source_file_in_no_report_is_named(world: World) -> None:
    """A file that no test loads would pass as nothing to judge, in silence."""
    title = judge(world, {"jobs/run.py": FUNCTION}, lcov("src/a.py", {1: 1}))
    assert title.startswith("No measured line was added or changed")
    assert "1 changed source file is in no report" in world.check.output.summary
    (comment,) = world.comments
    assert "jobs/run.py" in comment


def test_a_source_file_in_no_report_counts_where_it_shall(world: World) -> None:
    """A team that asked for it would still have untested files merged."""
    world.configure("gates: {new_code: {unmeasured: count}}\n")
    title = judge(world, {"jobs/run.py": FUNCTION}, lcov("src/a.py", {1: 1}))
    assert (
        title == "New code is 0.00 % covered, 60 % is needed: cover 3 more of its 4 uncovered lines"
    )
    assert world.check.conclusion == "failure"


def test_a_file_that_github_shows_no_lines_of_counts_too(world: World) -> None:
    """Padding an untested file past GitHub's limit would take it out of the count."""
    world.configure("gates: {new_code: {unmeasured: count}}\n")
    head = world.push({"jobs/run.py": FUNCTION})
    hidden = ChangedFile("jobs/run.py", "added", 0, 0, None)
    world.github.put_comparison("main", head, Comparison(world.base, (hidden,)))
    world.ci(2, {"lcov.info": lcov("src/a.py", {1: 1})})
    world.look()
    assert "cover 3 more of its 4 uncovered lines" in world.check.output.title
