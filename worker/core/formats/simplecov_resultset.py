"""SimpleCov's `.resultset.json`: Ruby's coverage by command ("RSpec", "Minitest", …).

A file's lines are an array with an element a line, null for a line without code; SimpleCov
before 0.18 wrote the array itself, later ones `{"lines": […], "branches": {…}}`. Branches
stand at the line where their condition starts.

The commands are merged as SimpleCov merges them: counts are added, and a line that one
command measured and never hit while another did not measure it is not measured (nil + 0 is
nil: a file that was never loaded has guessed lines, one that was has Ruby's own).
https://github.com/simplecov-ruby/simplecov/blob/main/lib/simplecov/combine/lines_combiner.rb
"""

from __future__ import annotations

import re
from itertools import zip_longest

import msgspec

from worker.core.errors import ReportError
from worker.core.formats._base import Format, Parsed, quote
from worker.core.formats._build import FileBuilder, ReportBuilder
from worker.core.formats._json import (
    Name,
    add_all_arms,
    add_counts,
    decode,
    decode_named,
    in_file,
    json_text,
    once,
    outline,
)

__all__ = ["FORMAT"]

_CONDITION = re.compile(r"\[[^,]+, [0-9]{1,9}, ([0-9]{1,9}), [^\[\]]*\]")
"""A condition's kind, number and first line: `[:if, 0, 12, 4, 14, 7]`."""

_Lines = list[float | None]
_Branches = dict[str, dict[str, float]]


class _Command(msgspec.Struct):
    coverage: dict[Name, msgspec.Raw]


class _File(msgspec.Struct, gc=False):
    lines: _Lines
    branches: _Branches | None = None


_file = msgspec.json.Decoder(_File | _Lines)


def _sniff(head: bytes) -> bool:
    commands, command, files, file, *_ = outline(head)
    return (
        bool(commands)
        and all(name.endswith("{") for name in commands)
        and "coverage{" in command
        and not commands & {"coverage{", "meta{"}
        and ("lines[" in file or any(name.endswith("[") for name in files))
    )


def _parse(data: bytes) -> Parsed:
    commands = decode_named(dict[Name, _Command], json_text(data))
    once(commands)
    files: dict[str, list[msgspec.Raw]] = {}
    for command in commands.values():
        once(command.coverage)
        for name, raw in command.coverage.items():
            files.setdefault(name.text, []).append(raw)
    report = ReportBuilder("simplecov-resultset")
    for path, raws in files.items():
        with in_file(path):
            _read_file(report.file(path), [decode(_file, raw) for raw in raws])
    return Parsed(report.build())


def _read_file(builder: FileBuilder, found: list[_File | _Lines]) -> None:
    results = [file if isinstance(file, _File) else _File(file) for file in found]
    merged = results[0].lines
    for result in results[1:]:
        merged = [_combine(*counts) for counts in zip_longest(merged, result.lines)]
    add_counts(builder, merged)
    arms: dict[int, dict[tuple[str, str], bool]] = {}
    for result in results:
        for condition, branches in (result.branches or {}).items():
            line = arms.setdefault(_line(condition), {})
            for branch, count in branches.items():
                key = (condition, branch)
                line[key] = line.get(key, False) or count > 0
    add_all_arms(
        builder, {line: [taken[key] for key in sorted(taken)] for line, taken in arms.items()}
    )


def _combine(ours: float | None, theirs: float | None) -> float | None:
    total = (ours or 0) + (theirs or 0)
    return None if total == 0 and (ours is None or theirs is None) else total


def _line(condition: str) -> int:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise ReportError(f"{quote(condition)} is no branch as Ruby's Coverage names them")
    return int(found[1])


FORMAT = Format("simplecov-resultset", _sniff, _parse)
