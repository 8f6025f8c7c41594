"""What a report format is: a name, a way to recognise it, and a parser of bytes."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.errors import ReportError

if TYPE_CHECKING:
    from worker.core.model import Report

__all__ = [
    "HEAD",
    "MAX_BYTES",
    "UTF16",
    "Format",
    "Parsed",
    "Sources",
    "plain_text",
    "quote",
    "unpack",
    "unpack_head",
]

Sources = Callable[[str], bytes | None]
"""Gives a source file's content by its path as the report writes it; None where the
repository has no such file. What it raises is not caught."""

HEAD = 16_384
"""How many bytes of a file's beginning a sniffer gets to see."""

MAX_BYTES = 256 * 2**20
"""The longest report read, in bytes after decompression: it and its parser fit in 512 MB."""

_GZIP = b"\x1f\x8b"
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A report with its paths as written, and the folders that they are relative to."""

    report: Report
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """One report format.

    `sniff` gets up to `HEAD` bytes of a file's beginning, never raises, and is so strict
    that no two formats say yes to the same file. `parse` gets the whole file and raises
    `ReportError`, and nothing else, where it can not be read.

    A format that holds only half of what a report is, and the sources the other half, has
    `parse_with` too; its `parse` says what to upload instead.
    """

    name: str
    sniff: Callable[[bytes], bool]
    parse: Callable[[bytes], Parsed]
    parse_with: Callable[[bytes, Sources], Parsed] | None = None

    def read(self, data: bytes, sources: Sources | None = None) -> Parsed:
        """Return what a whole file holds, with the help of `sources` where it needs them."""
        if self.parse_with is not None and sources is not None:
            return self.parse_with(data, sources)
        return self.parse(data)


def unpack(data: bytes, most: int = MAX_BYTES) -> bytes:
    """Return a file's content: itself, or what its gzip holds, of at most so many bytes.

    Raises `ReportError`.
    """
    if not data.startswith(_GZIP):
        return data
    unpacked, complete = _inflate(data, most)
    if len(unpacked) > most:
        raise ReportError(f"holds more than {most // 2**20} MB once decompressed; split the report")
    if not complete:
        raise ReportError("the gzip file is cut off; upload it again")
    return unpacked


def unpack_head(head: bytes) -> bytes:
    """Return the beginning of a file's content, given the beginning of the file."""
    if not head.startswith(_GZIP):
        return head[:HEAD]
    try:
        return _inflate(head, HEAD)[0][:HEAD]
    except ReportError:
        return b""


def plain_text(data: bytes) -> bytes:
    """Return a text as UTF-8 without a byte order mark.

    PowerShell's `>` writes UTF-16, and some .NET tools write UTF-8 with a mark.
    """
    if data.startswith(UTF16):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data.removeprefix(codecs.BOM_UTF8)


def quote(text: bytes | str, limit: int = 60) -> str:
    """Return the beginning of foreign text, fit to stand in a message: escaped, in quotes."""
    if isinstance(text, bytes):
        text = text[: 4 * limit].decode("utf-8", "replace")
    shown = ascii(text[:limit])
    return f"{shown}…" if len(text) > limit else shown


def _inflate(data: bytes, limit: int) -> tuple[bytes, bool]:
    """Return at most `limit` + 1 bytes of a gzip file's members, and whether that was all."""
    pieces: list[bytes] = []
    room = limit + 1
    try:
        while room > 0 and data.startswith(_GZIP):
            member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            pieces.append(member.decompress(data, room))
            room -= len(pieces[-1])
            if not member.eof:
                return b"".join(pieces), False
            data = member.unused_data
    except zlib.error as error:
        raise ReportError(f"the gzip file is damaged ({error}); upload it again") from None
    return b"".join(pieces), True
