"""OpenCover's XML."""

from __future__ import annotations

import pytest

from tests.core.formats.real import real_bytes, real_report
from worker.core.errors import ReportError, SumsOnlyError
from worker.core.formats.opencover import FORMAT
from worker.core.model import BranchLine, Function, line_numbers

NAME = "System.Void A.B::C()"


def test_points_become_lines_and_arms():
    """A part of what the report says would be lost."""
    (file,) = FORMAT.parse(
        _report(
            '<SequencePoint vc="2" sl="3" el="5" fileid="1"/>'
            '<SequencePoint vc="0" sl="5" el="6" fileid="1"/>',
            '<BranchPoint vc="2" path="0" offset="7" offsetend="9" sl="3" fileid="1"/>'
            '<BranchPoint vc="0" path="1" offset="7" offsetend="12" sl="3" fileid="1"/>',
        )
    ).report
    assert file.path == "a.cs"
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([3, 4, 5], [6])
    assert file.branches == (BranchLine(3, 1, 2, 0b01, "opencover"),)
    assert line_numbers(file.partial) == [3]
    assert file.functions == (Function(3, NAME, 2, 6),)


def test_a_file_in_two_modules_keeps_its_best():
    """A library tested for two frameworks would have its branches twice."""
    one = '<BranchPoint vc="1" path="0" offset="7" sl="3" fileid="1"/>'
    two = '<BranchPoint vc="0" path="1" offset="7" sl="3" fileid="1"/>'
    point = '<SequencePoint vc="{}" sl="3" fileid="1"/>'
    first = _module(point.format(0), one + two)
    second = _module(point.format(1), one.replace('"1"', '"0"', 1) + two.replace('"0"', '"4"', 1))
    (file,) = FORMAT.parse(_session(first + second)).report
    assert file.branches == (BranchLine(3, 2, 2, 0b11, "opencover"),)
    assert (line_numbers(file.hit), file.partial) == ([3], 0)


def test_hidden_points_have_no_line():
    """Code that the compiler made would be refused as line 16,707,566."""
    (file,) = FORMAT.parse(
        _report('<SequencePoint vc="1" sl="16707566" el="16707566"/><SequencePoint vc="1" sl="2"/>')
    ).report
    assert line_numbers(file.measured) == [2]


def test_what_is_in_no_declared_file_is_left_out():
    """Generated code without a source would be reported as an unknown file."""
    # The report says itself of its two last methods that they are not to appear.
    report = real_report("opencover/codacy-test_opencover.xml")
    assert real_bytes("opencover/codacy-test_opencover.xml").count(b"<SequencePoint ") == 6
    assert {file.path: (file.lines.covered, file.lines.total) for file in report} == {
        "bar.cs": (0, 1),
        "foo.cs": (1, 1),
        "foobar.cs": (1, 2),
    }


def test_coverlets_formats_are_of_one_mind():
    """The verdict on a pull request would depend on the format that a team configured."""
    opencover, cobertura = (
        real_report("opencover/rg-coverlet.xml"),
        real_report("cobertura/rg-coverlet.xml"),
    )
    assert _lines(opencover) == _lines(cobertura)


def test_a_summary_is_refused():
    """A report without points would pass every gate as "nothing to judge"."""
    with pytest.raises(SumsOnlyError, match=r"sums only, of 9 .*PDB"):
        FORMAT.parse(_session('<Summary numSequencePoints="9"/>'))


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ('vc="1" sl="5" el="3"', "the lines 5 to 3 are no span"),
        ('vc="1" sl="0"', "the lines 0 to 0 are no span"),
        ('vc="1" sl="1" el="1000000000000"', "the lines 1 to 1000000000000 are no span"),
        ('vc="-1" sl="1"', "the attribute vc is '-1'"),
        ('vc="1"', "lacks its attribute 'sl'"),
    ],
)
def test_wrong_points_are_named(point, reason):
    """A damaged report would be judged, or end in a traceback."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(_report(f"<SequencePoint {point}/>"))


def test_long_spans_cost_no_more_than_short_ones():
    """A hostile report of a megabyte would keep a worker busy for hours."""
    spans = "".join(f'<SequencePoint vc="1" sl="{n}" el="2000000"/>' for n in range(1, 3000))
    (file,) = FORMAT.parse(_report(spans)).report
    assert file.lines.total == 2_000_000


def _lines(report):
    return sorted((file.path.rpartition("\\")[2], file.measured, file.hit) for file in report)


def _report(points, branches=""):
    return _session(_module(points, branches))


def _module(points, branches):
    return (
        '<Module><Files><File uid="1" fullPath="a.cs"/></Files><Classes><Class><Methods><Method>'
        f'<Name>{NAME}</Name><FileRef uid="1"/><SequencePoints>{points}</SequencePoints>'
        f"<BranchPoints>{branches}</BranchPoints></Method></Methods></Class></Classes></Module>"
    )


def _session(body):
    return f"<CoverageSession><Modules>{body}</Modules></CoverageSession>".encode()
