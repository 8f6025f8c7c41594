"""What a report may take in sum while it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worker.core.errors import ReportError
from worker.core.formats import _build, read
from worker.core.formats._build import FileBuilder, ReportBuilder

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the room small, so that the tests are quick."""
    monkeypatch.setattr(_build, "_MAX_ROOM", 2**20)


def test_a_report_of_a_million_files_is_refused():
    """A few megabytes of names would take the worker's whole memory."""
    report = b"".join(b"SF:f%d.c\nDA:1,1\nend_of_record\n" % n for n in range(10_000))
    with pytest.raises(ReportError, match="too many"):
        read(report)


@pytest.mark.parametrize(
    "report",
    [
        b"SF:a.c\nDA:1,1\n" + b"".join(b"BRDA:%d,e0,0,1\n" % n for n in range(6000)),
        b"SF:a.c\nDA:1,1\n" + b"".join(b"FN:1,%d\n" % n for n in range(6000)),
        b"SF:a.c\nDA:1,1\n" + b"".join(b"FNDA:1,%d\n" % n for n in range(6000)),
        b"SF:a.c\nDA:1,1\n" + b"".join(b"FNA:0,1,%d\n" % n for n in range(6000)),
        b"SF:a.c\n" + b"".join(b"TN:%d\nDA:1,1\n" % n for n in range(6000)),
        b"mode: set\n" + b"".join(b"a.go:1.%d,2.2 1 00\n" % n for n in range(6000)),
    ],
    ids=["BRDA", "FN", "FNDA", "FNA", "TN", "Go blocks"],
)
def test_records_of_one_file_are_counted_while_they_are_read(report):
    """What is only added up when a file ends could fill the memory before."""
    with pytest.raises(ReportError, match="too many branches or functions"):
        read(report)


def add_branches(file: FileBuilder) -> None:
    for line in range(1, 20_000):
        file.add_branches(line, 1, 2)


def add_functions(file: FileBuilder) -> None:
    for number in range(20_000):
        file.add_function(1, f"f{number}", 1)


@pytest.mark.parametrize("add", [add_branches, add_functions])
def test_branches_and_functions_without_end_are_refused(add: Callable[[FileBuilder], None]):
    """One file's branches would do the same."""
    file = ReportBuilder().file("a.c")
    with pytest.raises(ReportError, match="too many"):
        add(file)


def test_what_is_named_again_takes_no_more_room():
    """Reports that name a line many times, as C++ templates do, would be refused."""
    file = ReportBuilder().file("a.c")
    for _ in range(20_000):
        file.add_branches(1, 1, 2)
        file.add_function(1, "f", 1)
    assert file.build("a.c").branch_ratio.total == 2
