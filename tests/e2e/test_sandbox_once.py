"""`covgate sandbox --once` as a process of its own: the whole loop, seen by a newcomer."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.e2e.conftest import PROJECTS
from tests.support.environment import bare_environment
from tests.support.processes import processes_in
from tests.support.workers import until

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "bot.cli", "sandbox", "--once"]


def places(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Return an empty folder to work in, and an environment with temporary files beside it."""
    work, temporary = tmp_path / "work", tmp_path / "tmp"
    work.mkdir()
    temporary.mkdir()
    # What is set for a real installation must have no effect.
    return work, {**bare_environment(TMPDIR=str(temporary)), "COVGATE_REDIS_URL": "redis://nowhere"}


def test_one_pull_request_runs_through_and_leaves_nothing(tmp_path: Path):
    """A newcomer's first command would fail, tell wrong numbers, or litter."""
    work, environment = places(tmp_path)
    done = subprocess.run(
        COMMAND, cwd=work, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    oracle = json.loads((PROJECTS / "humanize" / "new_code_expected.json").read_bytes())
    total = next(one for one in oracle if one["report"].endswith("coverage.xml"))["total"]
    numbers = f"{total['covered']} of {total['coverable']} lines"
    check, _, comment = done.stdout.partition("\ncomment:\n")
    assert check.startswith("\ncheck covgate: success\n")
    assert numbers in check
    assert comment.startswith("<!-- covgate -->\n")
    assert numbers in comment
    steps = done.stderr.splitlines()
    assert [step.partition(":")[0] for step in steps] == [
        "A repository with a baseline", "On GitHub", "On GitHub", "On GitHub",
    ]  # fmt: skip
    assert "opens the pull request" in steps[1]
    assert list(work.iterdir()) == list((tmp_path / "tmp").iterdir()) == []
    assert processes_in(tmp_path) == []


def test_a_signal_in_the_middle_leaves_nothing(tmp_path: Path):
    """Who loses patience would have to clean up by hand."""
    work, environment = places(tmp_path)
    with subprocess.Popen(
        COMMAND, cwd=work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        assert b"baseline" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 143
    assert out == b""
    assert b"Traceback" not in err
    until(lambda: processes_in(tmp_path) == [], 10)
    assert list(work.iterdir()) == list((tmp_path / "tmp").iterdir()) == []
