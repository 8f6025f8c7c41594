"""SonarQube's generic coverage."""

from __future__ import annotations

import pytest

from tests.core.formats.real import real_report
from worker.core.errors import ReportError
from worker.core.formats.sonar import FORMAT
from worker.core.model import BranchLine, line_numbers

LINE = '<lineToCover lineNumber="3" covered="true" branchesToCover="2" coveredBranches="1"/>'


def test_lines_and_branches():
    """A part of what the report says would be lost."""
    (file,) = FORMAT.parse(_report(LINE + '<lineToCover lineNumber="4" covered="false"/>')).report
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([3], [4])
    assert (file.branches, line_numbers(file.partial)) == ((BranchLine(3, 1, 2),), [3])


@pytest.mark.parametrize(("text", "hit"), [("1", True), ("0", False)])
def test_booleans_may_be_digits(text, hit):
    """A report that keeps to SonarQube's own schema would be refused."""
    (file,) = FORMAT.parse(_report(LINE.replace("true", text))).report
    assert bool(file.hit) is hit


@pytest.mark.parametrize("side", ["base", "head"])
def test_gcovrs_formats_are_of_one_mind(side):
    """The verdict on a pull request would depend on the format that a team configured."""
    folder = f"projects/c-yajl/reports/{side}/gcovr"
    sonar, cobertura = (
        real_report(f"{folder}/sonarqube.gcovr5.xml"),
        real_report(f"{folder}/cobertura.gcovr5.xml"),
    )
    assert _lines(sonar) == _lines(cobertura)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"true"', '"yes"', "covered is 'yes', neither true nor false"),
        ('"3"', '"0"', "line number 0 is not between"),
        ('"3"', '"1000000000000"', "line number 1000000000000 is not between"),
        ('"3"', '""', "the attribute lineNumber is ''"),
        ('"1"', '"5"', "line 3 has 5 covered branches of 2"),
        ('"2"', '"1e99"', "the attribute branchesToCover is '1e99'"),
    ],
)
def test_wrong_lines_are_named(old, new, reason):
    """A damaged report would be judged, or end in a traceback."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(_report(LINE.replace(old, new, 1)))


def test_a_line_outside_of_files_is_refused():
    """Lines of nobody knows which file would be dropped without a word."""
    with pytest.raises(ReportError, match="outside of any <file>"):
        FORMAT.parse(f'<coverage version="1">{LINE}</coverage>'.encode())


def _lines(report):
    return [(file.path, file.measured, file.hit, file.branch_ratio) for file in report]


def _report(lines):
    return f'<coverage version="1"><file path="a.c">{lines}</file></coverage>'.encode()
