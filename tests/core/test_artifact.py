"""Artifacts are zip archives that anyone may have made."""

from __future__ import annotations

import gzip
import io
import json
import stat
import struct
import zipfile

import pytest

from worker.core import artifact
from worker.core.artifact import FoundReport, FoundTests, NoReport, NoTests, read_artifact
from worker.core.errors import ReportError
from worker.core.paths import Glob

LCOV = b"TN:\nSF:a.py\nDA:1,1\nend_of_record\n"
ALL = (Glob("**"),)


def test_reports_are_found_among_other_files():
    """A team would have to list its reports by hand."""
    archive = _zip(
        {"index.html": b"<html>", "unit/lcov.info": LCOV, "lcov.info.gz": gzip.compress(LCOV)}
    )
    assert [(type(found), found.name) for found in read_artifact(archive, ALL)] == [
        (NoReport, "index.html"),
        (FoundReport, "unit/lcov.info"),
        (FoundReport, "lcov.info.gz"),
    ]


def test_a_summary_beside_a_report_is_passed_over():
    """Jest's usual three files would turn the check red for the one that has sums only."""
    sums = {"total": 1, "covered": 1, "skipped": 0, "pct": 100}
    summary = json.dumps({"total": {"lines": sums, "statements": sums}}).encode()
    archive = _zip({"coverage-summary.json": summary, "lcov.info": LCOV})
    passed_over, found = read_artifact(archive, ALL)
    assert isinstance(passed_over, NoReport)
    assert "is Istanbul's summary" in passed_over.reason
    assert isinstance(found, FoundReport)


def test_test_reports_are_told_apart():
    """The tests' outcomes would be lost among logs and pages."""
    junit = b'<testsuite><testcase name="a"/></testsuite>'
    packed = gzip.compress(b"<testsuite>" + b" " * (artifact.MAX_TESTS + 1))
    archive = _zip({"junit.xml": junit, "cut.xml": junit[:-3], "b.xml.gz": packed, "l.info": LCOV})
    whole, cut, bomb, report = read_artifact(archive, ALL)
    assert isinstance(whole, FoundTests)
    assert [case.name for case in whole.run.cases] == ["a"]
    assert isinstance(cut, NoTests)
    assert "no well-formed XML" in cut.reason
    assert isinstance(bomb, NoTests)
    assert "more than 32 MB" in bomb.reason
    assert isinstance(report, FoundReport)


def test_many_test_reports_are_read_only_up_to_the_total(monkeypatch):
    """Thousands of long test reports would hold the worker for hours."""
    monkeypatch.setattr(artifact, "_MAX_ALL_TESTS", 50)
    junit = b'<testsuite><testcase name="a"/></testsuite>'
    found = list(read_artifact(_zip({f"{n}.xml": junit for n in range(3)}), ALL))
    assert [type(one) for one in found] == [FoundTests, FoundTests, NoTests]
    assert "hold more than" in found[2].reason


def test_a_damaged_test_report_spares_the_others():
    """A test report with a broken checksum would hide the coverage behind it."""
    whole = _zip({"junit.xml": b"<testsuite>" + b" " * 20_000 + b"</testsuite>", "l.info": LCOV})
    archive = io.BytesIO(whole.getvalue().replace(b" </testsuite>", b"_</testsuite>", 1))
    tests, report = read_artifact(archive, ALL)
    assert isinstance(tests, NoTests)
    assert "Bad CRC" in tests.reason
    assert isinstance(report, FoundReport)


def test_globs_choose_members():
    """Reports that the configuration leaves out would be counted."""
    archive = _zip({"unit/lcov.info": LCOV, "e2e/lcov.info": LCOV})
    (found,) = read_artifact(archive, (Glob("unit/**"), Glob("*.xml")))
    assert found.name == "unit/lcov.info"


def test_a_bad_member_does_not_stop_the_others():
    """One broken report would hide all that can be read."""
    archive = _zip({"a.info": b"SF:a\nDA:0,1\n", "b.info": LCOV})
    error, found = read_artifact(archive, ALL)
    assert str(error).startswith("a.info: line 2, 'DA:0,1': line number 0")
    assert found.name == "b.info"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "C:\\x.info", "n\new\u202e\x1b.info"]
)
def test_names_are_only_names(name, tmp_path, monkeypatch):
    """A member could be written over the worker's own files."""
    monkeypatch.chdir(tmp_path)
    (found,) = read_artifact(_zip({name: LCOV}), ALL)
    assert isinstance(found, FoundReport)
    assert list(tmp_path.iterdir()) == []


def test_a_symbolic_link_is_not_followed():
    """A member could point to the worker's own files."""
    link = zipfile.ZipInfo("coverage.xml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    (found,) = read_artifact(_zip({link: b"/etc/passwd"}), ALL)
    assert isinstance(found, NoReport)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: _patch(data, flags=1), "a.info: is encrypted"),
        (lambda data: _patch(data, method=zipfile.ZIP_LZMA), "a.info: is compressed by method 14"),
        (lambda data: _patch(data, size=10**9), "a.info: (can not be unpacked|says it has)"),
        (lambda data: _patch(data, size=5), "a.info: (can not be unpacked|says it has)"),
        (lambda data: _patch(data, crc=1), "a.info: can not be unpacked: Bad CRC"),
        (lambda data: _patch(data, offset=10**6), "a.info"),
        (lambda data: data.replace(b"DA:1,1", b"DA:1,0", 1), "a.info: can not be unpacked"),
    ],
    ids=["encrypted", "LZMA", "size too large", "size too small", "CRC", "offset", "content"],
)
def test_damaged_members_are_named(damage, reason):
    """Nobody would know which report to mend, or how."""
    archive = io.BytesIO(damage(_zip({"a.info": LCOV}).getvalue()))
    (error,) = read_artifact(archive, ALL)
    assert isinstance(error, ReportError)
    with pytest.raises(ReportError, match=reason):
        raise error


