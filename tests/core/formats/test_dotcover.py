"""dotCover's DetailedXML."""

from __future__ import annotations

import pytest

from worker.core.errors import ReportError, SumsOnlyError
from worker.core.formats.dotcover import FORMAT
from worker.core.model import Function, line_numbers

ONE = '<Statement FileIndex="1" Line="3" Column="5" EndLine="3" EndColumn="9" Covered="True"/>'


def test_statements_become_lines():
    """A part of what the report says would be lost, or a line count twice."""
    one, two = FORMAT.parse(
        _report(
            ONE + '<Statement FileIndex="1" Line="3" EndLine="4" Covered="False"/>'
            '<Statement FileIndex="2" Line="9" EndLine="9" Covered="True"/>'
        )
    ).report
    assert (one.path, line_numbers(one.hit), line_numbers(one.missed)) == (r"C:\a.cs", [3], [4])
    assert (two.path, line_numbers(two.hit)) == (r"C:\b.cs", [9])
    assert one.functions == (Function(3, "M():System.Void", 1, 4),)


SUMMARY = (
    b'<Root ReportType="SummaryXML" DotCoverVersion="2020.3.3"><CoveragePercentage>'
    b'<Statements Covered="1" Total="2" Percent="50"/></CoveragePercentage></Root>'
)


@pytest.mark.parametrize(
    "report", [lambda: _report(""), lambda: SUMMARY], ids=["XML", "SummaryXML"]
)
def test_a_summary_is_refused(report):
    """A report of another type would pass every gate as "nothing to judge"."""
    assert FORMAT.sniff(report())
    with pytest.raises(SumsOnlyError, match=r"sums only, of 2 .*type DetailedXML"):
        FORMAT.parse(report())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('FileIndex="1"', 'FileIndex="7"', "the file '7', which is not declared"),
        ('"True"', '"maybe"', "Covered is 'maybe', neither True nor False"),
        ('EndLine="3"', 'EndLine="2"', "the lines 3 to 2 are no span"),
        ('Line="3"', 'Line="NaN"', "the attribute Line is 'NaN'"),
        ('Line="3"', 'Line="-5"', "the attribute Line is '-5'"),
        ('FileIndex="1"', "", "lacks its attribute 'FileIndex'"),
    ],
)
def test_wrong_statements_are_named(old, new, reason):
    """A damaged report would be judged, or end in a traceback."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(_report(ONE.replace(old, new, 1)))


def _report(statements):
    return (
        '<Root CoveredStatements="1" TotalStatements="2" ReportType="DetailedXml" '
        'DotCoverVersion="2024.1"><FileIndices><File Index="1" Name="C:\\a.cs"/>'
        '<File Index="2" Name="C:\\b.cs"/></FileIndices><Assembly Name="A"><Type Name="T">'
        f'<Method Name="M():System.Void">{statements}</Method></Type></Assembly></Root>'
    ).encode()
