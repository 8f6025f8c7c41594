"""SimpleCov's coverage.json."""

from __future__ import annotations

import json

from worker.core.formats.simplecov import FORMAT
from worker.core.model import BranchLine, line_numbers


def test_lines_that_are_ignored_are_not_measured():
    """Code between `:nocov:` marks would count as missed."""
    (file,) = _parse({"lines": [None, "ignored", 0, 2]}).report
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([4], [3])


def test_branches_stand_where_simplecov_shows_them():
    """The line that is named as partial would be another than in SimpleCov's own report."""
    then = {"type": "then", "start_line": 3, "end_line": 3, "coverage": 0, "report_line": 2}
    other = {"type": "else", "start_line": 2, "end_line": 5, "coverage": 1}
    ignored = {"type": "when", "start_line": 2, "end_line": 5, "coverage": "ignored"}
    (file,) = _parse({"lines": [1, 1, 0], "branches": [then, other, ignored]}).report
    assert file.branches == (BranchLine(2, 1, 2, 0b10, "simplecov-json"),)
    assert line_numbers(file.partial) == [2]


def test_the_root_is_where_paths_may_start():
    """Absolute paths of another machine would match nothing in the repository."""
    assert _parse({"lines": [1]}, root="/home/ci/app").sources == ("/home/ci/app",)


def _parse(file, **meta):
    meta = {"simplecov_version": "0.22.0", **meta}
    return FORMAT.parse(json.dumps({"meta": meta, "coverage": {"a.rb": file}}).encode())
