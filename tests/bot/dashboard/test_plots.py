"""Plots: their laws, whatever the numbers."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dashboard.plots import (
    Box,
    Level,
    Tile,
    coverage_class,
    draw_meter,
    draw_pyramid,
    draw_spark,
    draw_treemap,
    draw_trend,
    lay_trend,
    squarify,
)
from bot.dashboard.plots.trend import HEIGHT, WIDTH
from tests.support.hostile import HOSTILE

WEIGHTS = st.lists(st.integers(1, 5_000), min_size=1, max_size=40)
PERCENTS = st.fractions(0, 100, max_denominator=1_000)


def whole(width=960, height=400):
    """Return the whole area."""
    return Box(Fraction(0), Fraction(0), Fraction(width), Fraction(height))


@given(WEIGHTS, st.integers(1, 1_000), st.integers(1, 1_000))
@settings(max_examples=60)
def test_areas_are_in_proportion_and_fill_the_whole(weights, width, height):
    """A file would look larger than another one that has more lines."""
    weights = sorted(weights, reverse=True)
    boxes = squarify(weights, whole(width, height))
    scale = Fraction(width * height, sum(weights))
    assert [box.area for box in boxes] == [weight * scale for weight in weights]
    assert all(box.x >= 0 and box.x + box.width <= width for box in boxes)
    assert all(box.y >= 0 and box.y + box.height <= height for box in boxes)


@given(WEIGHTS)
@settings(max_examples=40)
def test_areas_do_not_overlap(weights):
    """One file would hide another one."""
    boxes = squarify(sorted(weights, reverse=True), whole())
    for one, other in combinations(boxes, 2):
        assert (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )


def test_areas_are_about_square():
    """Files as thin as a line could neither be read nor pointed at."""
    boxes = squarify([6, 6, 4, 3, 2, 2, 1], whole(600, 400))
    assert max(max(b.width / b.height, b.height / b.width) for b in boxes) < 4


def test_nothing_takes_no_room():
    """A repository without files would have no page."""
    assert squarify([], whole()) == []


@given(st.lists(PERCENTS, min_size=1, max_size=30), st.none() | PERCENTS)
@settings(max_examples=80)
def test_a_trend_and_its_target_are_in_sight(percents, target):
    """The line would leave the plot, and the target be out of sight."""
    trend = lay_trend(percents, target)
    assert 0 <= trend.low < trend.high <= 100
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in trend.spots)
    assert target is None or 0 <= trend.target <= HEIGHT
    assert all(mark.denominator == 1 for mark, _ in trend.rules)


@given(st.lists(PERCENTS, min_size=2, max_size=30))
@settings(max_examples=40)
def test_higher_coverage_is_drawn_higher(percents):
    """A rise would look like a fall."""
    spots = lay_trend(percents).spots
    for (one, (_, y)), (other, (_, z)) in combinations(zip(percents, spots, strict=True), 2):
        assert (one > other) == (y < z)


def test_a_trend_needs_a_point():
    """An empty plot would look as if coverage were 0."""
    with pytest.raises(ValueError, match="a point"):
        lay_trend([])


@pytest.mark.parametrize("name", [name for name in HOSTILE if "\x00" not in name])
def test_names_are_inert_in_every_plot(name):
    """A file's name would become markup of the page."""
    name = name.replace("\x1b", "").encode(errors="replace").decode()
    percents = [Fraction(50), Fraction(60)]
    words = [name, name]
    drawn = [
        draw_treemap([Tile(name, name, 500, "level-1", f"/{name}", name)], name, name),
        draw_trend(lay_trend(percents), words, name, name),
        draw_pyramid([Level(name, 3), Level("unit", 90)], name, name),
        draw_spark(percents, name),
        draw_meter(Fraction(50), Fraction(80)),
    ]
    for text in drawn:
        kinds = {node.tag for node in ET.fromstring(text).iter()}
        assert kinds <= {"svg", "title", "desc", "a", "rect", "text", "path", "g", "line"}
        assert "style=" not in text


def test_colours_follow_the_scale():
    """The worst file could be as green as the best."""
    percents = [None, 0, 49, 50, 65, 80, 90, 100]
    classes = [coverage_class(None if one is None else Fraction(one)) for one in percents]
    assert [one.removeprefix("level-") for one in classes] == [
        "none", "0", "0", "1", "2", "3", "4", "4",
    ]  # fmt: skip


def test_one_commit_is_a_dot_and_not_a_line():
    """A repository's first report would be a missing page, or a line from nowhere."""
    one = draw_trend(lay_trend([Fraction(90)]), ["first"], "t", "d")
    assert 'class="line"' not in one
    assert one.count('class="dot"') == 1
    assert 'class="dot"' not in draw_spark([Fraction(90)], "one")
    assert "path" not in draw_spark([], "none")
