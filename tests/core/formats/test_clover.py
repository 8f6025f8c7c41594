"""Clover's XML."""

from __future__ import annotations

import pytest

from tests.core.formats.real import real_report
from worker.core.errors import SumsOnlyError
from worker.core.formats.clover import FORMAT
from worker.core.model import BranchLine, Function, line_numbers


def test_statements_become_lines_and_methods_functions():
    """A method's declaration would count as a line, which no Clover tool does."""
    (file,) = FORMAT.parse(
        _report(
            '<line num="2" type="method" name="f" count="3"/><line num="3" type="stmt" count="3"/>'
            '<line num="3" type="stmt" count="0"/><line num="4" type="stmt" count="0"/>'
            '<line num="7" type="method" signature="g() : void" count="0"/>'
        )
    ).report
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([3], [4])
    assert file.functions == (Function(2, "f", 3), Function(7, "g() : void", 0))


def test_openclovers_conditions_have_two_arms():
    """A condition that was true five times would look like five branches."""
    (file,) = FORMAT.parse(
        _report(
            '<line num="5" type="stmt" count="5"/>'
            '<line num="5" type="cond" truecount="5" falsecount="0"/>'
            '<line num="5" type="cond" truecount="2" falsecount="3"/>'
        )
    ).report
    assert file.branches == (BranchLine(5, 3, 4, 0b1101, "clover"),)
    assert line_numbers(file.partial) == [5]


def test_istanbuls_conditions_count_branches():
    """A line with six of six branches taken would have one of two."""
    (file,) = FORMAT.parse(
        _report(
            '<line num="1" count="9" type="cond" truecount="6" falsecount="0"/>'
            '<line num="2" count="9" type="cond" truecount="1" falsecount="1"/>'
            '<line num="3" count="0" type="cond" truecount="0" falsecount="2"/>'
        )
    ).report
    assert file.branches == (BranchLine(1, 6, 6), BranchLine(2, 1, 2), BranchLine(3, 0, 2))
    assert (line_numbers(file.hit), line_numbers(file.partial)) == ([1, 2], [2])


def test_the_path_is_preferred_to_the_name():
    """All files called index.js would be one."""
    line = '<line num="1" type="stmt" count="1"/>'
    files = f'<file name="a.js" path="src/a.js">{line}</file><file name="/ci/b.php">{line}</file>'
    report = FORMAT.parse(
        f'<coverage generated="1"><project>{files}</project></coverage>'.encode()
    ).report
    assert list(report.files) == ["/ci/b.php", "src/a.js"]


def test_the_tests_own_code_is_left_out():
    """The file "dummy" of gcovr would be reported as one that is not in the repository."""
    report = FORMAT.parse(
        b'<coverage clover="1"><project><file name="a"><line num="1" type="stmt" count="0"/></file>'
        b'</project><testproject><file name="dummy"><line num="1" type="stmt" count="1"/></file>'
        b"</testproject></coverage>"
    ).report
    assert list(report.files) == ["a"]


def test_metrics_without_lines_are_refused():
    """A summary would pass every gate as "nothing to judge"."""
    with pytest.raises(SumsOnlyError, match="sums only, of 12 in all"):
        FORMAT.parse(_report('<metrics statements="12" coveredstatements="3"/>'))


@pytest.mark.parametrize("side", ["base", "head"])
def test_istanbuls_clover_and_lcov_are_of_one_mind(side):
    """The verdict on a pull request would depend on the reporter that a team configured."""
    folder = f"projects/js-qs/reports/{side}"
    clover, lcov = real_report(f"{folder}/clover.xml"), real_report(f"{folder}/lcov.info")
    assert _lines(clover) == _lines(lcov)


@pytest.mark.parametrize(
    ("path", "statements", "lines"),
    [
        # Cut down by hand; the sums are those of the whole files.
        ("octocov-coverage_package.xml", 36, 11),
        ("coveralls-phpcsutils.xml", 323, 79),
        # Its sums say 13 statements of CloverCoverageParser.java, and it names 12.
        ("model-two-packages.xml", 55, 54),
    ],
)
def test_lines_differ_from_sums_for_a_reason(path, statements, lines):
    """A team would see another total than its tool prints, and nobody could say why."""
    # A diff has lines, so that a verdict needs the statements that a report names.
    data = real_report(f"clover/{path}")
    assert data.lines.total == lines < statements


def test_branches_of_istanbul_are_those_of_lines():
    """A branch that the report names on no line would be missed on no line in particular."""
    # istanbul's own cobertura report of the same run gives the same counts by line (387 and
    # 410) under the same sums (475 and 508): where several branches begin on a line, it
    # writes those of one.
    # https://github.com/istanbuljs/istanbuljs/blob/main/packages/istanbul-lib-coverage/lib/file-coverage.js
    for side, taken, total in (("base", 387, 387), ("head", 407, 410)):
        ratio = real_report(f"projects/js-qs/reports/{side}/clover.xml").branch_ratio
        assert (ratio.covered, ratio.total) == (taken, total)
        same = real_report(f"projects/js-qs/reports/{side}/cobertura-coverage.xml").branch_ratio
        assert ratio == same


def _lines(report):
    return sorted((file.path.rpartition("/")[2], file.measured, file.hit) for file in report)


def _report(lines):
    return (
        '<coverage generated="1" clover="4.3"><project timestamp="1"><package name="p">'
        f'<file name="A.java" path="a/A.java">{lines}</file></package></project></coverage>'
    ).encode()
