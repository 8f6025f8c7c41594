"""Codecov's own JSON."""

from __future__ import annotations

import json

import pytest

from worker.core.errors import ReportError
from worker.core.formats.codecov_json import FORMAT
from worker.core.model import BranchLine, line_numbers


def test_every_kind_of_value():
    """A line would be measured that is not, or hit that was missed."""
    (file,) = _parse({"1": 0, "2": 5, "3": "1/3", "4": None, "5": "0/2", "6": "2/2", "7": "0"})
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([2, 3, 6], [1, 5, 7])
    assert line_numbers(file.partial) == [3]
    assert file.branches == (BranchLine(3, 1, 3), BranchLine(5, 0, 2), BranchLine(6, 2, 2))


def test_true_is_a_line_hit_in_part():
    """`partial: missed` would let a half covered line through."""
    (file,) = _parse({"1": True, "2": False})
    assert (line_numbers(file.partial), line_numbers(file.missed)) == ([1], [2])


def test_a_list_starts_with_line_0():
    """Every line would be charged for its neighbour."""
    (file,) = _parse([None, 1, 0, None, "1/2"])
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([1, 4], [2])


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ({"x": 1}, "'x' is no line number"),
        ({"9" * 5000: 1}, "is no line number"),
        ({"3000000": 1}, "line number 3000000"),
        ({"1": "half"}, "line 1: 'half' is neither"),
        ({"1": "3/2"}, "more branches than there are"),
        ({"1": "1/" + "9" * 5000}, "is neither"),
        ({"1": []}, "shape"),
    ],
    ids=range(7),
)
def test_bad_content_is_named(lines, reason):
    """The message would not say what is wrong."""
    with pytest.raises(ReportError, match=f"file 'a.py': .*{reason}"):
        _parse(lines)


def test_a_line_named_twice_is_refused():
    """The second count would silently hide the first one's miss."""
    with pytest.raises(ReportError, match="names a line twice"):
        FORMAT.parse(b'{"coverage": {"a.py": {"1": 0, "1": 1}}}')


def _parse(lines):
    return FORMAT.parse(json.dumps({"coverage": {"a.py": lines}}).encode()).report
