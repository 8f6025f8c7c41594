"""Writes one made-up project as a coverage report of each format, always the same bytes.

All formats say the same of it: which lines are measured, hit, and branch (12 % are, with two
branches each), so that readers can be checked against each other.
"""

from __future__ import annotations

import json
import random
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SIZES = {"small": (200, 20_000), "medium": (3_000, 500_000), "large": (20_000, 5_000_000)}
"""Files and measured lines."""


@dataclass(frozen=True, slots=True)
class Line:
    """A measured line: `branches` of its two branches were taken; None: it has none."""

    number: int
    hits: int
    branches: int | None


def files(size: str) -> Iterator[tuple[str, list[Line]]]:
    """Yield the project's paths and lines, the same each time."""
    count, total = SIZES[size]
    draw = random.Random(20)
    for index in range(count):
        lines = []
        number = draw.randrange(1, 20)
        for _ in range(total // count + (index < total % count)):
            hits = draw.randrange(1, 400) if draw.random() < 0.81 else 0
            branches = None
            if draw.random() < 0.12:
                branches = draw.randrange(1, 3) if hits else 0
            lines.append(Line(number, hits, branches))
            number += 1 if draw.random() < 0.7 else draw.randrange(2, 6)
        yield f"src/package{index // 100:03d}/module_{index:05d}.py", lines


def cobertura(size: str, out: TextIO) -> None:
    """Write what `coverage xml` writes."""
    out.write('<?xml version="1.0" ?>\n<coverage version="7.6.1" line-rate="0.81">\n')
    out.write("<sources>\n<source>/home/ci/project</source>\n</sources>\n<packages>\n")
    out.write('<package name="." line-rate="0.81" branch-rate="0.8" complexity="0">\n<classes>\n')
    for path, lines in files(size):
        name = path.rpartition("/")[2]
        out.write(f'\t\t\t\t<class name="{name}" filename="{path}" complexity="0" line-rate="1">\n')
        out.write("\t\t\t\t\t<methods/>\n\t\t\t\t\t<lines>\n")
        for line in lines:
            more = ""
            if line.branches is not None:
                more = f' branch="true" condition-coverage="{line.branches * 50}% '
                more += f'({line.branches}/2)"'
                if line.branches < 2:
                    more += f' missing-branches="{line.number + 3}"'
            out.write(
                f'\t\t\t\t\t\t<line number="{line.number}" hits="{min(line.hits, 1)}"{more}/>\n'
            )
        out.write("\t\t\t\t\t</lines>\n\t\t\t\t</class>\n")
    out.write("</classes>\n</package>\n</packages>\n</coverage>\n")


def lcov(size: str, out: TextIO) -> None:
    """Write a tracefile."""
    for path, lines in files(size):
        out.write(f"TN:\nSF:{path}\n")
        found = [line for line in lines if line.branches is not None]
        for line in found:
            for arm in (0, 1):
                taken = "-" if not line.hits else int(arm < (line.branches or 0))
                out.write(f"BRDA:{line.number},0,{arm},{taken}\n")
        out.write(f"BRF:{2 * len(found)}\nBRH:{sum(line.branches or 0 for line in found)}\n")
        out.writelines(f"DA:{line.number},{line.hits}\n" for line in lines)
        hit = sum(line.hits > 0 for line in lines)
        out.write(f"LF:{len(lines)}\nLH:{hit}\nend_of_record\n")


def jacoco(size: str, out: TextIO) -> None:
    """Write JaCoCo's XML; each line has three instructions."""
    out.write('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>')
    out.write('<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">')
    out.write('<report name="bench">')
    package = ""
    for path, lines in files(size):
        folder, _, name = path.rpartition("/")
        if folder != package:
            out.write("</package>" if package else "")
            out.write(f'<package name="{folder}">')
            package = folder
        out.write(f'<sourcefile name="{name}">')
        for line in lines:
            missed, covered = (0, 3) if line.hits else (3, 0)
            arms = 0 if line.branches is None else 2
            taken = line.branches or 0
            out.write(
                f'<line nr="{line.number}" mi="{missed}" ci="{covered}"'
                f' mb="{arms - taken}" cb="{taken}"/>'
            )
        hit = sum(line.hits > 0 for line in lines)
        out.write(f'<counter type="LINE" missed="{len(lines) - hit}" covered="{hit}"/>')
        out.write("</sourcefile>")
    out.write("</package></report>\n")


def clover(size: str, out: TextIO) -> None:
    """Write Clover's XML as istanbul does: branches taken, and not."""
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n<coverage generated="1">\n')
    out.write('<project timestamp="1" name="All files">\n<package name="all">\n')
    for path, lines in files(size):
        name = path.rpartition("/")[2]
        out.write(f'      <file name="{name}" path="/home/ci/project/{path}">\n')
        for line in lines:
            kind = 'stmt"'
            if line.branches is not None:
                kind = f'cond" truecount="{line.branches}" falsecount="{2 - line.branches}"'
            out.write(f'        <line num="{line.number}" count="{line.hits}" type="{kind}/>\n')
        out.write("      </file>\n")
    out.write("</package>\n</project>\n</coverage>\n")


def go(size: str, out: TextIO) -> None:
    """Write a Go cover profile; a block is a run of lines alike that ends at a branch."""
    out.write("mode: count\n")
    for path, lines in files(size):
        where = f"example.com/bench/{path[:-3]}.go"
        start = 0
        for end, line in enumerate(lines, 1):
            following = lines[end] if end < len(lines) else None
            if line.branches is None and following and (line.hits > 0) == (following.hits > 0):
                continue
            block = f"{lines[start].number}.2,{line.number}.{20 + line.number % 60}"
            out.write(f"{where}:{block} {end - start} {line.hits}\n")
            start = end


def coveragepy_json(size: str, out: TextIO) -> None:
    """Write what `coverage json` writes with branches: files, and their functions once more."""
    out.write('{"meta": {"format": 3, "version": "7.6.1", "branch_coverage": true, ')
    out.write('"show_contexts": false}, "files": {')
    for index, (path, lines) in enumerate(files(size)):
        value = _region(lines)
        value["functions"] = {
            f"Class.function_{start}": _region(lines[start : start + 12])
            for start in range(0, len(lines), 12)
        }
        value["classes"] = {"": _region([]), "Class": _region(lines)}
        out.write(f"{', ' if index else ''}{json.dumps(path)}: {json.dumps(value)}")
    out.write('}, "totals": {}}\n')


def _region(lines: list[Line]) -> dict[str, object]:
    """Return what coverage.py says of some lines of a file."""
    found = [line for line in lines if line.branches is not None]
    missed = [line.number for line in lines if not line.hits]
    arms = [[line.number, line.number + 1 + arm] for line in found for arm in (0, 1)]
    taken = [arm < (line.branches or 0) for line in found for arm in (0, 1)]
    percent = 100 * (len(lines) - len(missed)) / max(1, len(lines))
    return {
        "executed_lines": [line.number for line in lines if line.hits],
        "summary": {
            "covered_lines": len(lines) - len(missed),
            "num_statements": len(lines),
            "percent_covered": percent,
            "percent_covered_display": f"{percent:.0f}",
            "missing_lines": len(missed),
            "excluded_lines": 0,
            "num_branches": 2 * len(found),
            "num_partial_branches": sum(line.branches == 1 for line in found),
            "covered_branches": sum(taken),
            "missing_branches": len(taken) - sum(taken),
        },
        "missing_lines": missed,
        "excluded_lines": [],
        "executed_branches": [arm for arm, was in zip(arms, taken, strict=True) if was],
        "missing_branches": [arm for arm, was in zip(arms, taken, strict=True) if not was],
    }


def istanbul(size: str, out: TextIO) -> None:
    """Write `coverage-final.json`: a statement a line, a binary `if` for its branches."""

    def place(number: int) -> dict[str, dict[str, int]]:
        return {"start": {"line": number, "column": 2}, "end": {"line": number, "column": 40}}

    out.write("{")
    for index, (path, lines) in enumerate(files(size)):
        found = [line for line in lines if line.branches is not None]
        value = {
            "path": f"/home/ci/project/{path}",
            "statementMap": {str(at): place(line.number) for at, line in enumerate(lines)},
            "fnMap": {},
            "branchMap": {
                str(at): {
                    "loc": place(line.number),
                    "type": "if",
                    "locations": [place(line.number), place(line.number + 1)],
                    "line": line.number,
                }
                for at, line in enumerate(found)
            },
            "s": {str(at): line.hits for at, line in enumerate(lines)},
            "f": {},
            "b": {
                str(at): [int(arm < (line.branches or 0)) for arm in (0, 1)]
                for at, line in enumerate(found)
            },
        }
        text = json.dumps(value, separators=(",", ":"))
        out.write(f"{',' if index else ''}{json.dumps(value['path'])}: {text}\n")
    out.write("}\n")


def sqlite(size: str, path: Path) -> None:
    """Write a `.coverage` file: the lines that were hit, without branches."""
    with sqlite3.connect(path) as database:
        database.executescript(
            "create table coverage_schema (version integer);"
            "insert into coverage_schema values (7);"
            "create table meta (key text, value text, unique (key));"
            "insert into meta values ('has_arcs', '0'), ('version', '7.6.1');"
            "create table file (id integer primary key, path text, unique (path));"
            "create table context (id integer primary key, context text, unique (context));"
            "insert into context values (1, '');"
            "create table line_bits (file_id integer, context_id integer, numbits blob,"
            " unique (file_id, context_id));"
            "create table arc (file_id integer, context_id integer, fromno integer,"
            " tono integer, unique (file_id, context_id, fromno, tono));"
            "create table tracer (file_id integer primary key, tracer text);"
        )
        for index, (name, lines) in enumerate(files(size), 1):
            bits = sum(1 << line.number for line in lines if line.hits)
            octets = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
            database.execute("insert into file values (?, ?)", (index, f"/home/ci/{name}"))
            database.execute("insert into line_bits values (?, 1, ?)", (index, octets))
    database.close()


WRITERS: dict[str, Callable[[str, TextIO], None]] = {
    "cobertura": cobertura,
    "lcov": lcov,
    "jacoco": jacoco,
    "go": go,
    "clover": clover,
    "coveragepy-json": coveragepy_json,
    "istanbul": istanbul,
}
XML = ("cobertura", "jacoco", "clover")
"""diff-cover takes what is named otherwise for LCOV."""


def write(name: str, size: str, folder: Path) -> Path:
    """Return the file with the project's report of a format; written unless it is there."""
    path = folder / f"{size}.{name}{'.xml' if name in XML else ''}"
    if not path.exists():
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        if name == "sqlite":
            sqlite(size, part)
        else:
            with part.open("w", encoding="utf-8") as out:
                WRITERS[name](size, out)
        part.rename(path)
    return path
