"""Big reports are read in a child that may take so much and no more."""

from __future__ import annotations

import gzip
import os
import signal
import time

import pytest

from worker import cage
from worker.cage import CAGED, read_report, run_caged
from worker.core import formats
from worker.core.errors import PostponedError, ReportError, SummaryError
from worker.core.formats import coverage_data

pytestmark = pytest.mark.skipif(not CAGED, reason="the cage is Linux's")

LCOV = (
    b"TN:one\nSF:a.py\nFN:1,4,f\nFNDA:3,f\nDA:1,1\nDA:2,0\nBRDA:1,0,0,1\nBRDA:1,0,1,0\n"
    b"end_of_record\nTN:two\nSF:b.py\nDA:1,1\nend_of_record\n"
)
JSON = (
    b'{"meta": {"version": "7.6", "show_contexts": true}, "files": {"a.py": {"executed_lines": '
    b'[1, 2], "missing_lines": [3], "contexts": {"1": ["one"], "2": ["one", "two", ""]}}}}'
)


@pytest.fixture
def every_report_is_big(monkeypatch):
    """Let every report be read in the cage."""
    monkeypatch.setattr(cage, "BIG", 1)


@pytest.mark.usefixtures("every_report_is_big")
@pytest.mark.parametrize("data", [LCOV, JSON, gzip.compress(JSON)], ids=["lcov", "json", "gzip"])
def test_the_cage_changes_nothing_of_a_report(data):
    """A big report would lose its contexts, branches or functions, and nobody would notice."""
    known, parsed = read_report(data)
    assert (known, parsed) == formats.read(data)
    if data != LCOV:
        assert [name for name, _ in parsed.report.files["a.py"].contexts] == ["one", "two"]


@pytest.mark.parametrize(
    ("data", "caged"),
    [
        (LCOV, False),
        (LCOV + b"# \n" * 3_000_000, True),
        (gzip.compress(LCOV, mtime=0), False),
        (gzip.compress(LCOV + b"# \n" * 3_000_000, mtime=0), True),
        (gzip.compress(LCOV, mtime=0)[:-20], True),
    ],
    ids=["small", "big", "small gzip", "gzip of something big", "gzip that is cut off"],
)
def test_only_what_is_big_is_read_in_a_child(data, caged, monkeypatch):
    """A few kilobytes of gzip would unfold in the worker, or each small report cost a process."""
    calls = []
    run = cage.run_caged
    monkeypatch.setattr(cage, "run_caged", lambda work: calls.append(work) or run(work))
    try:
        assert len(read_report(data)[1].report) == 2
    except ReportError as error:
        assert "cut off" in error.reason  # noqa: PT017 - only one of them is
    assert bool(calls) == caged


@pytest.mark.usefixtures("every_report_is_big")
@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (b"SF:a.py\nDA:0,1\n", ReportError, "line 2, 'DA:0,1'"),
        (b'{"root": ".", "gcovr/summary_format_version": "0.6"}', SummaryError, "gcovr's summary"),
        (b"<html>", ReportError, "of no known format"),
    ],
)
def test_what_is_wrong_is_said_as_without_a_cage(data, kind, reason):
    """A damaged big report would be told of in other words than a small one, or in none."""
    with pytest.raises(ReportError, match=reason) as caught:
        read_report(data)
    assert type(caught.value) is kind


def test_too_much_memory_has_a_name(monkeypatch):
    """The kernel would kill the worker, and every other job of it, for one upload."""
    monkeypatch.setattr(cage, "MEMORY", 0)
    monkeypatch.setattr(cage, "_LEAST_ROOM", 2**26)
    with pytest.raises(ReportError, match="needs more than 0 MB to read; split the report"):
        run_caged(lambda: bytes(2**28))


