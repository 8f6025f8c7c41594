"""What R's covr sends to Codecov (`covr:::to_codecov`).

`coverage` has an element a line after a null for line 0; null is a line without code. covr
counts expressions and gives a line the least count of those on it.
https://covr.r-lib.org/articles/how_it_works.html
"""

from __future__ import annotations

import msgspec

from worker.core.formats._base import Format, Parsed
from worker.core.formats._build import ReportBuilder
from worker.core.formats._json import (
    Name,
    add_counts,
    decode,
    decode_named,
    in_file,
    json_text,
    outline,
)

__all__ = ["FORMAT"]


class _File(msgspec.Struct, gc=False):
    name: Name
    coverage: msgspec.Raw


class _Document(msgspec.Struct):
    files: list[_File]


_counts: msgspec.json.Decoder[list[float | None]] = msgspec.json.Decoder(list[float | None])


def _sniff(head: bytes) -> bool:
    document, _, file, *_ = outline(head)
    return "files[" in document and {"name", "coverage["} <= file


def _parse(data: bytes) -> Parsed:
    report = ReportBuilder()
    for file in decode_named(_Document, json_text(data)).files:
        with in_file(file.name.text):
            counts = decode(_counts, file.coverage)
            add_counts(report.file(file.name.text), counts[1:])
    return Parsed(report.build())


FORMAT = Format("covr-json", _sniff, _parse)
