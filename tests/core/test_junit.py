"""JUnit's XML, in the dialects of the test runners."""

from __future__ import annotations

import contextlib
import csv
import gzip
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core import formats
from worker.core.errors import ReportError
from worker.core.junit import TestCase, TestRun, parse_junit, sniff

DATA = Path(__file__).parents[1] / "data" / "junit"
with (DATA / "EXPECTED.tsv").open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table, delimiter="\t"))
COVERAGE = DATA.parent / "reports"


@pytest.mark.parametrize("row", ROWS, ids=[row["path"] for row in ROWS])
def test_outcomes_are_the_counted_ones(row):
    """A team would read another number of failed tests than its runner prints."""
    data = (DATA / row["path"]).read_bytes()
    run = parse_junit(data)
    assert sniff(data)
    assert {
        "tests": len(run),
        "passed": run.outcomes["passed"],
        "failed": run.outcomes["failed"],
        "errors": run.outcomes["error"],
        "skipped": run.outcomes["skipped"],
        "reruns": sum(case.reruns for case in run.cases),
    } == {
        key: int(row[key]) for key in ("tests", "passed", "failed", "errors", "skipped", "reruns")
    }


@pytest.mark.parametrize("row", ROWS, ids=[row["path"] for row in ROWS])
def test_test_reports_are_no_coverage_reports(row):
    """A test report in the coverage artifact would be read as an empty report, or an error."""
    assert formats.recognise((DATA / row["path"]).read_bytes()) is None


@pytest.mark.parametrize("path", sorted(COVERAGE.glob("*/*.xml*")), ids=lambda path: path.name)
def test_coverage_reports_are_no_test_reports(path):
    """A coverage report would be read as a test run without tests."""
    assert not sniff(path.read_bytes()) or path.parent.name == "malformed"


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (  # mocha-junit-reporter
            (
                '<testsuites name="Mocha Tests"><testsuite name="Root" file="/ci/test/a.js">'
                '<testcase name="A adds" time="0.002" classname="adds"/></testsuite></testsuites>'
            ),
            TestCase("adds::A adds", "A adds", "adds", "/ci/test/a.js", Fraction(1, 500), "passed"),
        ),
        (  # rspec_junit_formatter
            (
                '<testsuite name="rspec"><properties><property name="a"/></properties>'
                '<testcase classname="spec.a_spec" name="A adds" file="./spec/a_spec.rb" '
                'time="1.5"><failure message="expected 1" type="T">at x</failure></testcase>'
                "</testsuite>"
            ),
            TestCase(
                "spec.a_spec::A adds",
                "A adds",
                "spec.a_spec",
                "./spec/a_spec.rb",
                Fraction(3, 2),
                "failed",
                "expected 1",
            ),
        ),
        (  # Vitest
            (
                '<testsuites name="vitest tests"><testsuite name="test/a.test.ts" tests="1">'
                '<testcase classname="test/a.test.ts" name="a &gt; b" time="1e-05"><skipped/>'
                "</testcase></testsuite></testsuites>"
            ),
            TestCase(
                "test/a.test.ts::a > b",
                "a > b",
                "test/a.test.ts",
                "",
                Fraction(1, 100_000),
                "skipped",
            ),
        ),
        (  # nextest: failed once, and then passed
            (
                '<testsuite name="crate"><testcase name="t" classname="crate" time="0.1">'
                '<flakyFailure timestamp="2024" time="0.2" message="" type="test failure">thread'
                "</flakyFailure></testcase></testsuite>"
            ),
            TestCase("crate::t", "t", "crate", "", Fraction(1, 10), "passed", "", 1),
        ),
        (  # googletest
            ('<testsuite name="Suite"><testcase name="T" status="notrun"/></testsuite>'),
            TestCase("Suite::T", "T", "", "", None, "skipped"),
        ),
    ],
    ids=["mocha", "RSpec", "Vitest", "nextest", "googletest"],
)
def test_dialects(report, expected):
    """A runner's way to say it would lose names, times, reasons or re-runs."""
    assert parse_junit(report.encode()).cases == (expected,)


