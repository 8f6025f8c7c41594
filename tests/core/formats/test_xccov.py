"""Xcode's coverage by line."""

from __future__ import annotations

import json

import pytest

from worker.core.errors import SummaryError
from worker.core.formats.xccov import FORMAT
from worker.core.model import line_numbers

SUMS = {"coveredLines": 3, "executableLines": 4, "lineCoverage": 0.75}


def test_lines_that_are_not_executable_are_not_measured():
    """Comments would count as missed."""
    file = _parse(
        {"line": 1, "isExecutable": False},
        {"line": 2, "isExecutable": True, "executionCount": 0},
        {"line": 3, "isExecutable": True, "executionCount": 2},
    )
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([3], [2])


def test_a_line_of_parts_is_hit_where_a_part_was_and_partial_where_not_all_were():
    """A guard whose `else` never ran would look covered in full, or not at all."""
    parts = [
        {"column": 3, "executionCount": 8, "length": 4},
        {"column": 9, "executionCount": 0, "length": 2},
    ]
    file = _parse(
        {"line": 1, "isExecutable": True, "executionCount": None, "subranges": parts},
        {"line": 2, "isExecutable": True, "executionCount": 8, "subranges": parts[:1]},
        {"line": 3, "isExecutable": True, "subranges": parts[1:]},
    )
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([1, 2], [3])
    assert line_numbers(file.partial) == [1]


@pytest.mark.parametrize(
    "document", [{**SUMS, "targets": []}, [{**SUMS, "name": "App", "files": []}]]
)
def test_the_report_says_what_to_upload(document):
    """Sums have no lines: a verdict on a change by them would be made up."""
    text = json.dumps(document).encode()
    assert FORMAT.sniff(text)
    with pytest.raises(SummaryError, match="xccov view --archive --json"):
        FORMAT.parse(text)


def _parse(*lines):
    (file,) = FORMAT.parse(json.dumps({"/app/A.swift": lines}).encode()).report
    return file
