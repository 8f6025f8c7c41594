"""The figures of a commit come back as they were, whatever the text that was kept."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.material import Point
from worker.core.numbers import Ratio
from worker.core.points import MOST_PACKAGES, decode_point, encode_point
from worker.core.refs import Sha

A, DAY = Sha("a" * 40), date(2030, 1, 1)
RATIOS = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(
    lambda pair: Ratio(min(pair), max(pair))
)
COUNTS = st.none() | st.integers(0, 10**9)
POINTS = st.builds(
    Point,
    st.just(A),
    st.just(DAY),
    RATIOS,
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), RATIOS, max_size=4),
    COUNTS,
    COUNTS,
    st.none() | st.fractions(min_value=0),
    COUNTS,
    COUNTS,
    st.none() | RATIOS,
)


@settings(max_examples=60, deadline=None)
@given(POINTS)
def test_a_point_comes_back_as_it_was(point):
    """A trend would be drawn of other numbers than were recorded."""
    assert decode_point(A, DAY, point.lines, encode_point(point)) == point


@pytest.mark.parametrize(
    "data",
    [
        "",
        "[]",
        "{",
        '{"tests": "7", "skipped": -1, "seconds": "1/0", "fixed": [2, 1], "packages": [1]}',
        '{"seconds": 1.5, "fixed": [1], "packages": {"a": [2, 1], "b": "12", "c": null}}',
    ],
)
def test_what_can_not_be_read_was_not_known(data):
    """One damaged row would take the trends of three years away."""
    assert decode_point(A, DAY, Ratio(1, 2), data) == Point(A, DAY, Ratio(1, 2))


def test_of_too_many_packages_the_largest_are_kept():
    """A verdict would read megabytes of figures that nobody looks at."""
    packages = {f"p{n:04}": Ratio(0, n) for n in range(MOST_PACKAGES + 50)}
    point = Point(A, DAY, Ratio(), packages)
    found = decode_point(A, DAY, Ratio(), encode_point(point))
    assert list(found.packages) == [f"p{n:04}" for n in range(50, MOST_PACKAGES + 50)]
