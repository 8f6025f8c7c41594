"""Whether a report can be of a source, by its lines alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.model import FileCoverage, bitmap
from worker.core.tested import choose, count_misfits

SOURCE = b"""# What it is.

import sums

def half(number):
    // of another language
    return number / 2
}
"""


def misfits(*lines: int, source: bytes = SOURCE) -> int:
    return count_misfits(FileCoverage("a.py", measured=bitmap(lines)), source)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((3, 5, 7), 0),
        ((3, 5, 7, 8), 0),
        ((1, 3, 5, 7), 1),
        ((2, 3, 5, 6, 7), 2),
        ((3, 5, 7, 30), 1),
        ((3, 5), 1),
        ((), 0),
    ],
)
def test_lines_without_code_speak_against_a_source(lines: tuple[int, ...], expected: int) -> None:
    """The commit that was tested could not be told from its neighbour."""
    assert misfits(*lines) == expected


def test_an_empty_file_fits_nothing_that_was_measured() -> None:
    """A report of the merge would be taken for one of a head that has the file empty."""
    assert misfits(1, 2, source=b"") == 2


def test_bytes_that_are_no_text_do_no_harm() -> None:
    """A UTF-16 source would end the job."""
    assert misfits(1, 2, source=b"\xff\xfe\0\r\0\n\0") >= 0


@given(st.integers(1, 30), st.integers(1, 30))
def test_what_is_inserted_above_tells_head_and_merge_apart(count: int, inserted: int) -> None:
    """With the base a few lines ahead, either could be taken for the other."""
    head = b"".join(b"code %d\n" % number for number in range(count))
    merge = b"more\n" * inserted + head
    of_head, of_merge = range(1, count + 1), range(1, count + inserted + 1)
    assert choose([misfits(*of_head, source=one) for one in (merge, head)]) == [1]
    assert choose([misfits(*of_merge, source=one) for one in (head, merge)]) == [1]


def test_equals_stay_in_their_order() -> None:
    """The likelier of two would not be the one that is taken."""
    assert choose([2, 1, 3, 1]) == [1, 3]


def test_t25_a_line_of_spaces_takes_no_time():
    """One line of a pull request could hold a worker for hours."""
    begin = time.process_time()
    assert misfits(1, source=b"x\n" + b" " * 1_000_000 + b"x\n") == 1
    assert time.process_time() - begin < 2  # milliseconds in truth
