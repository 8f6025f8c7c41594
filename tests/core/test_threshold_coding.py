"""Thresholds in the store: what comes back is what was found."""

from __future__ import annotations

from fractions import Fraction

import pytest

from worker.core.material import Threshold
from worker.core.thresholds import decode_thresholds, encode_thresholds, key_of_thresholds

FOUND = (
    Threshold("setup.cfg", 3, "coverage.py", Fraction(401, 5)),
    Threshold("setup.cfg", 9, "codecov", Fraction(80), new_code=True),
)


def test_thresholds_come_back_as_they_were():
    """A floor of 80.2 % would be told as another one from the second look on."""
    assert decode_thresholds("setup.cfg", encode_thresholds(FOUND)) == FOUND
    assert decode_thresholds("setup.cfg", encode_thresholds(())) == ()


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x91\x01", encode_thresholds(FOUND)[:-1]])
def test_what_is_damaged_is_read_anew(data):
    """A look would end with a defect, again and again."""
    assert decode_thresholds("setup.cfg", data) is None


def test_each_place_of_a_file_has_thresholds_of_its_own():
    """The same file would hold a threshold though nothing reads it there."""
    assert key_of_thresholds("setup.cfg", "a" * 40) != key_of_thresholds("x/y.cfg", "a" * 40)
