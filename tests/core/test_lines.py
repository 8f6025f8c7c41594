"""What is said of one line: its tests, the nearest one, the branch not taken."""

from __future__ import annotations

from dataclasses import replace

from tests.support.drawing import draw
from worker.core import tested as commits
from worker.core.analysis import analyze
from worker.core.diff import LineMap
from worker.core.model import BranchLine, FileCoverage, Function, Report, bitmap
from worker.core.refs import Sha
from worker.core.render import Context, lines
from worker.core.verdict import Inputs

CONTEXT = Context(Sha("a" * 40), Sha("b" * 40), "main", "https://github.com/octo/hello")
FILE = FileCoverage(
    "a.py",
    measured=bitmap(range(1, 11)),
    hit=bitmap([1, 2, 3, 4, 9]),
    partial=bitmap([3]),
    branches=(BranchLine(3, 1, 2, 0b01),),
    functions=(Function(2, "add", 4, 6), Function(8, "never", 0, 10)),
    contexts=(
        ("", bitmap([1])),
        ("test_add", bitmap([2, 3, 4])),
        ("test_other", bitmap([9])),
        ("test_twice", bitmap([2, 3])),
    ),
)


def told(line: int, file: FileCoverage = FILE, context: Context = CONTEXT) -> str:
    _, diff = draw("a.py\n 2 x hit\n+ 8 x miss")
    flags = {"unit": Report.of([file])}
    verdict = analyze(Inputs(Report.of([file]), diff, flags=flags))
    return lines.explain_line(verdict, context, file, line)


def test_the_tests_that_reach_a_line_are_named() -> None:
    """A reviewer could not tell what to look at."""
    text = told(3)
    assert "[`a.py:3`](https://github.com/octo/hello/blob/" in text
    assert "#L3) is new and covered in part." in text
    assert "- It stands in `add`, called 4 times." in text
    assert "- 1 of 2 branches taken; never taken: number 2, in the report's order." in text
    assert "- Reached by the reports of `unit`." in text
    assert "- Reached by 2 tests: `test_add`, `test_twice`." in text


def test_the_nearest_test_is_that_of_the_same_function() -> None:
    """The advice would be a test of something else, a line nearer."""
    text = told(6)
    assert "is new and not covered" in text
    assert (
        "No test reaches it. The nearest test is `test_add`: it reaches line 4, 2 lines above."
        in text
    )
    assert "`test_other`: it reaches line 9, 1 line below" in told(8)
    assert "never called" in told(8)


def test_without_names_of_tests_it_is_told_how_to_get_them() -> None:
    """Nobody would learn that the report could tell more."""
    assert "dynamic_context = test_function" in told(3, FileCoverage("a.py", 0b1110, 0b1110))


def test_a_line_that_is_not_measured_is_told_as_such() -> None:
    """A comment would look like an uncovered line."""
    assert "is not measured" in told(11)


def test_a_line_of_the_head_is_found_in_the_tested_merge() -> None:
    """A reviewer sees the head's numbers, the report counts the merge's."""
    moved = LineMap(((0, 0, 3), (5, 3, 1 << 62)))  # lines 3 and 4 of the merge are the base's own
    tested = commits.Tested(Sha("c" * 40), commits.Kind.MERGE, Sha("b" * 40))
    context = replace(CONTEXT, tested=tested, head_lines={"a.py": moved})
    assert lines.tested_line(context, FILE, 7) == 9
    assert lines.tested_line(context, FILE, 99) is None
    assert "#L7) is new and covered." in told(7, context=context)
