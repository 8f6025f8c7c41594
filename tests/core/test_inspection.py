"""What `covgate inspect` tells of a report."""

from __future__ import annotations

from worker.core.formats import read
from worker.core.inspection import inspect_report, inspect_tests
from worker.core.junit import parse_junit


def test_the_keys_and_counts_are_what_scripts_rely_on():
    """A script that reads `covgate inspect --json` would break."""
    known, parsed = read(
        b"SF:a.c\nFN:1,f\nFN:3,g\nFNDA:2,f\nFNDA:0,g\nBRDA:1,0,0,1\nBRDA:1,0,1,0\n"
        b"DA:1,2\nDA:2,1\nDA:3,0\nend_of_record\n"
    )
    assert inspect_report("lcov.info", known, parsed.report).as_json() == {
        "path": "lcov.info",
        "format": "lcov",
        "producer": None,
        "files": 1,
        "lines": {"valid": 3, "covered": 2},
        "branches": {"valid": 2, "covered": 1},
        "functions": {"valid": 2, "covered": 1},
        "partials": 1,
        "contexts": 0,
        "tests": None,
    }


def test_contexts_are_counted_once_over_all_files():
    """A report with one context a test would seem to have more tests than there are."""
    known, parsed = read(
        b"TN:one\nSF:a.c\nDA:1,2\nend_of_record\nTN:two\nSF:a.c\nDA:1,2\nend_of_record\n"
        b"TN:one\nSF:b.c\nDA:1,2\nend_of_record\n"
    )
    assert (
        inspect_report("lcov.info", known, parsed.report, "lcov 2").as_json()
        | {
            "producer": "lcov 2",
            "contexts": 2,
        }
        == inspect_report("lcov.info", known, parsed.report, "lcov 2").as_json()
    )


def test_a_test_report_has_tests_and_nothing_covered():
    """A script that reads the coverage of every file would stumble over one of tests."""
    run = parse_junit(
        b'<testsuite><testcase name="a"/><testcase name="b"><skipped/></testcase>'
        b'<testcase name="c"><failure/><rerunFailure/></testcase>'
        b'<testcase name="d"><error/></testcase></testsuite>'
    )
    nothing = {"valid": 0, "covered": 0}
    assert inspect_tests("junit.xml", run).as_json() == {
        "path": "junit.xml",
        "format": "junit",
        "producer": None,
        "files": 0,
        "lines": nothing,
        "branches": nothing,
        "functions": nothing,
        "partials": 0,
        "contexts": 0,
        "tests": {"total": 4, "passed": 1, "failed": 1, "errors": 1, "skipped": 1, "reruns": 1},
    }
