"""A repository that a team audited by hand.

Its services publish, store and alert, and its tests pass whether or not anything is published,
stored or sent.
"""

from __future__ import annotations

from fractions import Fraction

from worker.core.analysis import analyze
from worker.core.config import Config, CriticalPath, Feature, Package, Priority
from worker.core.diff import Diff, FileDiff
from worker.core.material import Material
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.static import read_facts
from worker.core.verdict import Inputs

TEXTS = {
    "settlement/escrow.py": """\
def create(row):
    if not row:
        raise ValueError("empty")
    return store(row)


def publish(event):
    try:
        topic.publish(event)
    except OSError:
        log.error("lost")
        return False
    return True
""",
    "risk/margin.py": """\
import os

URL = os.getenv("DATABASE_URL", "sqlite:///margin.db")


class MockRiskCalculator:
    def health(self, position):
        return 1


class InMemoryRepository:
    rows = []


def snapshot(position):
    return MockRiskCalculator().health(position)
""",
    "alerts/mail.py": "def send(alert):\n    return smtp.send(alert)\n",
    "docs/examples.py": "class FakeThing:\n    pass\n",
    "tests/test_escrow.py": """\
from settlement.escrow import create, publish


def test_escrow_is_created():
    assert create({"id": 1}) == 1


def test_event_is_published(mocker):
    mocker.patch("settlement.escrow.topic")
    assert publish("created")
""",
    "tests/test_margin.py": """\
from unittest.mock import MagicMock

from risk.margin import snapshot


def test_health_is_stored():
    snapshot(MagicMock())


def test_health_is_told(database):
    database.save = MagicMock()
    assert snapshot(1) == 1
""",
    "tests/conftest.py": """\
import pytest
from unittest.mock import patch


@pytest.fixture
def database():
    with patch("risk.db.connect") as connect:
        yield connect
""",
    "web/cart.test.ts": 'jest.mock("./db")\ntest("adds", () => { expect(add(1)).toBe(1) })\n',
}
ESCROW = FileCoverage(
    "settlement/escrow.py",
    bitmap([1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13]),
    bitmap([1, 2, 4, 7, 8, 9, 13]),
    contexts=(
        ("", bitmap([1, 7])),
        ("tests/test_escrow.py::test_escrow_is_created|run", bitmap([2, 4])),
        ("tests/test_escrow.py::test_event_is_published|run", bitmap([8, 9, 13])),
    ),
)
MARGIN = FileCoverage(
    "risk/margin.py",
    bitmap([1, 3, 6, 7, 8, 11, 12, 15, 16]),
    bitmap([1, 3, 6, 7, 8, 11, 12, 15, 16]),
    contexts=(
        ("", bitmap([1, 3, 6, 7, 11, 12, 15])),
        ("tests/test_margin.py::test_health_is_stored|run", bitmap([8, 16])),
    ),
)
MAIL = FileCoverage("alerts/mail.py", bitmap([1, 2]), bitmap([1]), contexts=(("", bitmap([1])),))
REPORT = Report.of([ESCROW, MARGIN, MAIL])
CONFIG = Config(
    packages=(
        Package("risk", ("risk/**",), real=Fraction(50)),
        Package("alerts", ("alerts/**",), real=Fraction(10), blocking=False),
    ),
    critical=(
        CriticalPath("escrow", ("settlement/**",), real=Fraction(80)),
        CriticalPath("sync", ("settlement/escrow.py",), real=Fraction(20)),
    ),
    features=(
        Feature("Escrow", ("settlement/**",), ("tests/test_escrow.py",)),
        Feature("Margin health", ("risk/*.py",), ("tests/test_margin.py",)),
        Feature("Alerts", ("alerts/**",), ("tests/test_alerts.py",), Priority.CRITICAL),
        Feature("Compliance", ("compliance/**",)),
    ),
)
MATERIAL = Material(
    paths=frozenset(TEXTS),
    facts={path: read_facts(path, text.encode()) for path, text in TEXTS.items()},
)
CHANGED = ("settlement/escrow.py", bitmap(range(7, 14))), ("risk/margin.py", bitmap([3, 16]))
AUDIT = Inputs(
    REPORT,
    Diff.of([FileDiff(path, path, lines, 0, "modified") for path, lines in CHANGED]),
    CONFIG,
    material=MATERIAL,
)


def without_contexts(report):
    files = (FileCoverage(file.path, file.measured, file.hit, file.partial) for file in report)
    return Report.of(files)


def insight(module, inputs=AUDIT):
    return module.look(analyze(inputs).evidence)


def table(found, title):
    return next(one for one in found.tables if one.title == title).rows
