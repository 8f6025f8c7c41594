"""Files as areas: as large as they have lines, and coloured by their coverage.

Squarified, so that areas can be compared: Bruls, Huizing, van Wijk, "Squarified Treemaps"
(2000), https://vanwijk.win.tue.nl/stm.pdf
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from bot.dashboard.plots._svg import element, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

__all__ = ["Box", "Tile", "draw_treemap", "squarify"]

WIDTH, HEIGHT = 960, 400
"""About how many pixels there are: proportions matter, and whether a name has room."""
_GLYPH = 7
"""Pixels that a letter takes."""
_LINE = 18
_FEW = 8
"""Files that need less room."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; the origin is the upper left corner."""

    x: Fraction
    y: Fraction
    width: Fraction
    height: Fraction

    @property
    def area(self) -> Fraction:
        """Width by height."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Tile:
    """What an area stands for; `weight` is above 0."""

    name: str
    words: str
    """All of it: the name, the figures."""
    weight: int
    class_: str
    url: str = ""
    note: str = ""
    """A few letters below the name, where there is room."""


def squarify(weights: Sequence[int], box: Box) -> list[Box]:
    """Return a box for each weight, its area in proportion, together filling `box` exactly.

    The weights are above 0 and descending, which makes the boxes as square as they get.
    """
    boxes: list[Box] = []
    at, left, rest = 0, sum(weights), box
    while at < len(weights):
        end = _row_end(weights, at, left, rest)
        row = weights[at:end]
        taken, rest = _cut(rest, Fraction(sum(row), left))
        boxes += _split(taken, row, upright=box_is_wide(rest, taken))
        left -= sum(row)
        at = end
    return boxes


def box_is_wide(rest: Box, taken: Box) -> bool:
    """Return whether a strip was cut from the side, and not from the top."""
    return taken.x != rest.x


def _row_end(weights: Sequence[int], at: int, left: int, box: Box) -> int:
    """Return where the row ends that begins at `at`: as soon as one more makes it less square."""
    side = min(box.width, box.height)
    scale = box.area / left
    total, most = 0, weights[at]
    worst: Fraction | None = None
    for end in range(at, len(weights)):
        total += weights[end]
        edge = total * scale / side
        widest, narrowest = most * scale / edge, weights[end] * scale / edge
        now = max(widest / edge, edge / narrowest)
        if worst is not None and now > worst:
            return end
        worst = now
    return len(weights)


def _cut(box: Box, part: Fraction) -> tuple[Box, Box]:
    """Return a strip along the box's shorter side, and what is left."""
    if box.width >= box.height:
        width = box.width * part
        return (
            Box(box.x, box.y, width, box.height),
            Box(box.x + width, box.y, box.width - width, box.height),
        )
    height = box.height * part
    return (
        Box(box.x, box.y, box.width, height),
        Box(box.x, box.y + height, box.width, box.height - height),
    )


def _split(box: Box, weights: Sequence[int], *, upright: bool) -> list[Box]:
    total, before = sum(weights), 0
    boxes = []
    for weight in weights:
        start, part = Fraction(before, total), Fraction(weight, total)
        if upright:
            boxes.append(Box(box.x, box.y + box.height * start, box.width, box.height * part))
        else:
            boxes.append(Box(box.x + box.width * start, box.y, box.width * part, box.height))
        before += weight
    return boxes


def draw_treemap(tiles: Sequence[Tile], title: str, description: str) -> Markup:
    """Return the plot, the largest tile first. Names are cut off where they have no room.

    All is in parts of the whole, so that it fills what room there is, while letters keep
    their size.
    """
    ordered = sorted(tiles, key=lambda tile: (-tile.weight, tile.name))
    whole = Box(Fraction(0), Fraction(0), Fraction(WIDTH), Fraction(HEIGHT))
    boxes = squarify([tile.weight for tile in ordered], whole)
    cells = [_cell(tile, box) for tile, box in zip(ordered, boxes, strict=True)]
    return element(
        "svg",
        element("title", title, id="treemap-title"),
        element("desc", description, id="treemap-description"),
        *cells,
        class_="treemap" if len(cells) > _FEW else "treemap few",
        role="group",
        aria_labelledby="treemap-title treemap-description",
    )


def _cell(tile: Tile, box: Box) -> Markup:
    told = element("title", tile.words)
    parts = [element("rect", width="100%", height="100%", class_=tile.class_)]
    room = box.width - 12
    if room >= 3 * _GLYPH and box.height >= _LINE + 4:
        parts.append(element("text", _fit(tile.name, int(room / _GLYPH)), x=6, y=16))
        if tile.note and box.height >= 2 * _LINE + 6 and room >= len(tile.note) * _GLYPH:
            parts.append(element("text", tile.note, x=6, y=33, class_="note"))
    # Letters that a narrower screen has no room for are cut off at the cell's edge.
    cell = element(
        "svg",
        *([] if tile.url else [told]),
        *parts,
        x=share(box.x / WIDTH),
        y=share(box.y / HEIGHT),
        width=share(box.width / WIDTH),
        height=share(box.height / HEIGHT),
        overflow="hidden",
    )
    if not tile.url:
        return cell
    # The table beside the plot has the same links, and is quicker to walk through.
    return element("a", told, cell, href=tile.url, tabindex="-1")


def _fit(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: max(most - 1, 1)]}…"
