"""Every real report gives exactly the totals that were counted from it by hand."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from worker.core.errors import ReportError
from worker.core.formats import FORMATS, read
from worker.core.formats._base import HEAD, unpack_head
from worker.core.inspection import inspect_report
from worker.core.model import EMPTY_REPORT

DATA = Path(__file__).parents[2] / "data" / "reports"
with (DATA / "EXPECTED.tsv").open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table, delimiter="\t"))

# Its DA records were removed; only the sums (LF 27, LH 19) are left. Sums have no line
# numbers, so no change can be judged by them: a verdict on it would be made up.
SUMS_ONLY = "lcov/cargo-llvm-cov-real1.info"
COUNTED = [row for row in ROWS if row["path"] != SUMS_ONLY]


@pytest.mark.parametrize("row", COUNTED, ids=[row["path"] for row in COUNTED])
def test_totals_are_the_counted_ones(row):
    """A team's percentage would differ from what its own tool prints."""
    path = DATA / row["path"]
    known, parsed = read(path.read_bytes(), _sources(path))
    seen = inspect_report(row["path"], known, parsed.report).as_json()
    assert seen["format"] == row["format"]
    assert str(seen["files"]) == row["files"]
    assert seen["lines"] == _counts(row, "lines")
    if row["branches_valid"]:
        assert seen["branches"] == _counts(row, "branches")


def test_sums_without_lines_are_refused():
    """A tracefile stripped of its lines would pass every gate as "nothing to judge"."""
    with pytest.raises(ReportError, match=r"sums of 27 lines .* no line \(DA\)"):
        read((DATA / SUMS_ONLY).read_bytes())


@pytest.mark.parametrize("row", ROWS, ids=[row["path"] for row in ROWS])
def test_exactly_one_format_claims_each_report(row):
    """A report that two formats claim could be read by the wrong one."""
    head = unpack_head((DATA / row["path"]).read_bytes()[:HEAD])
    assert [known.name for known in FORMATS if known.sniff(head)] == [row["format"]]


@pytest.mark.parametrize("path", sorted((DATA / "malformed").iterdir()), ids=lambda path: path.name)
def test_malformed_reports_are_refused(path):
    """Half a report would be judged as if it were whole."""
    with pytest.raises(ReportError, match=r"."):
        read(path.read_bytes())


@pytest.mark.parametrize("name", ["xml", "json", "info"])
def test_merged_shards_equal_the_tools_own_merge(name):
    """A team that splits its tests over jobs would see less than it covers."""
    merged = EMPTY_REPORT
    for number in (1, 2, 3, 4):
        merged = merged.merge(_shard(f"shard{number}.{name}"))
    whole = _shard(f"merged.{name}")
    assert {file.path: (file.measured, file.hit) for file in merged} == {
        file.path: (file.measured, file.hit) for file in whole
    }


def _shard(name):
    path = DATA / "merge" / "coveragepy-humanize" / name
    path = path if path.exists() else path.with_name(name + ".gz")
    return read(path.read_bytes())[1].report


def _sources(report):
    """Return what gives the sources that lie beside the reports of a project's commit."""
    folder = report.parents[2] / "sources" / report.parent.name

    def source(path):
        file = folder / f"{path[path.index('src/') :]}.gz"
        return gzip.decompress(file.read_bytes()) if file.exists() else None

    return source


def _counts(row, unit):
    return {"valid": int(row[f"{unit}_valid"]), "covered": int(row[f"{unit}_covered"])}
