"""The parts of `covgate up`, one by one; all of it as a process: tests/e2e/test_up.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from bot import up
from bot.signals import stopped_by_sigterm
from bot.up import embedded_parts, started_workers
from tests.support.environment import bare_environment

if TYPE_CHECKING:
    from pathlib import Path


def test_a_named_redis_keeps_the_own_one_from_being_started(tmp_path: Path):
    """Two servers would run, and the operator look into the wrong one."""
    with embedded_parts(tmp_path / "data", redis=False) as parts:
        assert parts == {"COVGATE_DATABASE_URL": f"sqlite:///{tmp_path}/data/covgate.db"}
    assert list((tmp_path / "data").iterdir()) == []


def test_the_data_is_this_users_alone(tmp_path: Path):
    """Whoever shares the machine could read a private repository's coverage."""
    with embedded_parts(tmp_path / "data", redis=False):
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_sigterm_ends_the_block_with_its_clean_up():
    """A signal during the start would leave temporary folders behind."""
    before = signal.getsignal(signal.SIGTERM)
    cleaned = []

    def block() -> None:
        with stopped_by_sigterm(143) as stopped:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                cleaned.append(stopped())

    with pytest.raises(SystemExit) as end:
        block()
    assert cleaned == [True]
    assert end.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_sigterm_that_python_drops_is_known_all_the_same():
    """One start in some hundreds would not notice that it was told to stop."""
    with stopped_by_sigterm() as stopped:
        assert not stopped()
        with suppress(SystemExit):
            os.kill(os.getpid(), signal.SIGTERM)
        assert stopped()


def test_ctrl_c_reaches_the_workers_once(tmp_path: Path):
    """A terminal's signal and ours would be two, and the second breaks off the jobs in work."""
    with (
        (tmp_path / "log").open("w") as log,
        started_workers(bare_environment(), 1, folder=tmp_path, log=log) as process,
    ):
        assert os.getsid(process.pid) == process.pid != os.getsid(0)
        process.wait(20)  # it has no settings
    assert process.returncode == 2
    assert (tmp_path / "log").read_text().startswith("covgate: COVGATE_APP_ID is missing")


STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
signal.pause()
"""


def test_workers_that_do_not_end_are_ended(monkeypatch: pytest.MonkeyPatch):
    """One job that hangs would keep the machine from being shut down."""
    monkeypatch.setattr(up, "_GRACE", 0.1)
    monkeypatch.setattr(up, "_FORCED", 0.1)
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        up._end(process)
        assert process.returncode == -signal.SIGKILL
