"""The JSON that Coveralls takes."""

from __future__ import annotations

import json

import pytest

from worker.core.errors import ReportError
from worker.core.formats.coveralls import FORMAT
from worker.core.model import BranchLine, line_numbers


def test_lines_and_branches():
    """A part of what the report says would be lost."""
    (file,) = _parse(coverage=[None, 2, 0], branches=[2, 0, 1, 0, 2, 0, 0, 5, 2, 0, 1, 1])
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([2], [3])
    assert file.branches == (BranchLine(2, 2, 2, 0b11, "coveralls-json"),)


def test_branches_come_in_fours():
    """All branches after a lost number would be made up of the wrong ones."""
    with pytest.raises(ReportError, match=r"'a\.py': `branches` has 3 numbers"):
        _parse(coverage=[], branches=[1, 0, 0])


def test_a_file_that_stands_twice_is_merged():
    """The second record would hide the lines of the first."""
    once, again = {"name": "a.py", "coverage": [1, 0]}, {"name": "a.py", "coverage": [0, 0]}
    (file,) = FORMAT.parse(json.dumps({"source_files": [once, again]}).encode()).report
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([1], [2])


def _parse(**file):
    return FORMAT.parse(json.dumps({"source_files": [{"name": "a.py", **file}]}).encode()).report
