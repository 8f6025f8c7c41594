"""What `benchmarks.parse` measures: functions of a report's path, each run in its own process.

Each returns the CPU seconds of its work, without the start of Python and the imports.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from xml.parsers import expat


def ours(path: Path) -> float:
    """Read a report as Covgate does; of `.coverage`, what is in it, without sources."""
    formats = import_module("worker.core.formats")
    began = time.process_time()
    data = path.read_bytes()
    known = formats.recognise(data[: formats.HEAD])
    assert known is not None
    known.read(data, lambda _: None)
    return time.process_time() - began


def expat_no_op(path: Path) -> float:
    """Let expat call handlers that do nothing."""
    began = time.process_time()
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda *_: None
    parser.EndElementHandler = lambda _: None
    parser.Parse(path.read_bytes(), True)
    return time.process_time() - began


def count_newlines(path: Path) -> float:
    """Read the file and count its lines."""
    began = time.process_time()
    path.read_bytes().count(b"\n")
    return time.process_time() - began


def json_loads(path: Path) -> float:
    """Read with the standard library's json."""
    began = time.process_time()
    json.loads(path.read_bytes())
    return time.process_time() - began


def diff_cover_command(path: Path) -> float:
    """Run diff-cover on a change of a hundred files; return its CPU seconds, git's too."""
    with tempfile.TemporaryDirectory() as folder:
        _repository(Path(folder))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = ["-m", "diff_cover.diff_cover_tool", str(path), "--compare-branch=main"]
        subprocess.run(
            [sys.executable, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def diff_cover_lcov(path: Path) -> float:
    """Read with diff-cover's class alone."""
    import_module("diff_cover.git_path").GitPathTool.set_cwd(str(Path.cwd()))
    reporters = import_module("diff_cover.violationsreporters.violations_reporter")
    began = time.process_time()
    reporters.LcovCoverageReporter.parse(str(path))
    return time.process_time() - began


def pycobertura(path: Path) -> float:
    """Take the totals of every file."""
    peer = import_module("pycobertura")
    began = time.process_time()
    report = peer.Cobertura(str(path))
    for name in report.files():
        report.total_statements(name)
        report.total_misses(name)
    return time.process_time() - began


def lcov_cobertura(path: Path) -> float:
    """Parse, without the conversion."""
    peer = import_module("lcov_cobertura")
    began = time.process_time()
    peer.LcovCobertura(path.read_text()).parse()
    return time.process_time() - began


def coverage_data(path: Path) -> float:
    """Ask coverage.py's own API for the lines of each file."""
    peer = import_module("coverage")
    began = time.process_time()
    data = peer.CoverageData(basename=str(path))
    data.read()
    for name in data.measured_files():
        data.lines(name)
    return time.process_time() - began


PEERS = {
    "diff-cover CLI": "diff_cover",
    "diff-cover's class": "diff_cover",
    "pycobertura": "pycobertura",
    "lcov_cobertura": "lcov_cobertura",
    "CoverageData": "coverage",
}
"""The module that has to be there."""

TASKS = {
    "Covgate": ours,
    "expat no-op": expat_no_op,
    "newlines": count_newlines,
    "json.loads": json_loads,
    "diff-cover CLI": diff_cover_command,
    "diff-cover's class": diff_cover_lcov,
    "pycobertura": pycobertura,
    "lcov_cobertura": lcov_cobertura,
    "CoverageData": coverage_data,
}


def _repository(folder: Path) -> None:
    """Make a git repository whose branch changes five lines in each of a hundred files."""

    def git(*words: str) -> None:
        identity = ["-c", "user.name=b", "-c", "user.email=b@example.com"]
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    for change in (0, 1):
        for index in range(100):
            path = folder / f"src/package000/module_{index:05d}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = [f"x = {n} + {change * (20 <= n < 25)}\n" for n in range(200)]
            path.write_text("".join(lines))
        git("add", ".")
        git("commit", "-q", "-m", "change")
        if not change:
            git("checkout", "-q", "-b", "topic")


if __name__ == "__main__":
    print(json.dumps({"seconds": TASKS[sys.argv[1]](Path(sys.argv[2]))}))
