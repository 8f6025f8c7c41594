"""Thresholds of services and checkers with a YAML or JSON file of their own.

https://docs.codecov.com/docs/commit-status
https://github.com/vladopajic/go-test-coverage#config
https://hexdocs.pm/excoveralls/readme.html#minimum_coverage
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.core.thresholds.text import NUMBER, Entry, Found, Text, percent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find"]

_TARGET = re.compile(rf"""["']?{NUMBER}\s*%?["']?\s*""")
_INLINE = re.compile(rf"""\btarget["']?\s{{0,10}}:\s{{0,10}}["']?{NUMBER}""")
_MINIMUM = re.compile(rf'"minimum_coverage"\s{{0,20}}:\s{{0,20}}{NUMBER}')
_STATUSES = (("project",), ("patch",), ("project", "target"), ("patch", "target"))


def find(text: Text) -> Iterator[Found]:
    """Yield the targets of Codecov, go-test-coverage and ExCoveralls."""
    if text.name.lstrip(".").startswith("codecov."):
        yield from _codecov(text)
    elif text.name.startswith(".testcoverage."):
        for entry in text.entries():
            if entry.keys == ("threshold", "total"):
                yield from _value(entry, "go-test-coverage")
    elif text.name == "coveralls.json":
        for found in _MINIMUM.finditer(text.code):
            percent = percent_of(found["number"])
            if percent is not None:
                yield Found(found.start("number"), "excoveralls", percent)


def _codecov(text: Text) -> Iterator[Found]:
    """Yield the targets of the statuses of the whole; others are of flags or paths."""
    for entry in text.entries():
        if entry.keys[:2] != ("coverage", "status"):
            continue
        rest = tuple(key for key in entry.keys[2:] if key != "default")
        if rest not in _STATUSES:
            continue
        if rest[-1] == "target":
            yield from _value(entry, "codecov", new_code=rest[0] == "patch")
        else:
            yield from _inline(entry, new_code=rest[0] == "patch")


def _value(entry: Entry, tool: str, *, new_code: bool = False) -> Iterator[Found]:
    found = _TARGET.fullmatch(entry.value)
    percent = percent_of(found["number"]) if found is not None else None
    if percent is not None:
        yield Found(entry.at, tool, percent, new_code)


def _inline(entry: Entry, *, new_code: bool) -> Iterator[Found]:
    """Yield the target of a status that is written on one line, in braces."""
    found = _INLINE.search(entry.value)
    percent = percent_of(found["number"]) if found is not None else None
    if percent is not None:
        yield Found(entry.at, "codecov", percent, new_code)
