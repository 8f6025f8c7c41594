"""Real changes with real reports: added lines as they were counted from files by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.core.formats.real import real_bytes
from worker.core.analysis import analyze
from worker.core.diff import parse_unified
from worker.core.formats import read
from worker.core.model import line_numbers
from worker.core.paths import match_paths
from worker.core.refs import Sha
from worker.core.verdict import Baseline, Inputs

DATA = Path(__file__).parents[2] / "data"
FOLDERS = {"humanize": "py-humanize", "qs": "js-qs", "yajl": "c-yajl"}
ROWS = [
    (name, row)
    for name in FOLDERS
    for row in json.loads((DATA / "projects" / name / "new_code_expected.json").read_text())
]
NAMES = [f"{name}/{row['report'].removeprefix('reports/head/')}" for name, row in ROWS]


def new_code(name, report):
    """Return the new code of a project by one report of its head, and of its base."""
    folder = FOLDERS[name]
    diff = parse_unified((DATA / "diffs" / folder / "changes.diff").read_bytes().decode())
    head, base = (
        match(read(real_bytes(f"projects/{folder}/{path}"))[1], diff)
        for path in (report, report.replace("/head/", "/base/"))
    )
    return analyze(Inputs(head, diff, baseline=Baseline(Sha("b" * 40), 0, base))).evidence.new_code


def match(parsed, diff):
    return match_paths(parsed.report, parsed.sources, frozenset(diff.files)).report


@pytest.mark.parametrize(("name", "row"), ROWS, ids=NAMES)
def test_added_lines_are_those_that_were_counted(name, row):
    """A team that knows its numbers from elsewhere would see others and not know why."""
    found = new_code(name, row["report"])
    total = row["total"]
    assert (found.added.covered, found.added.total) == (total["covered"], total["coverable"])
    assert {file.path: (file.added.covered, ranges(file.added_missed)) for file in found.files} == {
        file["file"]: (file["covered"], file["missed_lines"])
        for file in row["files"]
        if file["coverable"]
    }


@pytest.mark.parametrize(("name", "row"), [one for one in ROWS if one[1].get("diff_cover_agrees")])
def test_added_lines_are_those_of_diff_cover(name, row):
    """A team that comes from diff-cover would have to explain another number."""
    added = new_code(name, row["report"]).added
    told = row["diff_cover"]
    assert (added.total, added.missed) == (told["total_num_lines"], told["total_num_violations"])


@pytest.mark.parametrize("name", FOLDERS)
def test_releases_without_moves_have_none(name):
    """Lines would be excused that somebody wrote for this release."""
    reports = [row["report"] for project, row in ROWS if project == name]
    for report in reports:
        found = new_code(name, report)
        assert found.moved.total == 0
        assert found.lines.total + found.touched.total == found.added.total


def ranges(lines):
    """Return a bitmap as the counted lines are written: 3,5-9."""
    numbers, parts = line_numbers(lines), []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
