"""Small repositories with reports, checked out and run through the real commands.

What each is, and how its reports were made: tests/data/analyses/README.md.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from bot.cli import run
from tests.support.checkout import Checkout

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CRITICAL",
    "HIGH",
    "LOW",
    "MEDIUM",
    "REPORTS",
    "Rows",
    "check_out",
    "columns",
    "cover",
    "reader",
    "table",
]

Rows = list[list[str]]
DATA = Path(__file__).parents[1] / "data" / "analyses"
REPORTS = {
    "courier": [
        *("--report", "unit=reports/unit.json"),
        *("--report", "integration=reports/integration.json"),
        *("--report", "system=reports/system.json"),
        *("--tests", "unit=reports/unit-junit.xml"),
        *("--tests", "integration=reports/integration-junit.xml"),
        *("--tests", "system=reports/system-junit.xml"),
    ],
    "kiln": ["--report", "unit=reports/unit.json", "--tests", "unit=reports/unit-junit.xml"],
    "depot": [
        *("--report", "rust=reports/rust.info"),
        *("--report", "ruby=reports/ruby.resultset.json"),
        *("--report", "typescript=reports/typescript.json"),
        *("--report", "python=reports/python.json"),
        *("--tests", "rust=reports/rust-junit.xml"),
        *("--tests", "ruby=reports/ruby-junit.xml"),
        *("--tests", "typescript=reports/typescript-junit.xml"),
        *("--tests", "python=reports/python-junit.xml"),
    ],
    "tollgate": ["--report", "reports/tests.json", "--tests", "reports/tests-junit.xml"],
    "switchboard": [
        *("--report", "unit=reports/unit.json"),
        *("--report", "integration=reports/integration.json"),
        *("--report", "e2e=reports/e2e.json"),
        *("--tests", "unit=reports/unit-junit.xml"),
        *("--tests", "integration=reports/integration-junit.xml"),
        *("--tests", "e2e=reports/e2e-junit.xml"),
        *("--tests", "e2e=reports/e2e-browser-junit.xml"),
    ],
}
CRITICAL, HIGH, MEDIUM, LOW = "🔴 CRITICAL", "🟠 HIGH", "🟡 MEDIUM", "🟢 LOW"


def reader(folder: Path) -> Callable[[str], str]:
    """Return a function from a repository's name to its document, made once, below a folder."""

    @cache
    def read(name: str) -> str:
        return cover(check_out(name, folder).path, ["report", *REPORTS[name]])

    return read


def check_out(name: str, folder: Path) -> Checkout:
    """Put the files of a repository under git, and its reports beside them, as a build does."""
    checkout = Checkout(folder / name)
    source = DATA / name / "repository"
    checkout.commit(
        {str(one.relative_to(source)): one.read_bytes() for one in _files_below(source)}
    )
    reports = DATA / name / "reports"
    checkout.write({f"reports/{one.name}": one.read_bytes() for one in _files_below(reports)})
    return checkout


def _files_below(folder: Path) -> list[Path]:
    return [one for one in sorted(folder.rglob("*")) if one.is_file() and one.suffix != ".pyc"]


def cover(folder: Path, arguments: list[str], status: int = 0) -> str:
    """Run a command in a checkout, and return what it prints."""
    out = io.StringIO()
    plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        mock.patch.dict(os.environ, plain),
    ):
        assert run(arguments) == status
    return out.getvalue()


def table(document: str, heading: str, title: str = "") -> Rows:
    """Return the rows of a table as lists of cells, by the heading and the title above it."""
    level = "## " if f"\n### {heading}\n" not in document else "### "
    section = rf"\n{level}(?:\d+\. )?{re.escape(heading)}\n(.*?)(?=\n##|\Z)"
    found = re.search(section, document, re.DOTALL)
    assert found, f"no heading {heading}"
    text = found[1].partition(f"**{title}**")[2] if title else found[1]
    rows = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert rows, f"no table under {heading}"
    lines = rows[0].splitlines()
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]
    return [[cell.strip(" `") for cell in row] for row in cells]


def columns(rows: Rows, *numbers: int) -> list[tuple[str, ...]]:
    """Return some columns of a table's rows."""
    return [tuple(row[number] for number in numbers) for row in rows]
