"""What a baseline keeps beside its reports."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given

from tests.core.reports import reports
from worker.core.codec import decode_report, encode_report
from worker.core.codec_details import Details, decode_details, encode_details, with_contexts
from worker.core.junit import NO_TESTS, TestCase, TestRun
from worker.core.model import EMPTY_REPORT, FileCoverage, Report

CASE = TestCase("a::b", "b", "a", "a.py", Fraction(1, 3), "failed", "no", 2)


@given(reports())
def test_contexts_come_back_beside_the_report(report: Report) -> None:
    """Which test had covered a lost line would not be known of any baseline."""
    details = decode_details(encode_details(NO_TESTS, (), report))
    assert with_contexts(decode_report(encode_report(report)), details) == report


def test_tests_and_artifacts_come_back() -> None:
    """A skipped test could not be named as the cause."""
    run = TestRun((CASE, replace(CASE, id="a::c", duration=None)))
    encoded = encode_details(run, ("coverage-1", "ü"), EMPTY_REPORT)
    assert decode_details(encoded) == Details(run, ("coverage-1", "ü"))


def test_what_can_not_be_read_is_as_good_as_none() -> None:
    """A verdict would fail for want of what merely explains it."""
    whole = encode_details(TestRun((CASE,)), ("a",), EMPTY_REPORT)
    for broken in (None, b"", b"\xff of the future", whole[:-5], whole[:20] + b"x" + whole[21:]):
        assert decode_details(broken) == Details()
    lone = TestRun((replace(CASE, id="\ud800"),))
    assert decode_details(encode_details(lone, ("a",), EMPTY_REPORT)) == Details()


def test_contexts_beyond_all_measure_are_left_out() -> None:
    """A report with a context for each of a million tests would fill the database."""
    last = 1 << 2_000_000
    contexts = tuple((f"test_{number}", last) for number in range(200))
    report = Report.of([FileCoverage("a.py", last, last, contexts=contexts)])
    assert not decode_details(encode_details(NO_TESTS, (), report)).contexts
