"""The laws that the report model promises."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.reports import files, reports
from worker.core.model import (
    EMPTY_REPORT,
    MAX_LINE,
    FileCoverage,
    Report,
    bitmap,
    format_lines,
    line_numbers,
    line_ranges,
)

numbers = st.sets(st.integers(1, 300), max_size=60)


@given(reports(), reports(), reports())
def test_merging_is_associative(one, two, three):
    """The verdict would depend on which artifact was read first."""
    assert one.merge(two).merge(three) == one.merge(two.merge(three))


@given(reports(), reports())
def test_merging_is_commutative(one, two):
    """The verdict would depend on the order of artifacts."""
    assert one.merge(two) == two.merge(one)


@given(reports())
def test_merging_is_idempotent_and_has_a_unit(report):
    """An artifact that is read twice, or is empty, would change the numbers."""
    assert report.merge(report) == report
    assert report.merge(EMPTY_REPORT) == report == EMPTY_REPORT.merge(report)


@given(files(paths=("a.py",)), files(paths=("a.py",)))
def test_each_line_keeps_its_best_state(one, two):
    """A line that the second test suite covers in full would stay partial."""
    merged = one.merge(two)
    for line in range(1, 71):
        assert _state(merged, line) == max(_state(one, line), _state(two, line))


@given(reports(), reports())
def test_merging_never_loses_a_measured_or_covered_line(one, two):
    """Adding a test suite would lower the coverage of what is covered."""
    merged = one.merge(two)
    assert merged.lines.total >= max(one.lines.total, two.lines.total)
    assert merged.lines.covered >= max(one.lines.covered, two.lines.covered)


@given(numbers)
def test_a_bitmap_holds_exactly_its_lines(lines):
    """A line would be judged that is not there."""
    assert bitmap(lines) == sum(1 << line for line in lines)
    assert line_numbers(bitmap(lines)) == sorted(lines)


@given(numbers)
def test_ranges_are_the_runs_of_lines(lines):
    """Annotations would mark other lines than the gate counted."""
    ranges = line_ranges(bitmap(lines))
    assert {line for first, last in ranges for line in range(first, last + 1)} == lines
    assert all(after[0] > before[1] + 1 for before, after in pairwise(ranges))


def test_lines_read_as_people_write_them():
    """A finding would list two hundred numbers."""
    assert format_lines(bitmap([3, 5, 6, 7, 12])) == "3, 5–7, 12"
    assert format_lines(0) == ""


@pytest.mark.parametrize("line", [0, -1, MAX_LINE + 1])
def test_a_bitmap_refuses_lines_that_no_file_has(line):
    """One hostile line number would take 250 MB."""
    with pytest.raises(ValueError, match="line numbers run from 1"):
        bitmap([line])


@pytest.mark.parametrize("states", [(0, 0b10, 0), (0b10, 0, 0b10), (0b1, 0, 0)])
def test_a_file_refuses_states_that_contradict(states):
    """Percentages above 100 would be shown."""
    with pytest.raises(ValueError, match="partial ⊆ hit ⊆ measured"):
        FileCoverage("a.py", *states)


@given(files())
def test_partial_as_missed_takes_exactly_the_partial_lines(file):
    """`partial: missed` would count other lines as missed."""
    strict = file.counting_partial_as_missed()
    assert strict.lines.covered == file.lines.covered - file.partial.bit_count()
    assert strict.measured == file.measured


@given(reports())
def test_totals_are_the_sums_of_files(report):
    """The project's percentage would not be that of its files."""
    assert report.lines.covered == sum(file.lines.covered for file in report)
    assert report.lines.total == sum(file.lines.total for file in report)
    assert Report.of(report) == report


def _state(file, line):
    return sum(lines >> line & 1 for lines in (file.measured, file.hit)) + (
        file.hit >> line & 1 and not file.partial >> line & 1
    )
