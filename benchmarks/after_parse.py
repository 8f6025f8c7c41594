"""What follows the parse, for `benchmarks.parse`: memory, baselines, comparison, zip to verdict."""

from __future__ import annotations

import io
import json
import resource
import sys
import time
import zipfile
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from worker.cage import read_report
from worker.core.analysis import analyze
from worker.core.artifact import FoundReport, read_artifact
from worker.core.codec import decode_report, encode_report
from worker.core.diff import Diff, FileDiff
from worker.core.formats import read
from worker.core.model import FileCoverage, Report
from worker.core.paths import Glob, match_paths
from worker.core.refs import Sha
from worker.core.verdict import Baseline, Inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.core.formats import Format, Parsed, Sources

CHANGED_FILES, FLIPPED_FILES = 289, 1000
ROUNDS = 5
BASE = Sha("b" * 40)


def measure(path: Path) -> dict[str, float]:
    """Return seconds and bytes of everything but the parse, of the project's LCOV report."""
    head = read(path.read_bytes())[1].report
    lines = head.lines.total
    bare = Report.of(
        FileCoverage(file.path, file.measured, file.hit, file.partial) for file in head
    )
    base = _flipped(bare)
    diff = _diff(head)
    found = {"files": float(len(head)), "lines": float(lines)}
    for name, report in (("lines", bare), ("branches", head)):
        stored = encode_report(report)
        found[f"memory of {name}"] = _bytes(report) / lines
        found[f"bits of {name}"] = 8 * len(stored) / lines
        found[f"encode {name}"] = _seconds(lambda report=report: encode_report(report))
        found[f"decode {name}"] = _seconds(lambda stored=stored: decode_report(stored))
    found["compare"] = _seconds(lambda: _compare(bare, base, diff))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.write(path, "lcov.info")
    stored = encode_report(base)
    found["parse"] = _seconds(lambda: read(path.read_bytes()))
    found["zip to verdict"] = _seconds(lambda: _judge(archive, stored, diff, read))
    found["caged"] = _seconds(lambda: _judge(archive, stored, diff, read_report))
    return found


def _compare(head: Report, base: Report, diff: Diff) -> None:
    """Compare two reports of which nothing is known yet, such as their totals."""
    analyze(Inputs(Report(head.files), diff, baseline=Baseline(BASE, 0, Report(base.files))))


def _judge(
    archive: io.BytesIO,
    stored: bytes,
    diff: Diff,
    reader: Callable[[bytes, Sources | None], tuple[Format, Parsed]],
) -> None:
    """Go the whole way, the report read by `reader`: here, or as a worker does in a child."""
    (found,) = read_artifact(archive, [Glob("**")], read=reader)
    assert isinstance(found, FoundReport)
    paths = frozenset(found.parsed.report.files)
    report = match_paths(found.parsed.report, found.parsed.sources, paths).report
    baseline = Baseline(BASE, 0, decode_report(stored))
    analyze(Inputs(report, diff, baseline=baseline))
    encode_report(report)


def _flipped(report: Report) -> Report:
    """Return the report with other lines hit in a thousand files."""
    draw = Random(7)
    files = list(report)
    for index in draw.sample(range(len(files)), min(FLIPPED_FILES, len(files))):
        file = files[index]
        hit = file.measured & draw.getrandbits(file.measured.bit_length())
        files[index] = FileCoverage(file.path, file.measured, hit)
    return Report.of(files)


def _diff(report: Report) -> Diff:
    """Return a change of 30 lines in each of some files."""
    some = list(report)[:: max(1, len(report) // CHANGED_FILES)][:CHANGED_FILES]
    lines = ((1 << 30) - 1) << 40
    return Diff.of(FileDiff(file.path, file.path, lines, lines, "modified") for file in some)


def _bytes(report: Report) -> int:
    """Return what a report takes in memory, without its paths; each object once."""
    seen: set[int] = set()
    total = 0
    for file in report:
        packed = file.branches
        values = [file.measured, file.hit, file.partial]
        values += [packed, packed.octets, packed.rest, *packed.rest]
        for value in values:
            if id(value) not in seen:
                seen.add(id(value))
                total += sys.getsizeof(value)
    return total


def _seconds(work: Callable[[], object]) -> float:
    """Return the median of the CPU seconds, those of child processes too."""
    times = []
    for _ in range(ROUNDS):
        began = _cpu()
        work()
        times.append(_cpu() - began)
    return median(times)


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