def test_a_failed_rerun_is_still_failed():
    """A test that failed thrice would be counted thrice, or not at all."""
    (case,) = parse_junit(
        b'<testsuite name="s"><testcase name="t" classname="C"><failure message="first"/>'
        b'<rerunFailure message="second"><stackTrace>x</stackTrace></rerunFailure>'
        b'<rerunError message="third"/></testcase></testsuite>'
    ).cases
    assert (case.outcome, case.reason, case.reruns) == ("failed", "first", 2)


@pytest.mark.parametrize(
    ("attributes", "text", "reason"),
    [
        ('message="said" type="T"', "trace", "said"),
        ('type="T"', "\n  trace\n", "trace"),
        ('type="T"', "", "T"),
        ("", "x" * 9_999, "x" * 500),
    ],
)
def test_the_reason_is_the_most_telling_text(attributes, text, reason):
    """A failed test would be shown with its exception's type, or with a whole log."""
    (case,) = parse_junit(
        f'<testsuite><testcase name="t"><error {attributes}>{text}</error></testcase>'
        "</testsuite>".encode()
    ).cases
    assert (case.outcome, case.reason) == ("error", reason)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1.250", Fraction(5, 4)),
        ("1,234.5", Fraction(2469, 2)),
        ("0,5", Fraction(1, 2)),
        ("2E-3", Fraction(1, 500)),
        (".5", Fraction(1, 2)),
        *((text, None) for text in ("", "NaN", "-1", "inf", "1e999999999", "1_0", "1/3", "٣", "s")),
    ],
)
def test_durations_are_exact_seconds(text, seconds):
    """A slow test would seem quick, or a strange number hang the worker."""
    report = f'<testsuite><testcase name="t" time="{text}"/></testsuite>'
    assert parse_junit(report.encode()).cases[0].duration == seconds


def test_several_documents_in_one_file_are_one_run():
    """`cat *.xml > junit.xml` would be refused, or only its first file be read."""
    one = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="a">'
        b'<testcase name="1"/></testsuite><testsuite name="b"><testcase name="2"/></testsuite>'
        b"</testsuites>\n"
    )
    two = '<testsuite name="ü"><testcase name="3"/></testsuite>'.encode()
    assert [len(parse_junit(data)) for data in (one + two, one + one, two + two)] == [3, 4, 2]
    assert len(parse_junit(gzip.compress(one + two))) == 3
    assert [case.id for case in parse_junit(one + two).cases] == ["a::1", "b::2", "ü::3"]


def test_merging_jobs_keeps_every_test():
    """Tests of one of two jobs would be missing from the sum."""
    runs = [parse_junit((DATA / row["path"]).read_bytes()) for row in ROWS[:3]]
    first, second, third = runs
    merged = first.merge(second).merge(third)
    assert len(merged) == sum(map(len, runs))
    assert merged == third.merge(second.merge(first))
    assert TestRun().merge(first) == first


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html/>", "is no JUnit report"),
        (b"", "is no JUnit report"),
        (b"<testsuite><testcase>", "no element found at line 1"),
        (b"<testsuite>" * 101, "nested more than 100 deep"),
        (b'<!DOCTYPE t [<!ENTITY a "b">]><testsuite/>', "declares the entity 'a'"),
        (b"<testsuite/><testcase>", "is no well-formed XML"),
    ],
)
def test_what_can_not_be_read_is_named(data, reason):
    """A damaged report would end in a traceback, or seem to hold no tests."""
    with pytest.raises(ReportError, match=reason):
        parse_junit(data)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([row["path"] for row in ROWS if row["path"].endswith(".xml")]), st.data())
def test_any_damage_gives_a_run_or_a_report_error(path, data):
    """A damaged upload would end in a traceback instead of a sentence."""
    sample = bytearray((DATA / path).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(sample) - 1))
        sample[where : where + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=3))
    with contextlib.suppress(ReportError):
        parse_junit(bytes(sample))
