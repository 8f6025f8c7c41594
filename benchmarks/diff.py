"""Reading a diff of 1,400 files beside diff-cover's parser, and telling its lines apart.

The diff is made up: 7,000 hunks with three to eight lines of context around each change, of
which some add text that begins with `++ ` or `-- `.
"""

from __future__ import annotations

import argparse
import time
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from diff_cover.diff_reporter import GitDiffReporter

from worker.core.diff import Diff, parse_unified
from worker.core.model import FileCoverage, Report
from worker.core.novelty import tell_apart

if TYPE_CHECKING:
    from collections.abc import Callable

_FILES, _HUNKS, _SEED = 1_400, 5, 7
_VOCABULARY = "value result self return compute items index total for in if not None name path"
_WORDS = _VOCABULARY.split()


def main() -> None:
    """Print the medians, in milliseconds of CPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    text, added = make_diff()
    diff = parse_unified(text)
    found = sum(file.added.bit_count() for file in diff)
    report = Report.of(FileCoverage(file.path, file.added, 0) for file in diff)
    base = Report.of(FileCoverage(file.path, file.removed, 0) for file in diff)
    peer = GitDiffReporter(git_diff=None)
    work: dict[str, Callable[[], object]] = {
        "worker.core.diff": lambda: parse_unified(text),
        "diff-cover": lambda: peer._parse_diff_str(text),  # noqa: SLF001 - without git
        "classes of lines": lambda: tell_apart(report, diff, base, Diff()),
    }
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, call in work.items():
            began = time.process_time()
            call()
            times[name].append(1_000 * (time.process_time() - began))
    print(
        f"{len(text) / 1e6:.1f} MB, {len(diff):,} files, {found:,} of {added:,} added lines found"
    )
    for name, spent in times.items():
        print(f"{name:20} median {median(spent):6.1f} ms, least {min(spent):6.1f} ms")


def make_diff() -> tuple[str, int]:
    """Return a diff as git prints it, and how many lines it adds."""
    draw = Random(_SEED)
    parts: list[str] = []
    count = 0
    for number in range(_FILES):
        path = f"src/package{number % 40}/module_{number}.py"
        parts.append(f"diff --git a/{path} b/{path}\nindex 1111111..2222222 100644")
        parts.append(f"--- a/{path}\n+++ b/{path}")
        old = new = 10
        for _ in range(_HUNKS):
            removed, added = draw.randrange(8), draw.randrange(1, 9)
            rows = [f" {_line(draw)}" for _ in range(8)]
            rows += [f"-{_line(draw)}" for _ in range(removed)]
            rows += [
                f"+{draw.choice(['', '', '', '++ ', '-- '])}{_line(draw)}" for _ in range(added)
            ]
            rows += [f" {_line(draw)}" for _ in range(7)]
            parts.append(f"@@ -{old},{15 + removed} +{new},{15 + added} @@ def f():")
            parts += rows
            old, new, count = old + removed + 60, new + added + 60, count + added
    return "\n".join(parts) + "\n", count


def _line(draw: Random) -> str:
    return " " * 4 * draw.randrange(4) + " ".join(draw.choices(_WORDS, k=draw.randrange(3, 10)))


if __name__ == "__main__":
    main()
