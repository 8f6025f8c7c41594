"""Every text that people read is made here: values in, text out."""

from __future__ import annotations

from worker.core.render.annotations import Annotation
from worker.core.render.check import Page, render_check
from worker.core.render.comment import MARKER, render_comment
from worker.core.render.context import Conclusion, Context, Source, conclude
from worker.core.render.machine import render_json
from worker.core.render.paths import Unfound
from worker.core.render.terminal import render_terminal

__all__ = [
    "MARKER",
    "Annotation",
    "Conclusion",
    "Context",
    "Page",
    "Source",
    "Unfound",
    "conclude",
    "render_check",
    "render_comment",
    "render_json",
    "render_terminal",
]
