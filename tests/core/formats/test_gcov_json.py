"""gcov's own JSON."""

from __future__ import annotations

import json

import pytest

from worker.core.errors import ReportError
from worker.core.formats.gcov_json import FORMAT
from worker.core.model import BranchLine, Function, line_numbers


def test_a_line_of_several_functions_counts_once():
    """Every instantiation of a template would add lines and branches that nobody wrote."""
    (file,) = _parse(
        [
            {"line_number": 3, "count": 0, "branches": [{"count": 0}, {"count": 0}]},
            {"line_number": 3, "count": 2, "branches": [{"count": 2}, {"count": 0}, {"count": 0}]},
            {"line_number": 4, "count": 0},
        ]
    ).report
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([3], [4])
    assert file.branches == (BranchLine(3, 1, 3, 0b001, "gcov-json"),)


def test_functions_and_the_working_directory_are_kept():
    """Relative paths would match nothing, and gaps would name mangled functions."""
    function = {
        "name": "_Z1fv",
        "demangled_name": "f()",
        "start_line": 3,
        "end_line": 5,
        "execution_count": 2,
    }
    parsed = _parse([], functions=[function])
    (file,) = parsed.report
    assert file.functions == (Function(3, "f()", 2, 5),)
    assert parsed.sources == ("/build",)


def test_old_files_with_the_version_last_are_recognised():
    """In files of gcc 9 to 12 the version comes after the files, beyond what a sniffer sees."""
    lines = [{"line_number": n, "count": 1, "unexecuted_block": False} for n in range(1, 900)]
    text = json.dumps({"files": [{"lines": lines, "file": "a.c"}], "gcc_version": "9.1"}).encode()
    assert FORMAT.sniff(text[:16_384])


def test_an_unknown_version_is_named():
    """A new format would be read by old rules."""
    with pytest.raises(ReportError, match="gcov's JSON format '7'"):
        FORMAT.parse(b'{"gcc_version": "20", "format_version": "7", "files": []}')


def _parse(lines, functions=()):
    document = {
        "gcc_version": "14.2.0",
        "format_version": "2",
        "current_working_directory": "/build",
        "files": [{"file": "a.c", "lines": lines, "functions": list(functions)}],
    }
    return FORMAT.parse(json.dumps(document).encode())
