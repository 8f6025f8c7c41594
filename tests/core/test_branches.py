"""The branches of a file, most of them as bitmaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.core.reports import branch_lines
from worker.core.branches import NO_BRANCHES, Branches, BranchLine, branch_line
from worker.core.model import bitmap
from worker.core.numbers import Ratio

records = st.lists(branch_lines(), max_size=12, unique_by=lambda branch: branch.key).map(
    lambda found: tuple(sorted(found, key=lambda branch: branch.key))
)


@given(records)
def test_what_was_put_in_comes_out(given_records):
    """A branch would be lost, or become another one, on its way through a bitmap."""
    branches = Branches.of(given_records)
    assert tuple(branches) == given_records
    assert branches == given_records
    assert (len(branches), bool(branches)) == (len(given_records), bool(given_records))
    assert hash(branches) == hash(Branches.of(iter(given_records)))


@given(records)
def test_totals_are_those_of_the_records(given_records):
    """A project's share of branches, or its partial lines, would be wrong."""
    branches = Branches.of(given_records)
    counting = {}
    for branch in given_records:
        counts = branch.total, branch.taken
        counting[branch.line] = max(counting.get(branch.line, (0, 0)), counts)
    totals, taken = ([pair[n] for pair in counting.values()] for n in (0, 1))
    assert branches.ratio == Ratio(sum(taken), sum(totals))
    for lines, complete in ((branches.complete, True), (branches.incomplete, False)):
        expected = {b.line for b in given_records if (b.taken == b.total) is complete} - {0}
        assert lines == bitmap(expected)


@given(records, records)
def test_merging_is_that_of_the_records(ours, theirs):
    """Two shards would add up to other branches than they took."""
    merged = {branch.key: branch for branch in ours}
    for branch in theirs:
        known = merged.get(branch.key)
        merged[branch.key] = branch if known is None else known.merge(branch)
    expected = tuple(merged[key] for key in sorted(merged))
    assert Branches.of(ours).merge(Branches.of(theirs)) == Branches.of(expected)
    assert Branches.of(ours).merge(Branches.of(theirs)) == expected


@given(
    st.dictionaries(
        st.integers(0, 40),
        st.tuples(st.integers(1, 3), st.integers(0, 7), st.booleans()),
        max_size=9,
    ),
    st.booleans(),
)
def test_counts_become_the_same_as_records(lines, told):
    """What a parser gathers would not be what its records say."""
    counted = []
    for line, (total, arms, known) in sorted(lines.items()):
        some = arms & ((1 << total) - 1)
        counted.append((line, (some.bit_count(), total, some if known or told else None)))
    expected = [
        branch_line(line, *counts, "" if counts[2] is None else "lcov") for line, counts in counted
    ]
    assert Branches.counted(counted, "lcov") == Branches.of(expected)


def test_no_records_are_one_object_and_nothing():
    """Each file without branches would take room for them."""
    assert Branches.of(()) is NO_BRANCHES
    assert Branches.counted((), "lcov") is NO_BRANCHES
    assert NO_BRANCHES == ()
    assert (BranchLine(1, 0, 2),) != NO_BRANCHES


def test_records_out_of_order_are_kept_as_they_are():
    """Equal reports would be told from each other, or unequal ones not."""
    out_of_order = (BranchLine(5, 1, 2), BranchLine(3, 1, 2))
    assert tuple(Branches.of(out_of_order)) == out_of_order
