"""Lines that flap: what is learned from two reports of one tree."""

from __future__ import annotations

from hypothesis import given

from tests.core.reports import reports
from tests.support.drawing import draw
from worker.core.flapping import NO_FLAPPING, Flapping, learn_flapping, shape_of
from worker.core.model import FileCoverage, Report, bitmap


def test_what_differs_between_two_runs_flaps() -> None:
    """Chance would be charged to whoever opens the next pull request."""
    one, _ = draw("a.py\n 50 x hit\n hit\n miss\nb.py\n 20 x hit")
    two, _ = draw("a.py\n 50 x hit\n miss\n hit\nb.py\n 20 x hit")
    learned = learn_flapping(one, two)
    assert learned.of_file(one.files["a.py"]) == bitmap([51, 52])
    assert learned.of_file(one.files["b.py"]) == 0


def test_a_mark_holds_as_long_as_the_code_lines_stay_where_they_are() -> None:
    """After an edit, another line would be excused than the one that flapped."""
    before, after = FileCoverage("a.py", 0b1110, 0b1110), FileCoverage("a.py", 0b11110, 0b11110)
    marks = Flapping.of([("a.py", shape_of(before), 0b100)])
    assert marks.of_file(FileCoverage("a.py", 0b1110, 0)) == 0b100
    assert marks.of_file(after) == 0
    assert marks.of_file(FileCoverage("b.py", 0b1110, 0)) == 0


def test_half_a_suite_is_no_chance() -> None:
    """A broken run would excuse everything that it did not reach, for months."""
    one, _ = draw("a.py\n 10 x hit")
    two, _ = draw("a.py\n 8 x hit\n 2 x miss")
    assert learn_flapping(one, two) == NO_FLAPPING


def test_partial_lines_flap_too() -> None:
    """With `partial: missed`, a branch taken by chance would be a regression."""
    one, _ = draw("a.py\n 20 x hit\n partial")
    two, _ = draw("a.py\n 20 x hit\n hit")
    assert learn_flapping(one, two).of_file(one.files["a.py"]) == bitmap([21])


@given(reports(), reports())
def test_learning_has_no_direction(one: Report, two: Report) -> None:
    """What is excused would depend on which run GitHub told of first."""
    assert learn_flapping(one, two) == learn_flapping(two, one)
    assert learn_flapping(one, one) == NO_FLAPPING
