"""Cobertura's XML, and XML that only attacks contain."""

from __future__ import annotations

import pytest

from worker.core.errors import ReportError
from worker.core.formats.cobertura import FORMAT
from worker.core.model import BranchLine, Function, line_numbers

DOCTYPE = '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'
LINE = '<class filename="a"><lines><line number="1"/></lines></class>'


def test_lines_branches_functions_and_sources():
    """A part of what the report says would be lost."""
    parsed = FORMAT.parse(
        _report(
            '<class filename="a.py"><methods><method name="f"><lines>'
            '<line number="2" hits="3"/><line number="4" hits="0"/></lines></method></methods>'
            '<lines><line number="2" hits="3" branch="true" condition-coverage="50% (1/2)"/>'
            '<line number="4" hits="0"/></lines></class>',
            "<source>/ci/src</source><source>--source</source><source> /ci/lib\n</source>",
        )
    )
    (file,) = parsed.report
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([2], [4])
    assert line_numbers(file.partial) == [2]
    assert file.branches == (BranchLine(2, 1, 2),)
    assert file.functions == (Function(2, "f", 3, 4),)
    assert parsed.sources == ("/ci/src", "/ci/lib")


def test_a_file_in_several_classes_keeps_its_best():
    """Nested and partial classes (Java, C#) would hide one another's hits."""
    (file,) = FORMAT.parse(
        _report(
            '<class filename="A.cs"><lines><line number="1" hits="1"/></lines></class>'
            '<class filename="A.cs"><lines><line number="1" hits="0"/><line number="2" hits="0"/>'
            "</lines></class>"
        )
    ).report
    assert (line_numbers(file.hit), line_numbers(file.missed)) == ([1], [2])


def test_a_doctype_alone_is_genuine():
    """Reports of Cobertura and coverlet, which carry one, would be refused."""
    assert len(FORMAT.parse(_report('<class filename="a.py"/>', start=DOCTYPE)).report) == 1


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY % a SYSTEM "http://127.0.0.1/x.dtd"> %a;',
    ],
    ids=["billion laughs", "external file", "external parameter"],
)
def test_entities_are_refused(entity):
    """A report from a fork could fill the memory or read the worker's files."""
    with pytest.raises(ReportError, match="declares the entity 'a'"):
        FORMAT.parse(_report("", start=f"<!DOCTYPE coverage [{entity}]>"))


@pytest.mark.parametrize(
    ("classes", "reason"),
    [
        ("<a>" * 200_000 + "</a>" * 200_000, "nested more than 100 deep"),
        (f'<class filename="{"x" * 60_000_000}"/>', "one tag has more than"),
        ('<class filename=""/>', "path has 0 characters"),
        ("<class/>", "line 1: an element lacks its attribute 'filename'"),
        (LINE, "lacks its attribute 'hits'"),
        (LINE.replace('"1"', '"1" hits="NaN"'), "whose hits is 'NaN'"),
        (LINE.replace('"1"', '"1" hits="1e99"'), "whose hits is '1e99'"),
        (LINE.replace('"1"', '"1" hits=""'), "whose hits is ''"),
        (LINE.replace('"1"', '"0" hits="1"'), "line number 0 is not"),
        (LINE.replace('"1"', '"-5" hits="1"'), "line number -5 is not"),
        (LINE.replace('"1"', '"1000000000000" hits="1"'), "is not between 1 and 2000000"),
        (LINE.replace('"1"', f'"1" hits="{"9" * 5000}"'), "hits is '9999"),
        ('<class filename="a">', "mismatched tag at line 1"),
    ],
    ids=lambda value: value[:40] if len(value) < 2000 else "long",
)
def test_bad_content_is_named_with_its_line(classes, reason):
    """The message would not say where to look, or the worker would die of it."""
    with pytest.raises(ReportError, match=reason):
        FORMAT.parse(_report(classes))


def test_negative_hits_are_none():
    """A counter that overflowed would mark an uncovered line as covered."""
    (file,) = FORMAT.parse(
        _report('<class filename="a"><lines><line number="1" hits="-1"/></lines></class>')
    ).report
    assert (file.measured, file.hit) == (0b10, 0)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_other_encodings_are_read(encoding):
    """Paths with umlauts from Windows tools would be refused or garbled."""
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>'
        + _report('<class filename="ä.cs"/>').decode()
    )
    data = text.encode(encoding)
    assert FORMAT.sniff(data)
    assert list(FORMAT.parse(data).report.files) == ["ä.cs"]


@pytest.mark.parametrize(
    "other",
    [
        b'<coverage generated="1" clover="4"><project><file name="a"/></project></coverage>',
        b'<coverage version="1"><file path="a"><lineToCover lineNumber="1"/></file></coverage>',
        b'<report name="jacoco"><package name="a"/></report>',
        b"<coverage",
    ],
    ids=["clover", "sonar", "jacoco", "cut"],
)
def test_other_formats_with_the_same_root_are_not_claimed(other):
    """A Clover or Sonar report would be read as an empty Cobertura report."""
    assert not FORMAT.sniff(other)


def _report(classes, sources="", start=""):
    return (
        f'{start}<coverage line-rate="1"><sources>{sources}</sources><packages><package><classes>'
        f"{classes}</classes></package></packages></coverage>"
    ).encode()


def test_two_reports_that_miss_different_ways_out_took_both():
    """Shards of coverage.py's tests would never add up to a full hit."""

    def file(missing):
        condition = f'condition-coverage="50% (1/2)" missing-branches="{missing}"'
        lines = f'<line number="2" hits="1" {condition}/><line number="3" hits="1"/>'
        data = _report(f'<class filename="a.py"><lines>{lines}</lines></class>')
        return FORMAT.parse(data).report.files["a.py"]

    body, after, leave = file("3"), file("7"), file("exit")
    assert body.branches == (BranchLine(2, 1, 2, 0b10, "cobertura"),)
    assert body.merge(after).partial == body.merge(leave).partial == 0
    assert body.merge(body).partial == body.partial == 0b100
