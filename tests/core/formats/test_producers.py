"""Which tool wrote a report, told from its beginning, or not told at all."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core import junit
from worker.core.errors import ReportError
from worker.core.formats import FORMATS, HEAD, recognise
from worker.core.formats._base import unpack_head
from worker.core.formats._producers import tell_producer

DATA = Path(__file__).parents[2] / "data"
with (DATA / "reports" / "PRODUCERS.tsv").open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table, delimiter="\t"))


@pytest.mark.parametrize("row", ROWS, ids=[row["path"] for row in ROWS])
def test_real_reports_name_the_tool_that_wrote_them(row):
    """Whoever has twenty reports would look at the wrong tool for what is odd in one."""
    head = unpack_head((DATA / row["path"]).read_bytes()[:HEAD])
    assert tell_producer(row["format"], head) == (row["producer"] or None)


def test_every_real_report_is_in_the_table():
    """A report would be added, and what is told of its tool be seen by nobody."""
    files = [
        path
        for topic in ("reports", "junit")
        for path in (DATA / topic).rglob("*")
        if path.is_file() and not {"LICENSES", "sources"} & set(path.parts)
    ]
    reports = {str(path.relative_to(DATA)) for path in files if _is_report(path.read_bytes())}
    assert reports == {row["path"] for row in ROWS}


def _is_report(data):
    try:
        return junit.sniff(data) or recognise(data) is not None
    except ReportError:
        return True


@pytest.mark.parametrize(
    ("known", "head"),
    [
        ("cobertura", b'<coverage line-rate="1" version="7.6.1"><packages/></coverage>'),
        ("cobertura", b'<coverage version="gcovr <b>"/>'),
        ("clover", b'<coverage clover="mine" generated="1"/>'),
        ("jacoco", b'<report name="x"/>'),
        ("lcov", b"TN:\nSF:a.py\nDA:1,1\nend_of_record\n"),
        ("junit", b'<testsuite name="mine"><testcase name="a"/></testsuite>'),
        ("sonar-generic", b'<coverage version="1"/>'),
        ("unheard-of", b""),
    ],
)
def test_what_is_not_signed_is_not_guessed(known, head):
    """A report would be blamed on a tool that never saw the project."""
    assert tell_producer(known, head) is None


@pytest.mark.parametrize(
    ("known", "head", "producer"),
    [
        ("coveragepy-json", b'{"meta": {"version": "7.6\\u001b[31m"}}', "coverage.py"),
        ("dotcover", b'<Root DotCoverVersion="1&#10;2"/>', "dotCover"),
        ("simplecov-json", b'{"meta": {"simplecov_version": "' + b"9" * 99 + b'"}}', "SimpleCov"),
    ],
)
def test_what_is_no_version_is_left_out(known, head, producer):
    """A report could write to the terminal of whoever inspects it."""
    assert tell_producer(known, head) == producer


@given(st.sampled_from([*(known.name for known in FORMATS), "junit"]), st.binary(max_size=300))
def test_any_beginning_gives_an_answer(known, head):
    """A damaged report would end in a traceback instead of a sentence."""
    found = tell_producer(known, head)
    assert found is None or found.isprintable()
