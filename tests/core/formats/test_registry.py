"""Recognising a report by its content."""

from __future__ import annotations

import codecs
import contextlib
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.errors import ReportError
from worker.core.formats import FORMATS, MAX_BYTES, read, recognise

LCOV = b"TN:\nSF:a.py\nDA:1,1\nend_of_record\n"
COBERTURA = (
    b'<?xml version="1.0"?><coverage line-rate="1"><packages><package><classes>'
    b'<class filename="a.py"><lines><line number="1" hits="1"/></lines></class>'
    b"</classes></package></packages></coverage>"
)
JSON = (
    b'{"meta": {"format": 3, "version": "7.6", "branch_coverage": false, "show_contexts": false},'
    b' "files": {"a.py": {"executed_lines": [1], "missing_lines": []}}}'
)
GO = b"mode: set\na.py:1.1,1.9 1 1\n"
GCOV = b"        -:    0:Source:a.py\n        1:    1:x\n"
LUACOV = b"%b\na.py\n%b\n 1 x\n\n%b\nSummary\n%b\n\nTotal 1 0 100.00%%\n" % (4 * (b"=" * 78,))
D = b"      1|x\na.py is 100% covered\n"
SAMPLES = {
    "lcov": LCOV,
    "cobertura": COBERTURA,
    "coveragepy-json": JSON,
    "go-coverprofile": GO,
    "gcov-text": GCOV,
    "luacov": LUACOV,
    "d-listing": D,
}


def test_every_format_has_a_sample_here():
    """A format added without a sample would skip the tests of marks, encodings and damage."""
    assert set(SAMPLES) <= {known.name for known in FORMATS}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda data: data,
        lambda data: codecs.BOM_UTF8 + data,
        lambda data: data.decode().encode("utf-16"),
        gzip.compress,
        lambda data: data.replace(b"\n", b"\r\n"),
    ],
    ids=["plain", "byte order mark", "UTF-16", "gzip", "CRLF"],
)
def test_reports_are_read_however_a_shell_wrote_them(name, wrap):
    """A report piped through PowerShell or gzip would be "of no known format"."""
    known, parsed = read(wrap(SAMPLES[name]))
    assert known.name == name
    assert [(file.path, file.hit) for file in parsed.report] == [("a.py", 0b10)]


def test_unknown_content_is_named_with_what_is_known():
    """Whoever uploaded the wrong file would not learn which file would do."""
    with pytest.raises(ReportError) as caught:
        read(b"<html>\x1b[31m not a report")
    assert "begins with '<html>\\x1b[31m not a report'" in str(caught.value)
    assert all(known.name in str(caught.value) for known in FORMATS)


@pytest.mark.parametrize("data", [b"", b" \n"])
def test_an_empty_file_says_so(data):
    """An empty report would be called "of no known format", which hides the cause."""
    with pytest.raises(ReportError, match="is empty"):
        read(data)


def test_a_gzip_bomb_is_not_inflated():
    """A few kilobytes from a fork would take the worker's whole memory."""
    head = gzip.compress(LCOV)
    bomb = gzip.compress(b"\n" * (MAX_BYTES + 1), 1)
    with pytest.raises(ReportError, match="more than 256 MB"):
        read(head + bomb)


def test_a_cut_gzip_says_so():
    """Half a report would be judged as if it were whole."""
    with pytest.raises(ReportError, match="cut off"):
        read(gzip.compress(LCOV * 100)[:-9])


@given(st.binary(max_size=300))
def test_no_bytes_at_all_make_a_sniffer_raise(data):
    """One odd file in an artifact would end the whole job."""
    recognise(data)


@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_damage_gives_a_report_or_a_report_error(name, data):
    """A damaged upload would end in a traceback instead of a sentence."""
    sample = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(sample) - 1))
        sample[where : where + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with contextlib.suppress(ReportError):
        read(bytes(sample))
