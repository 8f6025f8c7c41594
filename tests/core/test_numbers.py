"""Numbers are exact, and a shown one never flatters."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.numbers import (
    Ratio,
    format_count,
    format_limit,
    format_loss,
    format_percent,
    format_points,
    format_seconds,
)

percents = st.fractions(0, 100, max_denominator=10**9)
losses = st.fractions(0, 100, max_denominator=10**9)
limits = st.integers(0, 10_000).map(lambda hundredths: Fraction(hundredths, 100))
ratios = st.integers(0, 10**6).flatmap(lambda n: st.integers(0, n).map(lambda k: Ratio(k, n)))


@given(percents, limits)
def test_a_shown_percentage_that_reaches_the_floor_passes_it(percent, floor):
    """A check would fail 60 % beside a shown 60.00 %."""
    if _number(format_percent(percent)) >= floor:
        assert percent >= floor


@given(percents, limits)
def test_a_percentage_that_reaches_the_floor_is_shown_so(percent, floor):
    """A check would pass 60 % beside a shown 59.99 %."""
    if percent >= floor:
        assert _number(format_percent(percent)) >= floor


@given(losses, limits)
def test_a_loss_beyond_the_limit_is_never_shown_within_it(loss, limit):
    """A check would fail "at most 2 points" beside a shown loss of 2.00."""
    assert (_number(format_loss(loss)) > limit) == (loss > limit)


@given(losses)
def test_a_change_is_shown_with_the_sign_and_size_of_its_loss(loss):
    """The table and the sentence beside it would name two different losses."""
    text = format_points(-loss)
    assert _number(text[1:]) == _number(format_loss(loss))
    assert text[0] == ("−" if loss else "±")


@pytest.mark.parametrize(
    ("percent", "text"),
    [
        (Fraction(59999, 1000), "59.99 %"),
        (Fraction(60), "60.00 %"),
        (Fraction(999999, 10000), "99.99 %"),
        (Fraction(1, 1000), "0.00 %"),
        (60, "60 %"),
        (None, "–"),
    ],
)
def test_percentages_are_rounded_down(percent, text):
    """59.999 % would be shown as the 60 % that it is not."""
    assert format_percent(percent) == text


@pytest.mark.parametrize(
    ("points", "text"),
    [
        (Fraction(-2001, 1000), "−2.01 points"),
        (Fraction(-2), "−2.00 points"),
        (Fraction(2009, 1000), "+2.00 points"),
        (Fraction(0), "±0.00 points"),
    ],
)
def test_changes_are_rounded_against_the_change(points, text):
    """A failing loss of 2.001 would be shown as the allowed 2.00."""
    assert format_points(points) == text


@given(ratios, ratios)
def test_ratios_add_like_counts(one, two):
    """The project's percentage would be an average of percentages."""
    both = one + two
    assert (both.covered, both.missed) == (one.covered + two.covered, one.missed + two.missed)


def test_nothing_measured_has_no_percentage():
    """An empty change would be shown as 0 % or as 100 %."""
    assert Ratio().percent is None
    assert Ratio().fraction is None


@pytest.mark.parametrize("counts", [(2, 1), (-1, 1), (0, -1)])
def test_impossible_ratios_are_refused(counts):
    """A percentage above 100 would be shown."""
    with pytest.raises(ValueError, match="is no ratio"):
        Ratio(*counts)


@pytest.mark.parametrize(
    ("limit", "text"), [(Fraction(60), "60"), (Fraction(1, 2), "0.5"), (Fraction("33.33"), "33.33")]
)
def test_thresholds_read_as_they_were_written(limit, text):
    """A reader would not find the threshold in the configuration again."""
    assert format_limit(limit) == text


def test_counts_read_well():
    """The check would speak of "1 lines"."""
    assert [format_count(n, "line") for n in (0, 1, 1234)] == ["0 lines", "1 line", "1,234 lines"]
    assert format_count(2, "branch", "branches") == "2 branches"


def _number(text):
    return Fraction(text.split()[0])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (Fraction(0), "0.00 s"),
        (Fraction(1, 1000), "0.01 s"),
        (Fraction(42, 10), "4.20 s"),
        (Fraction(59_999, 1000), "1 min 0 s"),
        (Fraction(2207, 10), "3 min 41 s"),
        (Fraction(7_199), "2 h 0 min"),
        (Fraction(3_661), "1 h 2 min"),
        (Fraction(3_600_001), "1,000 h 1 min"),
    ],
)
def test_a_duration_is_rounded_up(seconds, text):
    """A suite that takes longer than its budget would be shown as within it."""
    assert format_seconds(seconds) == text
