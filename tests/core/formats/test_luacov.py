"""LuaCov's report."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.errors import ReportError
from worker.core.formats.luacov import FORMAT
from worker.core.model import line_numbers

RULE = b"=" * 78 + b"\n"


def _report(text, hits, missed, name=b"a.lua"):
    summary = b"\nFile  Hits Missed Coverage\n---\nTotal %d    %d      50.00%%\n" % (hits, missed)
    return RULE + name + b"\n" + RULE + text + b"\n" + RULE + b"Summary\n" + RULE + summary


LISTING = _report(b"    -- text\n 12 local a = 1\n**0 a = 2\n\n  1 b = 3\n", 2, 1)


def test_lines_with_a_count_are_measured_and_stars_are_missed():
    """A Lua team's percentages would differ from LuaCov's own summary."""
    (file,) = FORMAT.parse(LISTING).report
    assert file.path == "a.lua"
    assert line_numbers(file.measured) == [2, 3, 5]
    assert line_numbers(file.hit) == [2, 5]


def test_numbers_in_the_text_are_no_counts():
    """The lines of a long string that begin with a number would count as code that ran."""
    text = b" 3 local songs = [[\n   10 green bottles\n   9 of them\n   ]]\n"
    (file,) = FORMAT.parse(_report(text, 1, 0)).report
    assert line_numbers(file.measured) == [1]


def test_text_like_a_summary_or_a_rule_is_text():
    """A test's expected output inside a Lua string would cut the report short."""
    text = b" 1 local s = [[\n   " + RULE + b"   Summary\n   " + RULE + b"   Total 1 1 1%\n 1 x()\n"
    (file,) = FORMAT.parse(_report(text, 2, 0)).report
    assert line_numbers(file.hit) == [1, 6]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (LISTING[:-30], "is cut off: it ends with"),
        (LISTING.replace(b"**0 a = 2\n", b""), r"summary \(2 hits, 1 missed\) disagree"),
        (LISTING.replace(b"Total 2", b"Total 3"), r"summary \(3 hits, 1 missed\) disagree"),
    ],
)
def test_a_report_that_is_not_whole_is_refused(data, reason):
    """Half a report would be judged as if it were whole."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(data)


@given(st.integers(0, len(LISTING)), st.binary(max_size=4))
def test_damage_raises_nothing_but_its_own_error(at, noise):
    """A damaged report would stop the worker instead of being named in the check."""
    data = LISTING[:at] + noise + LISTING[at + len(noise) :]
    with contextlib.suppress(ReportError):
        report = FORMAT.parse(data).report
        assert report.lines.total in (2, 3)
