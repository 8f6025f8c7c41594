"""scoverage's XML."""

from __future__ import annotations

import pytest

from worker.core.errors import ReportError, SumsOnlyError
from worker.core.formats.scoverage import FORMAT
from worker.core.model import BranchLine, Function, line_numbers


def test_statements_become_lines_and_arms():
    """A part of what the report says would be lost."""
    (file,) = FORMAT.parse(
        _report(
            _statement(3, 1),
            _statement(3, 0, start=9),
            _statement(4, 2, branch="true", start=20),
            _statement(4, 0, branch="true", start=10),
            _statement(6, 0),
        )
    ).report
    assert file.path == "/ci/src/main/scala/A.scala"
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([3, 4], [6])
    assert file.branches == (BranchLine(4, 1, 2, 0b10, "scoverage"),)
    assert line_numbers(file.partial) == [4]
    assert file.functions == (Function(3, "f", 1, 6),)


def test_ignored_statements_are_left_out():
    """Code between $COVERAGE-OFF$ and $COVERAGE-ON$ would fail the gate."""
    (file,) = FORMAT.parse(_report(_statement(3, 1), _statement(4, 0, ignored="true"))).report
    assert line_numbers(file.measured) == [3]


def test_reports_without_sources_name_the_class_file():
    """Reports of old versions would be refused."""
    statement = _statement(3, 1).replace('source="/ci/src/main/scala/A.scala"', "")
    assert list(FORMAT.parse(_report(statement)).report.files) == ["A.scala"]


def test_sums_are_refused():
    """A report without statements would pass every gate as "nothing to judge"."""
    with pytest.raises(SumsOnlyError, match="sums only, of 5"):
        FORMAT.parse(_report())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('line="3"', 'line="0"', "line number 0 is not between"),
        ('line="3"', 'line="-5"', "the attribute line is '-5'"),
        ('count="1"', 'count="NaN"', "the attribute invocation-count is 'NaN'"),
        ('branch="false"', 'branch="no"', "branch is 'no', neither true nor false"),
    ],
)
def test_wrong_statements_are_named(old, new, reason):
    """A damaged report would be judged, or end in a traceback."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(_report(_statement(3, 1).replace(old, new)))


def _statement(line, hits, branch="false", ignored="false", start=1):
    return (
        f'<statement package="p" class="A" source="/ci/src/main/scala/A.scala" method="f" '
        f'start="{start}" end="{start + 5}" line="{line}" branch="{branch}" '
        f'invocation-count="{hits}" ignored="{ignored}"/>'
    )


def _report(*statements):
    return (
        '<scoverage statement-count="5" version="1.0"><packages><package name="p"><classes>'
        '<class name="p.A" filename="A.scala"><methods><method name="f"><statements>'
        f"{''.join(statements)}</statements></method></methods></class></classes></package>"
        "</packages></scoverage>"
    ).encode()
