"""Thresholds in build files and test helpers: JaCoCo, Kover, scoverage, SimpleCov, coverlet.

https://www.jacoco.org/jacoco/trunk/doc/check-mojo.html
https://docs.gradle.org/current/userguide/jacoco_plugin.html#sec:jacoco_report_violation_rules
https://kotlin.github.io/kotlinx-kover/gradle-plugin/#verification-rules
https://github.com/scoverage/sbt-scoverage#minimum-coverage
https://github.com/simplecov-ruby/simplecov#minimum-overall-coverage
https://github.com/coverlet-coverage/coverlet/blob/master/Documentation/MSBuildIntegration.md#threshold
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.core.thresholds.places import Kind
from worker.core.thresholds.text import NUMBER, Found, Text, percent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find"]

_RULE = re.compile(r"<rule\b|</rule>")
_LIMIT = re.compile(r"<limit>|</limit>")
_XML_MINIMUM = re.compile(r"<minimum>\s{0,20}(?P<number>\d{1,3}(?:\.\d{1,6})?)\s{0,3}(?P<per>%?)")
_COUNTER = re.compile(r"<counter>\s{0,20}(\w{1,20})")
_ELEMENT = re.compile(r"<element>\s{0,20}(\w{1,20})")
_GRADLE_MINIMUM = re.compile(
    r"""\bminimum\b[^\w\n]{1,6}(?:BigDecimal\s{0,5}\(\s{0,5})?["']?"""
    r"""(?P<number>[01]\.\d{1,6}|[01])(?![\w.]*\d)"""
)
_GRADLE_COUNTER = re.compile(r"""\bcounter\b[^\w\n]{1,6}["']?(\w{1,20})""")
_GRADLE_ELEMENT = re.compile(r"""\belement\b[^\w\n]{1,6}["']?(\w{1,20})""")
_KOVER = re.compile(rf"\bmin(?:Bound\s{{0,5}}\(|Value(?:\.set\(|\s{{0,5}}=))\s{{0,5}}{NUMBER}")
_SBT = re.compile(rf"\bcoverageMinimum(?:StmtTotal)?\s{{0,20}}:=\s{{0,20}}{NUMBER}")
_SIMPLECOV = re.compile(rf"\bminimum_coverage[ \t(]{{1,10}}(?:line:[ \t]{{0,10}})?{NUMBER}")
_COVERLET = re.compile(rf"<Threshold>\s{{0,20}}{NUMBER}")
_LINES = frozenset({"LINE", "INSTRUCTION"})


def find(text: Text) -> Iterator[Found]:
    """Yield the thresholds of lines or instructions of the whole."""
    if text.name == "pom.xml":
        yield from _maven(text)
    elif text.name.startswith("build.gradle"):
        yield from _gradle(text)
        yield from _plain(text, _KOVER, "kover")
    elif text.name == "build.sbt":
        yield from _plain(text, _SBT, "scoverage")
    elif text.kind is Kind.RUBY:
        yield from _plain(text, _SIMPLECOV, "simplecov")
    elif text.kind is Kind.XML:
        yield from _plain(text, _COVERLET, "coverlet")


def _plain(text: Text, pattern: re.Pattern[str], tool: str) -> Iterator[Found]:
    for found in pattern.finditer(text.code):
        percent = percent_of(found["number"])
        if percent is not None:
            yield Found(found.start("number"), tool, percent)


def _maven(text: Text) -> Iterator[Found]:
    for start, end in _between(text.code, _RULE):
        element = _ELEMENT.search(text.code, start, end)
        if element is not None and element[1] != "BUNDLE":
            continue
        for first, last in _between(text.code, _LIMIT, start, end):
            counter = _COUNTER.search(text.code, first, last)
            found = _XML_MINIMUM.search(text.code, first, last)
            if found is not None and (counter is None or counter[1] in _LINES):
                percent = percent_of(found["number"], most=100 if found["per"] else 1)
                if percent is not None:
                    yield Found(found.start("number"), "jacoco", percent)


def _between(
    code: str, marks: re.Pattern[str], start: int = 0, end: int | None = None
) -> Iterator[tuple[int, int]]:
    """Yield what stands between an opening mark and the next closing one."""
    begin: int | None = None
    for mark in marks.finditer(code, start, len(code) if end is None else end):
        if mark[0].startswith("</"):
            if begin is not None:
                yield begin, mark.start()
            begin = None
        else:
            begin = mark.end()


def _gradle(text: Text) -> Iterator[Found]:
    for rules in text.blocks(r"\bviolationRules"):
        for rule in text.blocks(r"\brule", rules.start, rules.stop):
            element = _GRADLE_ELEMENT.search(text.code, rule.start, rule.stop)
            if element is not None and element[1] != "BUNDLE":
                continue
            for limit in text.blocks(r"\blimit", rule.start, rule.stop):
                counter = _GRADLE_COUNTER.search(text.code, limit.start, limit.stop)
                found = _GRADLE_MINIMUM.search(text.code, limit.start, limit.stop)
                if found is not None and (counter is None or counter[1] in _LINES):
                    percent = percent_of(found["number"], most=1)
                    if percent is not None:
                        yield Found(found.start("number"), "jacoco", percent)
