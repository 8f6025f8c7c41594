"""Plots as inline SVG: pure functions from values to markup, without script or style.

Colours come of classes, so that the style sheet alone knows light and dark. What is drawn
has a title and a description; a table beside each plot says the same in words.
"""

from __future__ import annotations

from bot.dashboard.plots.meter import draw_meter
from bot.dashboard.plots.pyramid import Level, draw_pyramid
from bot.dashboard.plots.scale import coverage_class
from bot.dashboard.plots.spark import draw_spark
from bot.dashboard.plots.treemap import Box, Tile, draw_treemap, squarify
from bot.dashboard.plots.trend import Trend, draw_trend, lay_trend

__all__ = [
    "Box",
    "Level",
    "Tile",
    "Trend",
    "coverage_class",
    "draw_meter",
    "draw_pyramid",
    "draw_spark",
    "draw_treemap",
    "draw_trend",
    "lay_trend",
    "squarify",
]
