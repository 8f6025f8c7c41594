"""Shards of real test suites: together they give what the tool's own merge gives."""

from __future__ import annotations

import csv
import itertools
from functools import reduce
from pathlib import Path

import pytest

from worker.core.formats import read
from worker.core.model import EMPTY_REPORT, Report

DATA = Path(__file__).parents[1] / "data" / "reports" / "merge"
with (DATA / "EXPECTED.tsv").open(encoding="utf-8", newline="") as table:
    SETS = list(csv.DictReader(table, delimiter="\t"))
IDS = [f"{row['set']}-{row['format']}" for row in SETS]

# The table counts Go's statements; a statement takes one line or several.
COUNTS_LINES = [row for row in SETS if row["format"] != "go-coverprofile"]
LINE_IDS = [f"{row['set']}-{row['format']}" for row in COUNTS_LINES]


@pytest.mark.parametrize("row", COUNTS_LINES, ids=LINE_IDS)
def test_shards_give_the_merged_totals(row):
    """A team that splits its tests over jobs would see less than it covers."""
    merged = _together(_shards(row))
    assert len(merged) == int(row["files"])
    assert (merged.lines.covered, merged.lines.total) == _expected(row, "lines")
    assert (merged.branch_ratio.covered, merged.branch_ratio.total) == _expected(row, "branches")


@pytest.mark.parametrize("row", SETS, ids=IDS)
def test_shards_give_the_tools_own_merge_line_by_line(row):
    """The totals would agree by chance, and a changed line be judged wrong."""
    merged, whole = _together(_shards(row)), _read(row, row["merged_file"])
    for file in whole:
        ours = merged.files[file.path]
        assert (ours.measured, ours.hit) == (file.measured, file.hit), file.path
        assert ours.branch_ratio == file.branch_ratio, file.path
        assert ours.partial & ~file.partial == 0, file.path
    assert merged.files.keys() == whole.files.keys()


@pytest.mark.parametrize("row", SETS, ids=IDS)
def test_the_order_of_shards_does_not_matter(row):
    """The verdict would depend on which job uploads first."""
    shards = _shards(row)
    results = {repr(_together(order)) for order in itertools.permutations(shards)}
    assert len(results) == 1


@pytest.mark.parametrize("row", COUNTS_LINES, ids=LINE_IDS)
def test_a_shard_uploaded_twice_changes_nothing(row):
    """A re-run job would change the percentage."""
    shards = _shards(row)
    assert _together([*shards, shards[0]]) == _together(shards)


def test_one_suite_in_three_formats_is_one_suite():
    """A job that uploads XML, JSON and LCOV of one run would be covered better than it is."""
    row = next(row for row in SETS if row["set"] == "coveragepy-humanize")
    forms = [
        Report.of(file.moved_to(Path(file.path).name) for file in _read(row, f"shard2.{ending}"))
        for ending in ("xml", "json", "info")
    ]
    merged = _together(forms)
    assert merged.lines == forms[0].lines
    assert merged.branch_ratio == forms[0].branch_ratio
    assert [file.partial for file in merged] == [file.partial for file in forms[0]]


def _together(reports):
    return reduce(Report.merge, reports, EMPTY_REPORT)


def _shards(row):
    return [_read(row, name) for name in row["shards"].split()]


def _read(row, name):
    path = DATA / row["set"] / name
    path = path if path.exists() else path.with_name(path.name + ".gz")
    return read(path.read_bytes())[1].report


def _expected(row, unit):
    return int(row[f"{unit}_covered"] or 0), int(row[f"{unit}_valid"] or 0)
