"""JaCoCo's XML."""

from __future__ import annotations

import pytest

from worker.core.errors import ReportError, SummaryError, SumsOnlyError
from worker.core.formats import read
from worker.core.formats.jacoco import FORMAT
from worker.core.model import BranchLine, Function, line_numbers

LINE = '<line nr="3" mi="0" ci="2" mb="1" cb="1"/>'
FILE = f'<package name="a/b"><sourcefile name="C.java">{LINE}</sourcefile></package>'


def test_lines_branches_and_functions():
    """A part of what the report says would be lost."""
    (file,) = FORMAT.parse(
        _report(
            '<package name="a/b"><class name="a/b/C$D" sourcefilename="C.java">'
            '<method name="f" desc="()V" line="3"><counter type="LINE" missed="7" covered="9"/>'
            '<counter type="METHOD" missed="0" covered="1"/></method>'
            '<method name="g" desc="()V" line="8"><counter type="METHOD" missed="1" covered="0"/>'
            f'</method></class><sourcefile name="C.java">{LINE}'
            '<line nr="8" mi="4" ci="0" mb="2" cb="0"/><line nr="9" mi="1" ci="1" mb="0" cb="0"/>'
            "</sourcefile></package>"
        )
    ).report
    assert file.path == "a/b/C.java"
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([3, 9], [8])
    assert line_numbers(file.partial) == [3]
    assert file.branches == (BranchLine(3, 1, 2), BranchLine(8, 0, 2))
    assert file.functions == (Function(3, "f", 1), Function(8, "g", 0))


def test_groups_are_modules_and_no_part_of_a_path():
    """An aggregated report of several modules would match no file of the repository."""
    report = FORMAT.parse(_report(f'<group name="app"><group name="core">{FILE}</group></group>'))
    assert list(report.report.files) == ["a/b/C.java"]


def test_the_default_package_adds_no_slash():
    """A class outside of packages would be looked for at the root of the file system."""
    report = FORMAT.parse(_report(FILE.replace("a/b", ""))).report
    assert list(report.files) == ["C.java"]


def test_a_class_without_its_source_adds_no_file():
    """Classes that were compiled without debug information would count as files."""
    report = FORMAT.parse(
        _report(
            '<package name="p"><class name="p/X" sourcefilename="X.java">'
            f'<method name="f" desc="()V" line="1"/></class></package>{FILE}'
        )
    ).report
    assert list(report.files) == ["a/b/C.java"]


def test_kover_reports_are_jacocos():
    """Kotlin projects that measure with Kover would have to convert their reports."""
    kover = (
        b'<?xml version="1.0" ?>\n<report name="Intellij Coverage Report">\n<package name="a">\n'
        b'<class name="a/B" sourcefilename="B.kt">\n<method name="f" desc="()V" line="5">\n'
        b'<counter type="LINE" missed="0" covered="1"/>\n</method>\n</class>\n'
        b'<sourcefile name="B.kt">\n<line nr="5" mi="0" ci="3" mb="0" cb="0"/>\n'
        b'<counter type="LINE" missed="0" covered="1"/>\n</sourcefile>\n</package>\n</report>\n'
    )
    known, parsed = read(kover)
    assert (known.name, parsed.report.files["a/B.kt"].hit) == ("jacoco", 1 << 5)


def test_a_report_without_lines_says_what_to_change():
    """Classes without debug information would pass every gate as "nothing to judge"."""
    sums = '<counter type="INSTRUCTION" missed="3" covered="4"/>'
    with pytest.raises(SumsOnlyError, match=r"sums only, of 7 .* debug information"):
        FORMAT.parse(_report(f'<package name="p"><class name="p/X">{sums}</class></package>'))


def test_an_empty_report_is_one():
    """A module without code would turn the check red."""
    assert len(FORMAT.parse(_report("")).report) == 0


@pytest.mark.parametrize("attribute", ["nr", "ci", "mb", "cb"])
@pytest.mark.parametrize("wrong", ["-1", "1e99", "NaN", "", "9" * 5000, "٣", "1_0"])
def test_wrong_numbers_are_named(attribute, wrong):
    """A damaged report would be judged, or end in a traceback."""
    value = {"nr": "3", "ci": "2", "mb": "1", "cb": "1"}[attribute]
    broken = FILE.replace(f'{attribute}="{value}"', f'{attribute}="{wrong}"')
    with pytest.raises(ReportError, match=f"line 1: the attribute {attribute} is "):
        FORMAT.parse(_report(broken))


def test_a_file_of_endless_lines_is_refused():
    """A few megabytes of repeated lines would take the worker's whole memory."""
    many = FILE.replace(LINE, LINE * 500_001)
    with pytest.raises(ReportError, match="more than 500000 lines"):
        FORMAT.parse(_report(many))


def test_a_counter_without_counts_does_no_harm():
    """A report with an odd sum at its end would end in a traceback."""
    report = FORMAT.parse(_report(FILE + '<counter type="LINE"/>')).report
    assert report.lines.total == 1


def _report(body):
    return (
        '<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">'
        f'<report name="r"><sessioninfo id="s" start="1" dump="2"/>{body}</report>'
    ).encode()


def test_gcovrs_lines_do_not_tell_whether_they_ran():
    """Whoever uploads gcovr's JaCoCo report would not learn that another one of its is needed."""
    text = b'<report name="GCOVR report"><package name=""><sourcefile name="a.c"><line nr="4"/>'
    with pytest.raises(SummaryError, match="gcovr --json"):
        FORMAT.parse(text + b"</sourcefile></package></report>")
