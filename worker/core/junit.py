"""Test reports in JUnit's XML, which nearly every test runner writes.

There is no standard. Ant began it, and these dialects are read: pytest, Maven Surefire,
Gradle, jest-junit, Vitest, cargo-nextest, go-junit-report, gotestsum, mocha, RSpec, PHPUnit,
googletest and CTest.
Surefire: https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd
nextest: https://nexte.st/docs/machine-readable/junit/
A collection of dialects: https://github.com/testmoapp/junitxml

Tests are counted as `<testcase>` elements: the sums at suites leave out tests that were run
again, or count them twice, depending on the tool. Of several results in one test case the
worst counts: error, failure, skipped, passed.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from worker.core.errors import ReportError
from worker.core.formats._base import unpack, unpack_head
from worker.core.formats._xml import opening, read_xml

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAX_CASES", "NO_TESTS", "Outcome", "TestCase", "TestRun", "parse_junit", "sniff"]

Outcome = Literal["passed", "failed", "error", "skipped"]

MAX_CASES = 300_000
"""Test cases of one report. Each takes up to a kilobyte while it is read."""

_ROOTS = frozenset({"testsuites", "testsuite"})
_RESULTS: dict[str, Outcome] = {"error": "error", "failure": "failed", "skipped": "skipped"}
_WORST: tuple[Outcome, ...] = ("error", "failed", "skipped")
_NOT_RUN = frozenset({"disabled", "notrun"})
"""Values of googletest's and CTest's attribute `status`; not all of them add `<skipped>`."""
_RERUNS = ("rerunFailure", "rerunError", "flakyFailure", "flakyError", "rerun")
_MAX_REASON = 500
_DECLARATION = re.compile(rb"<\?xml\s[^>]*\?>")
_SEVERAL_ROOTS = ("junk after document element", "declaration not at start of entity")
"""What expat calls a second document in the same file."""

_DURATION = re.compile(r"\d{1,15}(?:\.\d{0,30})?(?:[eE][+-]?\d{1,2})?|\.\d{1,30}")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3}){1,4}(?:\.\d{1,30})?")
"""Surefire groups the digits of a thousand seconds and more: "1,234.5"."""


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test that a runner reports, with the result of its last run.

    `id` is "class::name", with the suite where there is no class; runners may give the same
    to several. `file` is as written, and empty in most dialects. `duration` is in seconds,
    None where it is not told. `reason` is the beginning of what a test that did not pass
    says. `reruns` are further runs that the report tells of: all of them failed.
    """

    __test__: ClassVar[bool] = False  # or pytest takes this class for a test

    id: str
    name: str
    classname: str
    file: str
    duration: Fraction | None
    outcome: Outcome
    reason: str = ""
    reruns: int = 0


