"""Tries cases in a process that is as small as a worker, whatever pytest has grown to.

`python -m tests.core.corpus.server` reads the id of a case a line, and answers each with a
line of JSON: "" where it ended as it should, else what went wrong.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.core.corpus.archives import ARCHIVES
from tests.core.corpus.case import check
from tests.core.corpus.databases import DATABASES
from tests.core.corpus.reports import JSON, LCOV, XML

if TYPE_CHECKING:
    from types import TracebackType

CASES = {case.id: case for case in (*XML, *LCOV, *JSON, *DATABASES, *ARCHIVES)}
ROOT = Path(__file__).parents[3]


class CaseServer:
    """The process, as a context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.corpus.server"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def check(self, case_id: str) -> str:
        """Return what went wrong with a case, "" where nothing did."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{case_id}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        return str(json.loads(answer)) if answer else "the process of the cases has died"


def _serve() -> None:
    for line in sys.stdin:
        wrong = ""
        try:
            check(CASES[line.strip()])
        except AssertionError as error:
            wrong = str(error) or repr(error)
        print(json.dumps(wrong), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    _serve()
