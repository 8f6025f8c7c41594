"""`.gcov` files."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.errors import ReportError
from worker.core.formats.gcov_text import FORMAT
from worker.core.model import Function, line_numbers

HEADER = b"        -:    0:Source:a.c\n        -:    0:Graph:a.gcno\n        -:    0:Runs:1\n"
LISTING = (
    HEADER + b"        -:    1:#include <stdio.h>\n"
    b"function f called 3 returned 100% blocks executed 80%\n"
    b"        3:    2:int f(int x) {\n"
    b"       2*:    3:  if (x && y) return 1;\n"
    b"branch  0 taken 67% (fallthrough)\n"
    b"branch  1 taken 0%\n"
    b"call    2 never executed\n"
    b"    #####:    4:  return 2;\n"
    b"    =====:    5:  throw 3;\n"
    b"     1.5k:    6:  return 4;\n"
)


def _one(data):
    (file,) = FORMAT.parse(data).report
    return file


def test_lines_branches_and_functions_are_gcovs():
    """A C team's percentages would differ from what gcov shows."""
    file = _one(LISTING)
    assert line_numbers(file.measured) == [2, 3, 4, 5, 6]
    assert line_numbers(file.hit) == [2, 3, 6]
    assert line_numbers(file.partial) == [3]
    assert [(b.line, b.taken, b.total) for b in file.branches] == [(3, 1, 2)]
    assert file.functions == (Function(2, "f", 3),)


def test_a_star_alone_makes_a_line_partial():
    """Without -b a line whose block never ran would look fully covered."""
    file = _one(HEADER + b"       2*:    3:  x ? y : z;\n        1:    4:  ok;\n")
    assert line_numbers(file.partial) == [3]


def test_blocks_of_gcov_a_are_no_lines():
    """`gcov -a` would count each line once more for each of its blocks."""
    file = _one(
        HEADER + b"        1:    3:x;\n        1:    3-block  0\n    %%%%%:    3-block  1\n"
    )
    assert line_numbers(file.measured) == [3]


def test_several_sources_in_one_stream_stay_apart_and_repeats_are_united():
    """The output of `gcov -t` would lose all files but one, and headers their hits."""
    report = FORMAT.parse(
        LISTING
        + LISTING.replace(b"Source:a.c", b"Source:b.c")
        + LISTING.replace(b"    #####:    4:", b"        7:    4:")
    ).report
    assert [(file.path, line_numbers(file.hit)) for file in report] == [
        ("a.c", [2, 3, 4, 6]),
        ("b.c", [2, 3, 6]),
    ]
    assert [(b.line, b.taken, b.total) for b in report.files["a.c"].branches] == [(3, 1, 2)]


def test_instances_of_templates_are_united_and_their_branches_count_each():
    """A template's lines would be missed because one of its instances missed them."""
    file = _one(
        HEADER + b"       1*:    1:T f(T a) {\n"
        b"------------------\nf<int>(int):\n        1:    1:T f(T a) {\nbranch  0 taken 1\n"
        b"------------------\nf<char>(char):\n    #####:    1:T f(T a) {\n"
        b"branch  0 never executed\n------------------\n        1:    2:int g() {\n"
    )
    assert line_numbers(file.hit) == [1, 2]
    assert [(b.line, b.taken, b.total) for b in file.branches] == [(1, 1, 2)]


def test_the_working_directory_helps_to_find_the_files():
    """Sources named relative to a build folder would not be found in the repository."""
    parsed = FORMAT.parse(HEADER + b"        -:    0:Working directory:/home/ci/build\n")
    assert parsed.sources == ("/home/ci/build",)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (LISTING + b"        1:    x:y\n", r"line 14, .*: is no record of gcov's"),
        (LISTING + b"        1:2000001:y\n", "line number 2000001 is not between"),
        (b"        1:    1:y\n" + HEADER, "line 1, .*stands before any Source"),
        (b"branch  0 taken 1\n" + HEADER, "line 1, .*stands before any Source"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(data, reason):
    """A damaged listing would be judged without the lines that were lost."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(data)


@given(st.integers(0, len(LISTING)), st.binary(max_size=4))
def test_damage_raises_nothing_but_its_own_error(at, noise):
    """A damaged listing would stop the worker instead of being named in the check."""
    data = LISTING[:at] + noise + LISTING[at + len(noise) :]
    with contextlib.suppress(ReportError):
        report = FORMAT.parse(data).report
        assert all(file.measured >= file.hit for file in report)
