"""Members of a zip archive, inflated by ISA-L."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.zipmember import ZipMember

CONTENT = bytes(range(256)) * 5000


@given(
    st.binary(max_size=300) | st.just(CONTENT),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    st.integers(1, 9),
    st.sampled_from([1000, 2**16, 2**22]),
)
def test_a_member_is_read_as_pythons_zipfile_reads_it(content, method, level, size):
    """Reports would differ by the tool that packed them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method, compresslevel=level) as archive:
        archive.writestr("ä.info", b"before")
        archive.writestr("b.info", content)
    with zipfile.ZipFile(packed) as archive:
        member = ZipMember(packed, archive.getinfo("b.info"))
        pieces = list(iter(lambda: member.read(size), b""))
        assert ZipMember(packed, archive.getinfo("ä.info")).read(100) == b"before"
    assert b"".join(pieces) == content
    assert all(len(piece) == size for piece in pieces[:-1])


def test_no_more_is_inflated_than_is_asked_for():
    """A few kilobytes would unfold to what fills the worker's memory."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.info", bytes(10**7))
    with zipfile.ZipFile(packed) as archive:
        member = ZipMember(packed, archive.infolist()[0])
        assert len(member.read(1000)) == 1000
        assert len(member.read(10**8)) == 10**7 - 1000


def test_an_empty_file_may_be_nothing_at_all():
    """An empty file beside a report would turn the check red."""
    info = zipfile.ZipInfo("empty.txt")
    info.orig_filename, info.header_offset = "empty.txt", 0
    info.compress_type, info.compress_size, info.CRC = zipfile.ZIP_DEFLATED, 0, 0
    header = b"PK\x03\x04" + bytes(22) + b"\x09\x00\x00\x00" + b"empty.txt"
    assert ZipMember(io.BytesIO(header), info).read(10) == b""


@pytest.mark.parametrize("cut", [0, 20, 35, 100], ids=["all", "header", "name", "content"])
def test_a_cut_off_member_is_damaged(cut):
    """Half a report would be taken for the whole."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.info", CONTENT)
    with zipfile.ZipFile(packed) as archive:
        (info,) = archive.infolist()
    with pytest.raises(zipfile.BadZipFile):
        ZipMember(io.BytesIO(packed.getvalue()[:cut]), info).read(10**8)
