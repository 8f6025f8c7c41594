"""Microsoft's two coverage formats in XML."""

from __future__ import annotations

import pytest

from tests.core.formats.real import real_report
from worker.core.errors import ReportError, SumsOnlyError
from worker.core.formats.visual_studio import FORMAT
from worker.core.model import Function, line_numbers

RANGE = '<range source_id="1" covered="no" start_line="7" end_line="8"/>'
LINES = (
    "<Lines><LnStart>7</LnStart><LnEnd>8</LnEnd><Coverage>2</Coverage>"
    "<SourceFileID>1</SourceFileID></Lines>"
)


def test_ranges_become_lines():
    """A part of what the report says would be lost."""
    (file,) = FORMAT.parse(
        _results(
            RANGE + '<range source_id="1" covered="partial" start_line="8" end_line="9"/>'
            '<range source_id="1" covered="yes" start_line="9" end_line="9"/>'
        )
    ).report
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([8, 9], [7])
    assert line_numbers(file.partial) == [8]
    assert (file.path, file.functions) == (r"C:\a.cs", (Function(7, "f()", 1, 9),))
    assert file.branches == ()


def test_files_are_numbered_anew_in_each_module():
    """Lines of one assembly would be counted in the files of another."""
    second = _module(RANGE.replace("no", "yes")).replace("a.cs", "b.cs")
    report = FORMAT.parse(
        f"<results><modules>{_module(RANGE)}{second}</modules></results>".encode()
    ).report
    assert {path: file.lines.covered for path, file in report.files.items()} == {
        r"C:\a.cs": 0,
        r"C:\b.cs": 2,
    }


def test_the_older_format_has_its_files_at_the_end():
    """Exports of Visual Studio 2010 and of the analysis library would be refused."""
    (file,) = FORMAT.parse(
        _old(LINES + LINES.replace(">8<", ">7<").replace("<Coverage>2", "<Coverage>1"))
    ).report
    assert (file.path, line_numbers(file.hit)) == ("a.cs", [7])
    assert (line_numbers(file.missed), line_numbers(file.partial)) == ([8], [7])


@pytest.mark.parametrize(
    ("name", "files", "lines", "hit", "partial"),
    [
        # Their own sums count a line once for each range or record on it: 62 + 1 + 48, and
        # 33 + 3 + 23. On distinct lines, where the best state counts, it is this.
        ("rg-visualstudio2010.coveragexml", 7, 108, 61, 1),
        ("rg-dynamic-fsharp.xml", 2, 43, 30, 4),
    ],
)
def test_real_reports_count_distinct_lines(name, files, lines, hit, partial):
    """A line with two lambdas on it would count twice in the percentage, once in the diff."""
    report = real_report(f"vs-coveragexml/{name}")
    assert (len(report), report.lines.total, report.lines.covered) == (files, lines, hit)
    assert sum(file.partial.bit_count() for file in report) == partial


def test_sums_are_refused():
    """A report without ranges would pass every gate as "nothing to judge"."""
    with pytest.raises(SumsOnlyError, match="sums only, of 6"):
        FORMAT.parse(_results(""))


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (lambda: _results(RANGE.replace('"no"', '"7"')), "coverage is '7', which is none of no"),
        (lambda: _results(RANGE.replace('"7"', '"9"')), "the lines 9 to 8 are no span"),
        (lambda: _results(RANGE.replace('id="1"', 'id="4"')), "the source '4', which has no name"),
        (lambda: _results(RANGE.replace('"8"', '"NaN"')), "the attribute end_line is 'NaN'"),
        (lambda: _old(LINES.replace("age>2", "age>7")), "coverage is '7', which is none of 0, 1"),
        (lambda: _old(LINES.replace("ID>1", "ID>9")), "the source '9', which has no name"),
        (lambda: _old(LINES.replace(">7<", "><")), "LnStart is ''"),
        (lambda: _old("<Lines/>"), "lacks its attribute 'LnStart'"),
    ],
)
def test_wrong_records_are_named(report, reason):
    """A damaged report would be judged, or end in a traceback."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(report())


def test_hidden_lines_are_left_out():
    """Code that the compiler made would be refused as line 16,707,566."""
    hidden = RANGE.replace('"7"', '"16707566"').replace('"8"', '"16707566"')
    (file,) = FORMAT.parse(_results(RANGE + hidden)).report
    assert line_numbers(file.measured) == [7, 8]


def _module(ranges):
    return (
        '<module name="m" lines_covered="1" lines_partially_covered="2" lines_not_covered="3">'
        f'<functions><function name="f()"><ranges>{ranges}</ranges></function></functions>'
        '<source_files><source_file id="1" path="C:\\a.cs"/></source_files></module>'
    )


def _results(ranges):
    return f"<results><modules>{_module(ranges)}</modules></results>".encode()


def _old(lines):
    names = "<SourceFileID>1</SourceFileID><SourceFileName>a.cs</SourceFileName>"
    return (
        f"<CoverageDSPriv><Module><Method>{lines}</Method></Module>"
        f"<SourceFileNames>{names}</SourceFileNames></CoverageDSPriv>"
    ).encode()
