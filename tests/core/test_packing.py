"""Contents that are kept come back as they were, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.packing import pack, unpack


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=5_000))
def test_what_is_packed_comes_back(data):
    """A pull request's files would be fetched though their base is kept."""
    packed = pack(data)
    assert packed
    assert unpack(packed, len(data)) == data


@pytest.mark.parametrize(
    "data",
    [b"", b"damaged", pack(b"x" * 900)[:-4], pack(b"x" * 1_001)],
    ids=["nothing", "no zstd", "cut", "too long"],
)
def test_what_is_damaged_or_long_is_none(data):
    """A damaged row would end every look at its repository, or a bomb fill its memory."""
    assert unpack(data, 1_000) is None
