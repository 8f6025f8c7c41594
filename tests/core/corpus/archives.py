"""Bad archives: zip files that were made to harm, or damaged."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile

from tests.core.corpus.case import GOOD, Case, zipped

LCOV = b"TN:\nSF:a.py\nDA:1,1\nDA:2,0\nend_of_record\n"


def _bomb() -> bytes:
    """Return 300 MB in 300 KB: 1,028 bytes in one."""
    return LCOV + b"\n" * (300 * 2**20)


def _many() -> bytes:
    """Return the directory of 200,000 empty members, for which nothing else is needed."""
    entry = b"PK\x01\x02" + bytes(42)
    size = len(entry) * 200_000
    return entry * 200_000 + struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, size, 0, 0
    )


def _patched(place: int, header: int, layout: str, value: int) -> bytes:
    """Change a field of the first member, in the directory and in its own header."""
    data = bytearray(zipped("bad.report", LCOV))
    struct.pack_into(layout, data, data.index(b"PK\x01\x02") + place, value)
    struct.pack_into(layout, data, header, value)
    return bytes(data)


def _overlapping() -> bytes:
    """Let the second member begin where the first does."""
    data = bytearray(zipped("bad.report", LCOV))
    struct.pack_into("<L", data, data.rindex(b"PK\x01\x02") + 42, 0)
    return bytes(data)


def _link() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        link = zipfile.ZipInfo("bad.report")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("good.info", GOOD)
    return target.getvalue()


def _packed(method: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("bad.report", LCOV, compress_type=method)
        archive.writestr("good.info", GOOD)
    return target.getvalue()


def _twice() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's own, of the name
        archive.writestr("bad.report", LCOV)
        archive.writestr("bad.report", LCOV)
        archive.writestr("good.info", GOOD)
    return target.getvalue()


ODD_NAME = "new\nline\u202e\x1b[31m" + "x" * 4_000 + ".info"

ARCHIVES = (
    Case("Z1-bomb", _bomb, "has more than 256 MB"),
    Case("Z2-200k-entries", _many, "more than 50000 entries", archive=True, others=False),
    Case(
        "Z3-lying-size",
        lambda: _patched(24, 22, "<L", 10**9),
        "bad.report: (can not be unpacked|says it has)",
        archive=True,
    ),
    Case(
        "Z4-overlap", _overlapping, "shares its bytes with another", archive=True, others=False
    ),
    Case("Z5-traversal", lambda: LCOV, lines=(1, 2), name="../../../tmp/bad.info"),
    Case("Z6-absolute", lambda: LCOV, lines=(1, 2), name="/etc/bad.info"),
    Case("Z6-drive", lambda: LCOV, lines=(1, 2), name="C:\\bad.info"),
    Case("Z7-symbolic-link", _link, archive=True),
    Case("Z8-nested-zip", lambda: zipped("a.info", LCOV), "inside of the artifact", name="b.zip"),
    Case("Z9-LZMA", lambda: _packed(zipfile.ZIP_LZMA), "compressed by method 14", archive=True),
    Case("Z9-bzip2", lambda: _packed(zipfile.ZIP_BZIP2), "compressed by method 12", archive=True),
    Case("Z10-encrypted", lambda: _patched(8, 6, "<H", 1), "is encrypted", archive=True),
    Case(
        "Z11-truncated",
        lambda: zipped("bad.report", LCOV)[:-40],
        "cut off",
        archive=True,
        others=False,
    ),
    Case("Z12-CRC", lambda: _patched(16, 14, "<L", 1), "Bad CRC", archive=True),
    Case(
        "Z13-empty",
        lambda: b"PK\x05\x06" + bytes(18),
        "the artifact is empty",
        archive=True,
        others=False,
    ),
    Case(
        "Z14-error-page",
        lambda: b"<!DOCTYPE html><html>503</html>",
        "an HTML or XML page",
        archive=True,
        others=False,
    ),
    Case("Z15-duplicate-names", _twice, "stands 2 times in the artifact", archive=True),
    Case("Z18-odd-name", lambda: LCOV, lines=(1, 2), name=ODD_NAME),
)  # fmt: skip
