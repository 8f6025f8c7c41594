"""`.coverage` files of coverage.py 4."""

from __future__ import annotations

import json

import pytest

from worker.core.errors import ReportError
from worker.core.formats import read
from worker.core.model import BranchLine, line_numbers

NOTE = b"!coverage.py: This is a private format, don't read it directly!"
SOURCE = b"def f(a):\n    if a:\n        return 1\n    return (2,\n            3)\nf(0)\n"


def _read(content, source=SOURCE):
    known, parsed = read(NOTE + json.dumps(content).encode(), lambda _: source)
    assert known.name == "coveragepy-4-data"
    (file,) = parsed.report
    return file


def test_executed_lines_are_joined_with_the_source():
    """A team that is held at coverage.py 4 would have to convert its files."""
    file = _read({"lines": {"/ci/a.py": [1, 2, 5, 6]}})
    assert line_numbers(file.measured) == [1, 2, 3, 4, 6]
    assert line_numbers(file.missed) == [3]
    assert file.path == "/ci/a.py"


def test_arcs_give_branches():
    """A branch that was never taken would not be told of."""
    file = _read({"arcs": {"a.py": [[-1, 1], [1, 6], [6, -1], [-1, 2], [2, 4], [4, -1]]}})
    assert file.branches == (BranchLine(2, 1, 2, 0b10, "coveragepy-sqlite"),)
    assert line_numbers(file.partial) == [2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"lines": {"a.py": [0, -3]}}, r"file 'a\.py': line number -3"),
        ({"lines": {"a.py": ["1"]}}, r"file 'a\.py': .*shape"),
        ({"lines": {"a.html": [1]}, "file_tracers": {"a.html": "django"}}, "plug-in 'django'"),
    ],
)
def test_what_can_not_be_counted_is_named(content, reason):
    """The message would not say which file is wrong."""
    with pytest.raises(ReportError, match=reason):
        _read(content)


def test_without_sources_it_says_what_to_upload():
    """Executed lines alone would be 100 % of everything."""
    with pytest.raises(ReportError, match="upload what `coverage xml`"):
        read(NOTE + b'{"lines": {}}')
