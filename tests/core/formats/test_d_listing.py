"""The D compilers' listings."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.errors import ReportError
from worker.core.formats.d_listing import FORMAT
from worker.core.model import line_numbers

LISTING = (
    b"       |module a;\n       |\n     12|    f(x | y);\n0000000|    return 1;\n       |}\n"
    b"source/a.d is 50% covered\n"
)


def test_lines_with_a_count_are_measured_and_zeros_are_missed():
    """A D team's percentages would differ from what the listing says at its end."""
    (file,) = FORMAT.parse(LISTING).report
    assert file.path == "source/a.d"
    assert line_numbers(file.measured) == [3, 4]
    assert line_numbers(file.hit) == [3]


def test_listings_behind_each_other_are_files_of_their_own():
    """`cat *.lst` would give the lines of one module to another."""
    report = FORMAT.parse(LISTING + LISTING.replace(b"a.d is", b"b.d is")).report
    assert [(file.path, line_numbers(file.hit)) for file in report] == [
        ("source/a.d", [3]),
        ("source/b.d", [3]),
    ]


def test_a_module_without_code_and_wide_counts_are_read():
    """A module of declarations, or one that ran ten million times, would be refused."""
    report = FORMAT.parse(
        b"       |enum A { b }\nsource/a.d has no code\n"
        b"          |module b;\n1234567890|  f();\n0000000000|  g();\nb.d is 50% covered\n"
    ).report
    assert (report.lines.covered, report.lines.total, len(report)) == (1, 2, 2)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (LISTING[:-27], "is cut off: the last line of a listing names its source"),
        (LISTING + b"?\n", r"line 7, '\?': has neither a count and a bar"),
    ],
)
def test_what_is_wrong_is_named(data, reason):
    """Half a listing would be judged as if it were whole."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(data)


@given(st.integers(0, len(LISTING)), st.binary(max_size=4))
def test_damage_raises_nothing_but_its_own_error(at, noise):
    """A damaged listing would stop the worker instead of being named in the check."""
    data = LISTING[:at] + noise + LISTING[at + len(noise) :]
    FORMAT.sniff(data)
    with contextlib.suppress(ReportError):
        report = FORMAT.parse(data).report
        assert report.lines.total <= 3
