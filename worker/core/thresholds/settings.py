"""Thresholds in the configuration of coverage.py and of cargo-tarpaulin.

https://coverage.readthedocs.io/en/latest/config.html#report-fail-under
https://github.com/xd009642/tarpaulin#config-file
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.core.thresholds.places import Kind
from worker.core.thresholds.text import NUMBER, Found, Text, percent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find"]

_SECTION = re.compile(r"^[ \t]*\[\[?([^\]\n]{1,100})\]", re.MULTILINE)
_FLOOR = re.compile(rf"^[ \t]*(?:report\.)?fail_under[ \t]*[=:][ \t]*{NUMBER}", re.MULTILINE)
_INLINE = re.compile(rf"^[ \t]*report[ \t]*=[ \t]*\{{[^}}\n]*\bfail_under[ \t]*=[ \t]*{NUMBER}",
                     re.MULTILINE)  # fmt: skip
_TARPAULIN = re.compile(rf"^[ \t]*fail-under[ \t]*=[ \t]*{NUMBER}", re.MULTILINE)
_COVERAGE = frozenset({"report", "coverage:report", "tool.coverage.report", "tool.coverage"})


def find(text: Text) -> Iterator[Found]:
    """Yield the floors of TOML and INI files."""
    if text.kind not in {Kind.TOML, Kind.INI}:
        return
    if "tarpaulin" in text.name:
        yield from _all(text, _TARPAULIN, "cargo-tarpaulin", 0, len(text.code))
        return
    own = text.name.startswith(".coveragerc")
    sections = list(_SECTION.finditer(text.code))
    ends = [*(one.start() for one in sections[1:]), len(text.code)]
    for section, end in zip(sections, ends, strict=False):
        name = section[1].strip().replace('"', "")
        if name in _COVERAGE and (own or name != "report"):
            for pattern in (_FLOOR, _INLINE):
                yield from _all(text, pattern, "coverage.py", section.end(), end)


def _all(text: Text, pattern: re.Pattern[str], tool: str, start: int, end: int) -> Iterator[Found]:
    for found in pattern.finditer(text.code, start, end):
        percent = percent_of(found["number"])
        if percent is not None:
            yield Found(found.start("number"), tool, percent)
