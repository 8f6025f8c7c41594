"""The JSON that Coveralls takes, as its clients write it (excoveralls, tarpaulin, goveralls, …).

`coverage` has an element a line, null where a line is not relevant; `branches` is a flat
list of four numbers a branch: line, block, branch, hits.
https://docs.coveralls.io/api-reference
"""

from __future__ import annotations

import msgspec

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed
from worker.core.formats._build import FileBuilder, ReportBuilder
from worker.core.formats._json import (
    Name,
    add_all_arms,
    add_counts,
    decode,
    decode_named,
    in_file,
    json_text,
    outline,
)

__all__ = ["FORMAT"]

_QUADRUPLE = 4


class _File(msgspec.Struct, gc=False):
    name: Name
    coverage: msgspec.Raw
    branches: list[int] | None = None


class _Document(msgspec.Struct):
    source_files: list[_File]


_counts: msgspec.json.Decoder[list[float | None]] = msgspec.json.Decoder(list[float | None])


def _sniff(head: bytes) -> bool:
    return "source_files[" in outline(head)[0]


def _parse(data: bytes) -> Parsed:
    report = ReportBuilder("coveralls-json")
    for file in decode_named(_Document, json_text(data)).source_files:
        with in_file(file.name.text):
            builder = report.file(file.name.text)
            counts = decode(_counts, file.coverage)
            add_counts(builder, counts)
            _read_branches(builder, file.branches or [])
    return Parsed(report.build())


def _read_branches(builder: FileBuilder, numbers: list[int]) -> None:
    if len(numbers) % _QUADRUPLE:
        raise ReportError(
            f"`branches` has {len(numbers)} numbers; Coveralls takes four a branch: "
            "line, block, branch, hits"
        )
    taken: dict[int, dict[tuple[int, int], bool]] = {}
    records = iter(numbers)
    for line, block, branch, hits in zip(records, records, records, records, strict=True):
        arms = taken.setdefault(line, {})
        arms[block, branch] = arms.get((block, branch), False) or hits > 0
    add_all_arms(
        builder, {line: [arms[key] for key in sorted(arms)] for line, arms in taken.items()}
    )


FORMAT = Format("coveralls-json", _sniff, _parse)