def test_a_zip_in_the_zip_is_named():
    """A doubly packed report would be passed over in silence."""
    (error,) = read_artifact(_zip({"all.zip": _zip({"a.info": LCOV}).getvalue()}), ALL)
    assert "all.zip: is a zip inside" in str(error)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_names_are_not_guessed_between():
    """One of two reports of the same name would silently win."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("a.info", LCOV)
        made.writestr("a.info", LCOV)
    assert {str(error) for error in read_artifact(archive, ALL)} == {
        "a.info: stands 2 times in the artifact; upload it once"
    }


def test_overlapping_members_are_refused():
    """Forty kilobytes would unfold to gigabytes (CVE-2024-0450)."""
    data = _zip({"a.info": LCOV, "b.info": LCOV}).getvalue()
    second = data.rindex(b"PK\x01\x02")
    overlapping = data[: second + 42] + struct.pack("<L", 0) + data[second + 46 :]
    found = list(read_artifact(io.BytesIO(overlapping), ALL))
    assert len(found) == 2
    assert all("shares its bytes" in str(error) for error in found)


def test_a_bomb_is_read_only_up_to_the_cap(monkeypatch):
    """A few kilobytes from a fork would take the worker's whole memory."""
    monkeypatch.setattr(artifact, "MAX_BYTES", 2**21)
    archive = _zip({"bomb.info": LCOV + b"\n" * 2**23, "b.info": LCOV}, zipfile.ZIP_DEFLATED)
    error, found = read_artifact(archive, ALL)
    assert "bomb.info: has more than 2 MB" in str(error)
    assert found.name == "b.info"


def test_many_members_are_read_only_up_to_the_total(monkeypatch):
    """Many members, each within its cap, would hold the worker for hours."""
    monkeypatch.setattr(artifact, "MAX_TOTAL", 2**20)
    members = {f"{n}.info": LCOV + b"\n" * 400_000 for n in range(5)}
    *_, last = read_artifact(_zip(members, zipfile.ZIP_DEFLATED), ALL)
    assert "2.info: the artifact holds more than 1 MB; what follows" in str(last)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "download is empty"),
        (b"<!DOCTYPE html><html>503</html>", "an HTML or XML page, not a zip"),
        (b"\x1f\x8b\x08 a tarball", "is no zip: it begins with"),
        (b"PK\x05\x06" + bytes(18), "the artifact is empty"),
        (b"PK\x05\x06" + b"\xff" * 18, "."),
        (b"PK\x05\x06" + bytes(4) + b"\x01\x00\x01\x00" + bytes(10), "."),
    ],
    ids=["nothing", "HTML", "tar.gz", "no members", "hostile end", "missing directory"],
)
def test_what_is_no_zip_is_refused_as_a_whole(data, reason):
    """The cause (an error page, an empty upload) would stay hidden."""
    with pytest.raises(ReportError, match=reason):
        list(read_artifact(io.BytesIO(data), ALL))


def test_a_cut_off_zip_says_so():
    """A download that broke would not be repeated."""
    with pytest.raises(ReportError, match="cut off"):
        list(read_artifact(io.BytesIO(_zip({"a.info": LCOV}).getvalue()[:-30]), ALL))


@pytest.mark.parametrize("lies", [False, True], ids=["honest", "lying end record"])
def test_too_many_entries_are_refused_before_they_are_listed(lies):
    """200,000 empty members cost Python 238 MB before the first is read."""
    count = artifact.MAX_ENTRIES + 1
    entry = b"PK\x01\x02" + bytes(42)
    said = 1 if lies else min(count, 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, said, said, len(entry) * count, 0, 0)
    with pytest.raises(ReportError, match="more than 50000 entries"):
        list(read_artifact(io.BytesIO(entry * count + end), ALL))


def test_random_damage_never_escapes():
    """A broken archive would end in a traceback instead of a sentence."""
    whole = bytearray(_zip({"a.info": LCOV, "b/c.info": LCOV}, zipfile.ZIP_DEFLATED).getvalue())
    for where in range(len(whole)):
        for value in (0, 0xFF, whole[where] ^ 1):
            damaged = bytearray(whole)
            damaged[where] = value
            try:
                found = list(read_artifact(io.BytesIO(damaged), ALL))
            except ReportError:
                continue
            assert len(found) <= 2


def _zip(members, method=zipfile.ZIP_STORED):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return archive


def _patch(data, *, flags=None, method=None, crc=None, size=None, offset=None):
    """Change a field in the directory's only entry, and in the member's header where it is."""
    changed = bytearray(data)
    entry = data.index(b"PK\x01\x02")
    for value, layout, place, header in (
        (flags, "<H", 8, 6),
        (method, "<H", 10, 8),
        (crc, "<L", 16, 14),
        (size, "<L", 24, 22),
    ):
        if value is not None:
            struct.pack_into(layout, changed, entry + place, value)
            struct.pack_into(layout, changed, header, value)
    if offset is not None:
        struct.pack_into("<L", changed, entry + 42, offset)
    return bytes(changed)
