"""gcovr's JSON."""

from __future__ import annotations

import json

import pytest

from worker.core.errors import ReportError
from worker.core.formats.gcovr_json import FORMAT
from worker.core.model import BranchLine, Function, line_numbers


def test_excluded_lines_and_branches_do_not_count():
    """Code marked with GCOV_EXCL_LINE would count as missed."""
    (file,) = _parse(
        [
            {"line_number": 1, "count": 0, "gcovr/excluded": True},
            {"line_number": 2, "count": 0, "gcovr/noncode": True},
            {
                "line_number": 3,
                "count": 1,
                "branches": [{"count": 0, "gcovr/excluded": True}, {"count": 1}],
            },
        ]
    )
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([3], [])
    assert file.branches == (BranchLine(3, 1, 1, 0b1, "gcovr-json"),)


def test_a_line_of_several_functions_counts_once():
    """Every instantiation of a template would add lines and branches that nobody wrote."""
    first = {"source_block_id": 2, "destination_block_id": 3}
    second = {"source_block_id": 2, "destination_block_id": 4}
    (file,) = _parse(
        [
            {"line_number": 3, "count": 0, "branches": [{**first, "count": 0}]},
            {
                "line_number": 3,
                "count": 2,
                "branches": [{**second, "count": 0}, {**first, "count": 2}],
            },
        ]
    )
    assert line_numbers(file.measured) == [3]
    assert file.branches == (BranchLine(3, 1, 2, 0b01, "gcovr-json"),)


def test_functions_have_readable_names():
    """The gaps would name mangled functions."""
    function = {"name": "_Z1fv", "demangled_name": "f()", "lineno": 3, "execution_count": 2}
    hidden = {"name": "g", "lineno": 3, "execution_count": 2, "gcovr/excluded": True}
    (file,) = _parse([], functions=[function, hidden])
    assert file.functions == (Function(3, "f()", 2),)


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.6", "0.11", "0.15"])
def test_every_version_is_read_with_its_number_first_or_last(version):
    """In files of gcovr 4 and 5 the version comes after the files, beyond what a sniffer sees."""
    lines = [{"branches": [], "count": 1, "line_number": n} for n in range(1, 900)]
    files = [{"file": "a.c", "lines": lines}]
    for document in (
        {"gcovr/format_version": version, "files": files},
        {"files": files, "gcovr/format_version": version},
    ):
        text = json.dumps(document).encode()
        assert FORMAT.sniff(text[:16_384])
        assert FORMAT.parse(text).report.lines.total == 899


def test_an_unknown_version_is_named():
    """A new format would be read by old rules."""
    with pytest.raises(ReportError, match=r"gcovr's JSON format '2\.0'"):
        FORMAT.parse(b'{"gcovr/format_version": "2.0", "files": []}')


def _parse(lines, functions=()):
    files = [{"file": "a.c", "lines": lines, "functions": list(functions)}]
    return FORMAT.parse(
        json.dumps({"gcovr/format_version": "0.15", "files": files}).encode()
    ).report
