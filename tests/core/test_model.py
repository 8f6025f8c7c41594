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
    BranchLine,
    FileCoverage,
    Report,
    bitmap,
    format_lines,
    line_numbers,
    line_ranges,
)

FULL, PARTIAL = 3, 2

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
    complete = {branch.line for branch in merged.branches if branch.taken == branch.total}
    for line in range(1, 71):
        best = max(_state(one, line), _state(two, line))
        assert _state(merged, line) == (FULL if best == PARTIAL and line in complete else best)


@given(files(paths=("a.py",)), files(paths=("a.py",)))
def test_every_arm_that_either_took_is_taken(one, two):
    """Shards that take different branches of one line would never add up to all of them."""
    merged = {branch.key: branch for branch in one.merge(two).branches}
    for file in (one, two):
        for branch in file.branches:
            together = merged[branch.key]
            assert together.taken >= branch.taken
            if branch.arms is not None:
                assert together.arms & branch.arms == branch.arms
                assert together.taken >= together.arms.bit_count()


def test_two_halves_of_a_branch_make_a_full_hit():
    """A line whose two ways two shards take would be shown as partial for ever."""
    halves = [
        FileCoverage("a.py", 0b1000, 0b1000, 0b1000, (BranchLine(3, 1, 2, arms),))
        for arms in (0b01, 0b10)
    ]
    merged = halves[0].merge(halves[1])
    assert (merged.partial, merged.branches) == (0, (BranchLine(3, 2, 2, 0b11),))
    assert halves[0].merge(halves[0]).partial == 0b1000


def test_a_mere_count_is_a_floor_beside_the_arms():
    """A report that only counts would hide which branches the other one saw."""
    arms, count = BranchLine(3, 1, 4, 0b0001), BranchLine(3, 2, 4)
    assert arms.merge(count) == BranchLine(3, 2, 4, 0b0001)
    assert arms.merge(count).merge(BranchLine(3, 2, 4, 0b0110)) == BranchLine(3, 3, 4, 0b0111)


def test_branches_of_another_build_do_not_mix():
    """The third arm of one compiler's four would count as that of another's three."""
    one = FileCoverage("a.c", 0b1000, 0b1000, 0b1000, (BranchLine(3, 2, 3, 0b011),))
    two = FileCoverage("a.c", 0b1000, 0b1000, 0b1000, (BranchLine(3, 1, 4, 0b100),))
    merged = one.merge(two)
    assert merged.branches == (*one.branches, *two.branches)
    assert merged.branch_ratio == two.branch_ratio


def test_one_run_in_two_formats_is_not_two_runs():
    """JSON and LCOV of one run, whose arms stand in different orders, would look full."""
    forms = [
        FileCoverage("a.js", 0b1000, 0b1000, 0b1000, (BranchLine(3, 1, 2, arms, order),))
        for arms, order in ((0b01, "istanbul"), (0b10, "lcov"))
    ]
    merged = forms[0].merge(forms[1])
    assert merged.partial == 0b1000
    assert merged.branch_ratio == forms[0].branch_ratio


@given(files(paths=("a.py",)), files(paths=("a.py",)))
def test_contexts_of_both_are_kept(one, two):
    """A test that the second report tells of would be lost."""
    merged, ours, theirs = (dict(file.contexts) for file in (one.merge(two), one, two))
    assert merged.keys() == ours.keys() | theirs.keys()
    assert all(lines == ours.get(n, 0) | theirs.get(n, 0) for n, lines in merged.items())


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