def test_too_many_seconds_have_a_name(monkeypatch):
    """A report that is read for ever would hold a worker for ever."""
    monkeypatch.setattr(cage, "SECONDS", 1)

    def turn():
        while True:
            pass

    with pytest.raises(ReportError, match="takes more than 1 seconds"):
        run_caged(turn)


def test_a_child_that_hangs_is_given_up(monkeypatch):
    """A child that waits for something takes no CPU, and would never be ended."""
    monkeypatch.setattr(cage, "_WALL_SECONDS", 0.2)
    started = time.monotonic()
    with pytest.raises(ReportError, match="takes more than"):
        run_caged(lambda: time.sleep(60) or b"")
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("number", "reason"),
    [(signal.SIGKILL, "needs more than 512 MB"), (signal.SIGSEGV, "its reader crashed.*SIGSEGV")],
)
def test_a_child_that_dies_is_a_broken_report(number, reason):
    """A parser that crashes would take the look at the pull request with it, again and again."""

    def die():
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)  # not pytest's, which prints a traceback
        os.kill(os.getpid(), number)

    with pytest.raises(ReportError, match=reason):
        run_caged(die)


def test_a_defect_is_no_broken_report():
    """A team would mend a report in which nothing is wrong."""
    with pytest.raises(ChildProcessError, match="ZeroDivisionError"):
        run_caged(lambda: 1 // 0)


def test_nothing_can_be_written(tmp_path):
    """A parser could be led to overwrite the worker's own files."""
    (tmp_path / "x").write_bytes(b"before")
    with pytest.raises(ChildProcessError, match="OSError"):
        run_caged(lambda: os.write(os.open(tmp_path / "x", os.O_WRONLY), b"after") and b"")
    assert (tmp_path / "x").read_bytes() == b"before"


@pytest.mark.usefixtures("every_report_is_big")
def test_what_asks_for_sources_is_read_where_it_is(monkeypatch):
    """Whoever asks GitHub in a child loses the answer, and "later, please" with it."""

    def sources(_):
        raise PostponedError("rate limit", seconds=60)

    monkeypatch.setattr(cage, "recognise", lambda _: coverage_data.FORMAT)
    monkeypatch.setattr(cage.formats, "read", lambda _, sources: sources("a.py"))
    with pytest.raises(PostponedError):
        read_report(b"SQLite", sources)


def test_no_child_is_left_behind():
    """Each big report would leave a dead process, until the machine has no more room for them."""
    child = int(run_caged(lambda: b"%d" % os.getpid()))
    assert child != os.getpid()
    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)


def test_what_is_done_together_comes_back_in_order():
    """What one file tells would be taken for another's."""
    work = [lambda n=n: str(n).encode() * n for n in range(50)]
    assert cage.work_caged(work, most_bad=1) == [str(n).encode() * n for n in range(50)]
    assert cage.work_caged([], most_bad=1) == []


def test_a_piece_of_work_that_takes_too_much_costs_itself_alone(monkeypatch):
    """One hostile file would take the facts of all others with it."""
    monkeypatch.setattr(cage, "PIECE_SECONDS", 0.2)

    def crash():
        os.kill(os.getpid(), signal.SIGKILL)

    def fail():
        raise ValueError("a defect")

    def spin():
        while True:
            pass

    def hoard():
        return bytes(2**32)

    work = [lambda: b"first", crash, lambda: b"second", spin, hoard, fail, lambda: b"last"]
    done = cage.work_caged(work, most_bad=9)
    assert done == [b"first", None, b"second", None, None, None, b"last"]
    assert cage.work_caged(work, most_bad=2) == [b"first", None, b"second", None]


def test_much_work_that_is_harmless_is_done_in_several_children(monkeypatch):
    """The files of a large repository would be given up together, as if one were hostile."""
    monkeypatch.setattr(cage, "SECONDS", 1)

    def burn():
        end = time.process_time() + 0.4
        while time.process_time() < end:
            pass
        return b"done"

    assert cage.work_caged([burn] * 4, most_bad=1) == [b"done"] * 4
