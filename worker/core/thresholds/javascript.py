"""Thresholds of JavaScript's tools: Jest, Vitest, nyc, c8 and Karma.

https://jestjs.io/docs/configuration#coveragethreshold-object
https://vitest.dev/config/coverage.html#coverage-thresholds
https://github.com/istanbuljs/nyc#coverage-thresholds
https://github.com/bcoe/c8#checking-for-full-source-coverage-using---all
https://github.com/karma-runner/karma-coverage/blob/master/docs/configuration.md#check
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from worker.core.thresholds.places import Kind
from worker.core.thresholds.text import LONGEST_BLOCK, NUMBER, Found, Text, percent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find"]

_KEY = r"""["']?\b{}\b["']?\s{{0,20}}:\s{{0,20}}"""
_LINES = re.compile(_KEY.format("lines") + NUMBER)
_STATEMENTS = re.compile(_KEY.format("statements") + NUMBER)
_ALL = re.compile(_KEY.format("100") + r"true\b")
_CHECKED = re.compile(_KEY.format("check-?[cC]overage") + r"true\b")
_QUOTE = r"""["']?"""


def find(text: Text) -> Iterator[Found]:
    """Yield the thresholds of lines, or where there are none of statements, of the whole."""
    if text.kind not in {Kind.JSON, Kind.SCRIPT} and ".nycrc" not in text.name:
        return
    for block in text.blocks(rf"\bcoverageThreshold\b{_QUOTE}"):
        for whole in text.blocks(rf"\bglobal\b{_QUOTE}", block.start, block.stop):
            yield from _of(text, whole, "jest")
    if text.name.startswith(("vitest.", "vite.")):
        yield from _vitest(text)
    if text.name.startswith("karma."):
        for block in text.blocks(rf"\bcheck\b{_QUOTE}"):
            for whole in text.blocks(rf"\bglobal\b{_QUOTE}", block.start, block.stop):
                yield from _of(text, whole, "karma")
    yield from _nyc(text)


def _vitest(text: Text) -> Iterator[Found]:
    for block in text.blocks(rf"\bcoverage\b{_QUOTE}"):
        inner = list(text.blocks(rf"\bthresholds?\b{_QUOTE}", block.start, block.stop))
        for one in inner or [block]:
            yield from _of(text, one, "vitest")


def _nyc(text: Text) -> Iterator[Found]:
    """Yield what nyc and c8 check: nothing unless they are told to."""
    if ".nycrc" in text.name or text.name.startswith((".c8rc", "nyc.config.")):
        tool = "c8" if "c8" in text.name else "nyc"
        whole = range(min(len(text.code), LONGEST_BLOCK))
        if _CHECKED.search(text.code):
            yield from _of(text, whole, tool, flat=text.kind is Kind.YAML)
    elif text.name == "package.json":
        for tool in ("nyc", "c8"):
            for block in text.blocks(rf'"{tool}"'):
                if _CHECKED.search(text.code, block.start, block.stop):
                    yield from _of(text, block, tool)


def _of(text: Text, block: range, tool: str, *, flat: bool = False) -> Iterator[Found]:
    """Yield the threshold of a block itself, and not of a block in it (a glob's)."""
    start, stop = block.start, block.stop
    nested = [] if flat else _nested(text.code, start, stop)
    for pattern in (_LINES, _STATEMENTS):
        for found in pattern.finditer(text.code, start, stop):
            percent = percent_of(found["number"])
            if percent is not None and not any(found.start() in one for one in nested):
                yield Found(found.start("number"), tool, percent)
                return
    whole = _ALL.search(text.code, start, stop)
    if whole is not None and not any(whole.start() in one for one in nested):
        yield Found(whole.start(), tool, Fraction(100))


def _nested(code: str, start: int, stop: int) -> list[range]:
    """Return the outermost blocks within a block, the file's own braces not counted."""
    found: list[range] = []
    depth, begin = 0, start
    floor = 1 if code[start:stop].lstrip().startswith("{") else 0
    for brace in re.finditer(r"[{}]", code[start:stop]):
        at = start + brace.start()
        if brace[0] == "{":
            depth += 1
            if depth == floor + 1:
                begin = at
        else:
            if depth == floor + 1:
                found.append(range(begin, at))
            depth = max(0, depth - 1)
    return found