@dataclass(frozen=True, slots=True)
class TestRun:
    """Test cases, sorted. Merging is associative and commutative; nothing is dropped."""

    __test__: ClassVar[bool] = False

    cases: tuple[TestCase, ...] = ()

    def __len__(self) -> int:
        return len(self.cases)

    def merge(self, other: Self) -> Self:
        """Return the tests of both runs, as of two jobs that each ran some."""
        return type(self)(tuple(sorted((*self.cases, *other.cases), key=_order)))

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many tests had each outcome."""
        return Counter(case.outcome for case in self.cases)


NO_TESTS = TestRun()


def sniff(head: bytes) -> bool:
    """Return whether a file that begins so (gzip or not) is a JUnit report."""
    start = opening(unpack_head(head))
    return start is not None and start.root in _ROOTS


def parse_junit(data: bytes) -> TestRun:
    """Return the tests of a report. Several documents in one file are read as one.

    Raises `ReportError` where it can not be read.
    """
    data = unpack(data)
    if not sniff(data):
        raise ReportError("is no JUnit report: its root is neither <testsuites> nor <testsuite>")
    try:
        cases = _read(data)
    except ReportError as error:
        if not any(words in error.reason for words in _SEVERAL_ROOTS):
            raise
        cases = _read(_join(data))
    return TestRun(tuple(sorted(cases, key=_order)))


def _join(data: bytes) -> bytes:
    """Return documents that were written one after the other as one."""
    declaration = _DECLARATION.match(data.lstrip())
    body = _DECLARATION.sub(b"", data)
    return (declaration[0] if declaration else b"") + b"<testsuites>" + body + b"</testsuites>"


def _read(data: bytes) -> list[TestCase]:
    reader = _Reader()
    read_xml(
        data,
        starts={
            "testsuite": reader.start_suite,
            "testcase": reader.start_case,
            **{name: reader.result(name) for name in _RESULTS},
            **dict.fromkeys(_RERUNS, reader.rerun),
        },
        ends={"testsuite": reader.end_suite, "testcase": reader.end_case},
        texts=dict.fromkeys(_RESULTS, reader.text),
    )
    return reader.cases


class _Reader:
    __slots__ = ("_attributes", "_reasons", "_reruns", "_result", "_suites", "_type", "cases")

    def __init__(self) -> None:
        self.cases: list[TestCase] = []
        self._suites: list[dict[str, str]] = []
        self._attributes: dict[str, str] | None = None
        self._reasons: dict[Outcome, str] = {}
        self._result: Outcome = "passed"
        self._type = ""
        self._reruns = 0

    def start_suite(self, attributes: dict[str, str]) -> None:
        self._suites.append(attributes)

    def end_suite(self) -> None:
        self._suites.pop()

    def start_case(self, attributes: dict[str, str]) -> None:
        if len(self.cases) >= MAX_CASES:
            raise ReportError(f"has more than {MAX_CASES} test cases; split the report")
        self._attributes = attributes
        self._reasons = {}
        self._reruns = 0

    def result(self, name: str) -> Callable[[dict[str, str]], None]:
        """Return what takes the start of an element that tells a result."""
        outcome = _RESULTS[name]

        def take(attributes: dict[str, str]) -> None:
            self._result = outcome
            # Of several failures the first is told: later ones often follow from it.
            self._type = attributes.get("type", "")
            self._reasons.setdefault(outcome, _short(attributes.get("message", "")))

        return take

    def text(self, text: str) -> None:
        if not self._reasons.get(self._result):
            self._reasons[self._result] = _short(text) or self._type

    def rerun(self, _: dict[str, str]) -> None:
        self._reruns += 1

    def end_case(self) -> None:
        attributes, self._attributes = self._attributes, None
        if attributes is None:
            return
        outcome: Outcome = next((kind for kind in _WORST if kind in self._reasons), "passed")
        if outcome == "passed" and attributes.get("status", "").lower() in _NOT_RUN:
            outcome = "skipped"
        name = attributes.get("name", "")
        classname = attributes.get("classname", "")
        file = attributes.get("file") or self._of_suite("file")
        parts = (classname or self._of_suite("name"), name)
        self.cases.append(
            TestCase(
                id="::".join(part for part in parts if part),
                name=name,
                classname=classname,
                file=file,
                duration=_duration(attributes.get("time", "")),
                outcome=outcome,
                reason=self._reasons.get(outcome, ""),
                reruns=self._reruns,
            )
        )

    def _of_suite(self, attribute: str) -> str:
        """Return an attribute of the innermost suite that has it."""
        return next((suite[attribute] for suite in self._suites[::-1] if suite.get(attribute)), "")


def _short(text: str) -> str:
    return text.strip()[:_MAX_REASON]


def _duration(text: str) -> Fraction | None:
    """Return seconds; None for what is no duration ("NaN", "-1"), which no verdict needs."""
    text = text.strip()
    if not text.isascii():
        return None
    if _GROUPED.fullmatch(text):
        return Fraction(text.replace(",", ""))
    text = text.replace(",", ".", 1)  # some tools write as their country does
    return Fraction(text) if _DURATION.fullmatch(text) else None


def _order(case: TestCase) -> tuple[str, str, str, Fraction, str, int]:
    duration = Fraction(-1) if case.duration is None else case.duration
    return case.id, case.name, case.outcome, duration, case.reason, case.reruns
