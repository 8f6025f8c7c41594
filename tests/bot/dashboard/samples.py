"""Repositories with all that pages can show: tame ones, and one of strangers' names."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.hostile import HOSTILE
from worker.core.codec import encode_report
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.refs import Repository, Sha
from worker.ports import (
    BaselineRecord,
    OverrideRecord,
    PointRecord,
    PullRecord,
    SnapshotRecord,
    VerdictRecord,
)

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HEAD, BEFORE = Sha("a1b2c3d" + "0" * 33), Sha("e" * 40)
TIP = Sha("f" * 40)
OPEN = Repository(7, 70, "acme/rockets", "main", url="https://github.com/acme/rockets")
SECRET = Repository(7, 71, "acme/secret", "main", private=True)
ODD = Repository(7, 72, "acme/odd.names", "main")
EMPTY = Repository(8, 80, "other/empty", "trunk")
DETAILS = (Path(__file__).parents[2] / "golden/json/fails-by-file.json").read_text("utf-8")
SOURCE = "def launch():\n    return 1\n\n\ndef abort():\n    return </td><script>\n    return 3\n"


def insights(names=("src/engine.py", "src/pump.py")):
    """Return what analyses find, also one that no version knows."""
    ratio = {"covered": 7, "total": 9, "percent": 77.77}
    place = {"path": names[0], "lines": [[5, 7], [9, 9]]}
    risks = [[{"path": name, "lines": []}, "high", ratio, place, [name]] for name in names]
    goals = [["the whole project", ratio, "80 %", {"points": "-20/9"}, 1]]
    pyramid = [["unit", 80, {"seconds": "3/2"}], ["e2e", 3, {"seconds": None}]]
    return [
        _insight("risk", "Risk", ["file", "risk", "coverage", "lines", "functions"], risks),
        _insight("goals", "Goals", ["package", "current", "target", "gap", "lines"], goals),
        _insight("pyramid", "Pyramid", ["type", "tests", "time"], pyramid),
        _insight("made_up", names[0], ["what", names[0]], [[names[0], {"new": 1}], [True]]),
        _insight("long", "Long", ["n"], [[n] for n in range(20)]),
    ]


def _insight(name, title, columns, rows):
    table = {"title": "", "columns": columns, "rows": rows, "more_rows": 0}
    return {"name": name, "title": title, "summary": f"{title}: so", "tables": [table],
            "advice": [f"Look at {title}."]}  # fmt: skip


def snapshot(repository, names=("src/engine.py", "src/pump.py")):
    """Return a branch's snapshot over some files."""
    files = [[name, 7 + at, 9 + 2 * at] for at, name in enumerate(names)]
    package = {"name": "engine", "covered": 7, "total": 9, "target": 80.0}
    document = {"insights": insights(names), "files": files, "packages": [package]}
    data = zlib.compress(json.dumps(document).encode())
    return SnapshotRecord(repository.id, repository.default_branch, TIP, NOON, data)


def report(*names):
    """Return a report: of seven lines 1 and 5 were hit, 2 partly, 6 and 7 not."""
    return Report.of(
        FileCoverage(name, bitmap([1, 2, 5, 6, 7]), bitmap([1, 2, 5]), bitmap([2]))
        for name in names
    )


def hostile_details():
    """Return a verdict's JSON in which every text of a stranger's is hostile."""
    document = json.loads(DETAILS)
    document["title"] = HOSTILE[0]
    document["gates"] = [{**gate, "subject": HOSTILE[8], "summary": HOSTILE[3]}
                         for gate in document["gates"]]  # fmt: skip
    document["new_code"]["files"] = [
        {"path": name, "covered": 1, "total": 3, "uncovered": [6, 7]} for name in HOSTILE
    ]
    document["new_code"]["unmeasured"] = [{"path": name} for name in HOSTILE]
    document["problems"] = document["notes"] = HOSTILE
    document["insights"] = insights(HOSTILE)
    return json.dumps(document)


def fill(store):
    """Put the repositories into a store."""
    for repository in (OPEN, SECRET, ODD, EMPTY):
        store.remember_repository(repository)
    for repository in (OPEN, SECRET, ODD):
        _fill_branch(store, repository)
    _fill_pulls(store, OPEN, "Aim higher", DETAILS)
    _fill_pulls(store, SECRET, "A secret plan", DETAILS)
    _fill_pulls(store, ODD, HOSTILE[8], hostile_details())


def _fill_branch(store, repository):
    names = HOSTILE if repository is ODD else ("src/engine.py", "src/pump.py")
    for at in range(4):
        commit = TIP if at == 3 else Sha(f"{at}" * 40)
        when = NOON + at * DAY
        store.record_point(PointRecord(repository.id, "main", commit, when, 70 + at, 90, "{}"))
    store.record_snapshot(snapshot(repository, names))
    # No report holds half a character: its formats are read as Unicode.
    data = encode_report(report(*(name for name in names if name != "\ud800")))
    store.record_baseline(BaselineRecord(repository.id, TIP, "main", 3, 5, data, 1, 1, NOON))


def _fill_pulls(store, repository, title, details):
    for number, state, head in ((5, "open", HEAD), (6, "open", BEFORE), (7, "closed", HEAD)):
        store.record_pull(
            PullRecord(repository.id, number, title, "mira", state, number == 6, "main", head,
                       "https://github.com/acme/rockets/pull/5", NOON)
        )  # fmt: skip
    verdict = VerdictRecord(repository.id, 5, HEAD, "failure", title, details, NOON)
    store.record_verdict(verdict)
    store.record_verdict(replace(verdict, head_sha=BEFORE, conclusion="success", details="{}"))
    store.record_override(
        OverrideRecord(repository.id, 1, 0, 5, HEAD, "mira", title, NOON, uncovered={"a.py": 6})
    )
