"""`covgate up` as a process, in a folder without any settings."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.environment import bare_environment
from tests.support.processes import processes_in
from tests.support.workers import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Up", "started"]


class Up:
    """A running `covgate up` in a folder without any settings."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.folder = folder
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", "up", "--port", "0", *arguments],
                cwd=folder,
                env=bare_environment(**variables),
                stdin=subprocess.DEVNULL,
                process_group=0,
                stderr=log,
            )

    def told(self, pattern: str) -> re.Match[str]:
        """Wait until it tells something, and return it."""

        def found() -> re.Match[str] | None:
            assert self.process.poll() is None, self.log.read_text()
            return re.search(pattern, self.log.read_text(), re.MULTILINE)

        until(found)
        match = found()
        assert match is not None
        return match

    def end(self) -> int:
        """End it as Ctrl-C would; return its status once nothing of it is left."""
        os.killpg(self.process.pid, signal.SIGINT)
        status = self.process.wait(20)
        until(lambda: not processes_in(self.folder))
        assert "Traceback" not in self.log.read_text(), self.log.read_text()
        return status


@contextmanager
def started(folder: Path, *arguments: str, **variables: str) -> Iterator[Up]:
    up = Up(folder, *arguments, **variables)
    try:
        yield up
    finally:
        up.process.kill()
        up.process.wait()
