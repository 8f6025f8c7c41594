"""coverage.py, run here and now: its own totals are what our readers find in its reports."""

from __future__ import annotations

import subprocess
import sys

import pytest

from worker.core.formats import read
from worker.core.model import line_numbers

PROGRAM = """\
def sign(number):
    if number > 0:
        return "plus"
    elif number < 0:
        return "minus"
    return "nought"


for value in (1, 0):
    if value:
        sign(value)
"""
STATEMENTS = [1, 2, 3, 4, 5, 6, 9, 10, 11]
MISSED = [4, 5, 6]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Run a small program under coverage.py, in a process of its own."""
    folder = tmp_path_factory.mktemp("measured")
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
    for arguments in (
        ["run", "--branch", "program.py"],
        ["xml", "-q"],
        ["json", "-q"],
        ["lcov", "-q"],
    ):
        command = [sys.executable, "-m", "coverage", *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("coverage.xml", "cobertura"),
        ("coverage.json", "coveragepy-json"),
        ("coverage.lcov", "lcov"),
    ],
)
def test_lines_are_coverage_pys_own(folder, name, format_name):
    """A new release of coverage.py would change verdicts without anybody seeing it."""
    known, parsed = read((folder / name).read_bytes())
    assert known.name == format_name
    (file,) = parsed.report
    assert file.path.endswith("program.py")
    assert line_numbers(file.measured) == STATEMENTS
    assert line_numbers(file.measured & ~file.hit) == MISSED
