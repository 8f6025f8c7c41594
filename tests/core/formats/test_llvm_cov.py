"""llvm-cov's JSON: lines from segments, as LLVM's LineCoverageStats has it."""

from __future__ import annotations

import json

import pytest

from worker.core.errors import ReportError, SumsOnlyError
from worker.core.formats.llvm_cov import FORMAT
from worker.core.model import BranchLine, Function, line_numbers

ENTRY, BACK, GAP, SKIPPED = (
    (True, True, False),
    (True, False, False),
    (True, True, True),
    (False, True, False),
)


@pytest.mark.parametrize(
    ("segments", "hit", "missed"),
    [
        ([(1, 1, 2, ENTRY), (4, 2, 0, (False, False, False))], [1, 2, 3, 4], []),
        ([(1, 1, 0, ENTRY), (2, 3, 1, ENTRY), (2, 9, 0, BACK), (3, 2, 0, SKIPPED)], [2], [1]),
        ([(1, 1, 1, ENTRY), (2, 9, 0, GAP), (3, 1, 0, ENTRY), (3, 5, 0, BACK)], [1, 2], [3]),
        ([(1, 1, 1, ENTRY), (2, 1, 0, SKIPPED), (4, 1, 1, BACK), (5, 2, 0, SKIPPED)], [1], []),
        ([(1, 1, 0, GAP)], [], [1]),
    ],
    ids=["a region over lines", "the greatest count", "a gap", "skipped lines", "a gap alone"],
)
def test_lines_follow_from_segments(segments, hit, missed):
    """A team's percentage would differ from what `llvm-cov show` prints."""
    (file,) = _parse(segments=[[*segment[:3], *segment[3]] for segment in segments])
    assert (line_numbers(file.hit), line_numbers(file.missed)) == (hit, missed)


def test_segments_without_the_gap_flag_are_read():
    """Exports of LLVM before 10 have five elements a segment."""
    (file,) = _parse(segments=[[3, 1, 7, True, True]])
    assert line_numbers(file.hit) == [3]


def test_each_branch_has_two_arms_and_instantiations_are_one_branch():
    """Every instantiation of a generic function would add branches that nobody wrote."""
    (file,) = _parse(
        segments=[[2, 1, 1, *ENTRY]],
        branches=[[2, 5, 2, 9, 1, 0, 0, 0, 4], [2, 5, 2, 9, 0, 0, 0, 0, 4]],
    )
    assert file.branches == (BranchLine(2, 1, 2, 0b01, "llvm-cov-json"),)
    assert line_numbers(file.partial) == [2]


def test_functions_start_with_their_first_region():
    """The gaps would name no function."""
    function = {"name": "f", "count": 3, "filenames": ["a.rs"], "regions": [[2, 1, 5, 2, 3]]}
    other = {"name": "g", "count": 3, "filenames": ["/usr/x.rs"], "regions": [[2, 1, 5, 2, 3]]}
    text = _document([{"filename": "a.rs", "segments": []}], functions=[function, other])
    (file,) = FORMAT.parse(text).report
    assert file.functions == (Function(2, "f", 3, 5),)


@pytest.mark.parametrize("lines", [(2, 1), (0,), (2_000_001,)])
def test_lines_that_can_not_be_are_named(lines):
    """A line of 10^12 would take the worker's whole memory."""
    with pytest.raises(ReportError, match=r"'a\.rs': a segment's line .* is not between"):
        _parse(segments=[[line, 1, 1, *ENTRY] for line in lines])


def test_an_unknown_version_is_named():
    """A new format would be read by old rules."""
    with pytest.raises(ReportError, match=r"JSON format '4\.0'"):
        FORMAT.parse(_document([], version="4.0"))


def test_an_export_of_sums_says_what_to_upload():
    """Sums have no lines: a verdict on a change by them would be made up."""
    with pytest.raises(SumsOnlyError, match="without `--summary-only`"):
        FORMAT.parse(_document([{"filename": "a.rs", "summary": {}}]))


def _parse(**file):
    return FORMAT.parse(_document([{"filename": "a.rs", **file}])).report


def _document(files, version="2.0.1", functions=()):
    data = [{"files": files, "functions": list(functions)}]
    return json.dumps(
        {"data": data, "type": "llvm.coverage.json.export", "version": version}
    ).encode()
