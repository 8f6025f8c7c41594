"""One bad input, and what has to come of it."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.core.corpus.measure import Limits, Outcome, measured
from worker.cage import read_report
from worker.core.artifact import FoundReport, read_artifact
from worker.core.errors import ReportError
from worker.core.paths import Glob

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = b"TN:\nSF:good.py\nDA:1,1\nDA:2,0\nend_of_record\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A bad input by its number and name.

    `error` is a pattern of what is said of it; without one it is read, and `lines` are the
    lines covered and measured. Where both are None it is passed over. `others` says whether
    the good report beside it still counts.
    """

    id: str
    make: Callable[[], bytes]
    """The report, or the whole archive where `archive` says so."""
    error: str | None = None
    lines: tuple[int, int] | None = None
    name: str = "bad.report"
    archive: bool = False
    others: bool = True


def zipped(name: str, data: bytes) -> bytes:
    """Return an artifact with a report and, behind it, one that is whole."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(name, data)
        archive.writestr("good.info", GOOD)
    return target.getvalue()


def check(case: Case, limits: Limits = Limits()) -> Outcome:  # noqa: B008 - it is frozen
    """Read the artifact as a worker does, in a process of its own, and look at what came of it."""
    data = case.make() if case.archive else zipped(case.name, case.make())
    outcome = measured(lambda: _read(data), limits)
    texts = [text for kind, _, text in outcome.found if kind == "error"]
    if case.error is not None:
        assert texts, "it was read, and should not have been"
        assert all(re.search(case.error, text) for text in texts), texts
        assert all(len(text) < 1_000 for text in texts), "a message that nobody can read"
    else:
        assert texts == [], texts
    if case.lines is not None:
        assert [text for _, name, text in outcome.found if name == case.name] == [str(case.lines)]
    good = [text for kind, name, text in outcome.found if (kind, name) == ("read", "good.info")]
    assert good == ([str((1, 2))] if case.others else [])
    return outcome


def _source(_: str) -> bytes:
    return b"x = 1\ny = 2\n"


def _read(data: bytes) -> list[tuple[str, str, str]]:
    found = []
    try:
        for one in read_artifact(io.BytesIO(data), (Glob("**"),), _source, read_report):
            if isinstance(one, ReportError):
                found.append(("error", one.name, str(one)))
            elif isinstance(one, FoundReport):
                lines = one.parsed.report.lines
                found.append(("read", one.name, str((lines.covered, lines.total))))
            else:
                found.append(("passed over", one.name, one.reason))
    except ReportError as error:
        found.append(("error", "", str(error)))
    return found
