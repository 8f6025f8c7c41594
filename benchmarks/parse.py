"""Reading reports: Covgate beside other readers and beside floors. Run by hand.

    python -m benchmarks.parse [--size medium] [--rounds 5] [--formats lcov,go]
                               [--peers PYTHON] [--folder FOLDER]

Every measurement is a fresh process; those that are compared take turns, so that a busy
machine disturbs all alike. Prints medians of CPU seconds and the peak memory, as Markdown.
`--peers` is a Python that has diff-cover, pycobertura, lcov_cobertura and coverage; what it
lacks is named and left out. The reports are made once in FOLDER, and kept there. With
`--formats ''` only what follows the parse is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.parse_tasks import PEERS
from benchmarks.reports import SIZES, write


@dataclass(frozen=True, slots=True)
class Goal:
    """Covgate's CPU seconds are to be at most `most` times those of `task`."""

    task: str
    most: float
    on: str = ""
    """The format whose report `task` reads; the same one where it is empty."""


GOALS = {
    "cobertura": (
        Goal("diff-cover CLI", 0.12),
        Goal("expat no-op", 2.4),
        Goal("pycobertura", 1.0),
        Goal("newlines", 1000),
    ),
    "lcov": (
        Goal("diff-cover's class", 0.26),
        Goal("lcov_cobertura", 1.0),
        Goal("newlines", 1000),
    ),
    "jacoco": (Goal("expat no-op", 2.0),),
    "clover": (Goal("expat no-op", 2.04, on="cobertura"),),
    "go": (Goal("expat no-op", 0.48, on="cobertura"),),
    "coveragepy-json": (Goal("json.loads", 0.2),),
    "istanbul": (Goal("json.loads", 0.2),),
    "sqlite": (Goal("CoverageData", 0.05),),
}
MOST_MEMORY = 150
"""MB above the report itself."""
AFTER = (
    ("memory of lines", "report in memory, lines", 2.0, "bytes a line", 1),
    ("memory of branches", "the same with branches", 0.0, "bytes a line", 1),
    ("bits of lines", "stored baseline, lines", 4.0, "bits a line", 1),
    ("bits of branches", "the same with branches", 0.0, "bits a line", 1),
    ("encode lines", "encode, lines", 50.0, "ms", 1000),
    ("encode branches", "the same with branches", 0.0, "ms", 1000),
    ("decode lines", "decode, lines", 25.0, "ms", 1000),
    ("decode branches", "the same with branches", 0.0, "ms", 1000),
    ("compare", "verdict on two such reports", 15.0, "ms", 1000),
)


@dataclass(slots=True)
class Series:
    """The measurements of one task on one report."""

    seconds: list[float] = field(default_factory=list)
    peak: float = 0.0

    @property
    def median(self) -> float:
        """CPU seconds."""
        return statistics.median(self.seconds)


def child(*command: str) -> tuple[dict[str, float], float]:
    """Run a Python; return the JSON that it printed, and its peak memory in MB."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return json.loads(printed), usage.ru_maxrss / 1024


def measure(
    jobs: list[tuple[str, Path]], rounds: int, peers: str
) -> dict[tuple[str, Path], Series]:
    """Run the jobs by turns."""
    found = {job: Series() for job in jobs}
    for _ in range(rounds):
        for task, path in jobs:
            python = peers if task in PEERS else sys.executable
            printed, peak = child(python, "-m", "benchmarks.parse_tasks", task, str(path))
            found[task, path].seconds.append(printed["seconds"])
            found[task, path].peak = max(found[task, path].peak, peak)
    return found


def missing(peers: str) -> set[str]:
    """Return the peers that are not installed, and name them."""
    lacking = set()
    for task, module in PEERS.items():
        command = [peers, "-c", f"import {module}"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            lacking.add(task)
    if lacking:
        print(f"Not installed, so left out: {', '.join(sorted(lacking))}.\n")
    return lacking


def compare(name: str, size: str, folder: Path, rounds: int, peers: str, lacking: set[str]) -> None:
    """Measure one format and print its rows."""
    goals = [goal for goal in GOALS[name] if goal.task not in lacking]
    path = write(name, size, folder)
    others = [(goal.task, write(goal.on or name, size, folder)) for goal in goals]
    found = measure([("Covgate", path), *others], rounds, peers)
    own = found["Covgate", path]
    megabytes = path.stat().st_size / 2**20
    above = own.peak - megabytes
    ok = "" if above <= MOST_MEMORY else " **above the goal**"
    scale = 1e9 / SIZES[size][1]
    print(
        f"| {name} | {megabytes:.0f} MB | {own.median:.3f} | {own.median * scale:.0f} "
        f"| {own.peak:.0f}{ok} | | | |"
    )
    for goal, job in zip(goals, others, strict=True):
        other = found[job]
        ratio = own.median / other.median
        wanted = f"≤ {goal.most}" if goal.most < 1000 else ""
        met = "" if not wanted else "yes" if ratio <= goal.most else "**no**"
        label = goal.task + (f" ({goal.on})" if goal.on else "")
        print(
            f"| | {label} | {other.median:.3f} | {other.median * scale:.0f} | {other.peak:.0f} "
            f"| {ratio:.3g} | {wanted} | {met} |",
            flush=True,
        )


def after_the_parse(size: str, folder: Path) -> None:
    """Measure and print what comes after the parse."""
    found, _ = child(
        sys.executable, "-m", "benchmarks.after_parse", str(write("lcov", size, folder))
    )
    print("\n| after the parse | | goal | met |\n| --- | --- | --- | --- |")
    for key, label, goal, unit, factor in AFTER:
        most = 0 if unit == "ms" and size != "large" else goal  # those are for 5 million lines
        value = found[key] * factor
        met = "" if not most else "yes" if value <= most else "**no**"
        print(f"| {label} | {value:.3g} {unit} | {f'≤ {most:.3g}' if most else ''} | {met} |")
    ratio = found["zip to verdict"] / found["parse"]
    met = "yes" if ratio <= 1.1 else "**no**"
    print(f"| zip to verdict : parse (LCOV) | {ratio:.3g} | ≤ 1.1 | {met} |")
    print(
        f"| the same, read in a child as workers do | {found['caged'] / found['parse']:.3g} | | |"
    )


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--size", choices=SIZES, default="medium")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--formats", default=",".join(GOALS))
    options.add_argument("--peers", default=sys.executable)
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        files, lines = SIZES[chosen.size]
        print(f"{lines:,} lines in {files:,} files, medians of {chosen.rounds}.\n")
        lacking = missing(chosen.peers)
        print("| format | | CPU s | ns a line | peak MB | Covgate : it | goal | met |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for name in filter(None, chosen.formats.split(",")):
            compare(name, chosen.size, folder, chosen.rounds, chosen.peers, lacking)
        after_the_parse(chosen.size, folder)


if __name__ == "__main__":
    main()
