"""Reads one member of a zip archive, inflated by ISA-L: in half of zlib's time.

`zipfile` finds the members and reads the directory. Its own reader of a member can not be
told by what to inflate. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import struct
import zipfile
from typing import TYPE_CHECKING, BinaryIO

from isal import isal_zlib

if TYPE_CHECKING:
    from zipfile import ZipInfo

__all__ = ["LOCAL", "LOCAL_SIZE", "METHODS", "ZipMember"]

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

LOCAL = b"PK\x03\x04"
"""What a member's local header begins with, APPNOTE 4.3.7."""

LOCAL_SIZE = 30
"""Bytes of it, before the name."""

_FLAGS, _LENGTHS = struct.Struct("<H"), struct.Struct("<2H")
_FLAGS_AT, _LENGTHS_AT = 6, 26
_UTF8 = 0x800
_CHUNK = 2**18
_DAMAGED: type[Exception] = isal_zlib.error  # type: ignore[assignment] # its stub takes the class for an object


class ZipMember:
    """The content of one member, stored or deflated, of which the checksum is compared.

    Raises `zipfile.BadZipFile` for what is damaged. How much is read is left to the caller.
    """

    def __init__(self, archive: BinaryIO, info: ZipInfo) -> None:
        self._archive = archive
        self._at = _content_at(archive, info)
        self._end = self._at + info.compress_size
        deflated = info.compress_type == zipfile.ZIP_DEFLATED
        self._inflater = isal_zlib.decompressobj(-isal_zlib.MAX_WBITS) if deflated else None
        self._checksum = 0
        self._expected = info.CRC
        self._ended = not info.compress_size  # some write nothing at all for an empty file

    def read(self, size: int) -> bytes:
        """Return the next bytes: as many as asked for, or all there are."""
        pieces: list[bytes] = []
        while size > 0 and not self._ended:
            piece = self._next(size)
            size -= len(piece)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _next(self, size: int) -> bytes:
        """Return at most so many bytes, some of them at least unless more has to be read."""
        if self._inflater is None:
            piece = self._packed(size)
            self._ended = self._at == self._end
        else:
            piece = self._inflate(self._inflater, size)
            self._ended = self._inflater.eof
        self._checksum = isal_zlib.crc32(piece, self._checksum)
        if self._ended and self._checksum != self._expected:
            raise zipfile.BadZipFile("Bad CRC-32")
        return piece

    def _inflate(self, inflater: isal_zlib.Decompress, size: int) -> bytes:
        packed = inflater.unconsumed_tail or self._packed(_CHUNK)
        try:
            piece = inflater.decompress(packed, size)
        except _DAMAGED as error:
            raise zipfile.BadZipFile(str(error)) from None
        if not piece and not packed and not inflater.eof:
            raise zipfile.BadZipFile("its compressed data ends early")
        return piece

    def _packed(self, most: int) -> bytes:
        """Return the next bytes as they stand in the archive."""
        self._archive.seek(self._at)
        wanted = min(most, self._end - self._at)
        packed = self._archive.read(wanted)
        if len(packed) < wanted:
            raise zipfile.BadZipFile("the archive ends early")
        self._at += wanted
        return packed


def _content_at(archive: BinaryIO, info: ZipInfo) -> int:
    """Return where a member's content begins. Its header has to name it as the directory does."""
    archive.seek(info.header_offset)
    header = archive.read(LOCAL_SIZE)
    if len(header) < LOCAL_SIZE or not header.startswith(LOCAL):
        raise zipfile.BadZipFile("its header is missing")
    name_length, extra_length = _LENGTHS.unpack_from(header, _LENGTHS_AT)
    encoding = "utf-8" if _FLAGS.unpack_from(header, _FLAGS_AT)[0] & _UTF8 else "cp437"
    name = archive.read(name_length)
    if name.decode(encoding, "replace") != info.orig_filename:
        raise zipfile.BadZipFile("the directory and its header name it differently")
    return info.header_offset + LOCAL_SIZE + int(name_length) + int(extra_length)
