"""What `covgate inspect` tells of a report."""

from __future__ import annotations

from worker.core.formats import read
from worker.core.inspection import inspect_report


def test_the_keys_and_counts_are_what_scripts_rely_on():
    """A script that reads `covgate inspect --json` would break."""
    known, parsed = read(
        b"SF:a.c\nFN:1,f\nFN:3,g\nFNDA:2,f\nFNDA:0,g\nBRDA:1,0,0,1\nBRDA:1,0,1,0\n"
        b"DA:1,2\nDA:2,1\nDA:3,0\nend_of_record\n"
    )
    assert inspect_report("lcov.info", known, parsed.report).as_json() == {
        "path": "lcov.info",
        "format": "lcov",
        "files": 1,
        "lines": {"valid": 3, "covered": 2},
        "branches": {"valid": 2, "covered": 1},
        "functions": {"valid": 2, "covered": 1},
        "partials": 1,
    }
