"""The feature map: what exists, what is tested, what is proven, and how bad the gap is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.insights.audit import AUDIT, ESCROW, MARGIN, MATERIAL, insight
from worker.core.config import Config, Feature, Priority
from worker.core.diff import Diff
from worker.core.insight import Code, Place, Risk
from worker.core.insights import features
from worker.core.material import Material
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.numbers import Ratio
from worker.core.static import read_facts
from worker.core.verdict import Inputs


def test_features_are_mapped_as_the_audit_mapped_them():
    """The table that a team made in days would say something else than theirs."""
    told = {row[0].text: row[1:] for row in insight(features).tables[0].rows}
    assert list(told) == ["Alerts", "Escrow", "Margin health", "Compliance"]
    assert told["Alerts"][:3] == ("yes, 1 file", "no", "no")
    assert told["Alerts"][4] is Risk.CRITICAL
    assert told["Escrow"][1:3] == ("yes, 2 tests", ("partly", Ratio(2, 5), "of its covered lines"))
    assert told["Escrow"][4] is Risk.MEDIUM
    assert told["Margin health"][2] == "no, nothing is asserted"
    assert told["Compliance"] == ("no", "no", "no", Ratio(), None)


@pytest.mark.parametrize(
    ("severity", "tests", "hit", "gap"),
    [
        (Priority.HIGH, ("tests/none.py",), 9, Risk.HIGH),
        (Priority.CRITICAL, ("tests/none.py",), 9, Risk.CRITICAL),
        (Priority.MEDIUM, ("tests/none.py",), 9, Risk.MEDIUM),
        (Priority.HIGH, ("tests/test_escrow.py",), 0, Risk.HIGH),
        (Priority.CRITICAL, ("tests/test_margin.py",), 10, Risk.HIGH),
        (Priority.HIGH, ("tests/test_margin.py",), 10, Risk.MEDIUM),
        (Priority.HIGH, ("**::test_escrow_is_created",), 7, Risk.MEDIUM),
        (Priority.HIGH, ("**::test_escrow_is_created",), 8, Risk.LOW),
        (Priority.LOW, ("tests/none.py",), 8, Risk.LOW),
    ],
)
def test_the_gap_is_as_bad_as_the_documents_say(severity, tests, hit, gap):
    """A team would be sent to the wrong feature first."""
    file = FileCoverage("a.py", bitmap(range(1, 11)), bitmap(range(1, hit + 1)))
    config = Config(features=(Feature("A", ("a.py",), tests, severity),))
    inputs = Inputs(Report.of([file]), Diff(), config, material=MATERIAL)
    (row,) = insight(features, inputs).tables[0].rows
    assert row[-1] is gap


def test_a_feature_without_named_tests_has_those_that_reach_it():
    """A team would have to list every test of every feature by hand."""
    config = Config(features=(Feature("Escrow", ("settlement/**",)),))
    (row,) = insight(features, replace(AUDIT, config=config)).tables[0].rows
    assert row[2] == "yes, 2 tests"


def test_a_file_of_a_feature_that_no_test_reaches_is_named():
    """Half of a feature would hide behind the other half's tests."""
    config = Config(features=(Feature("All", ("**/*.py",), ("tests/test_escrow.py",)),))
    lone = FileCoverage("alerts/mail.py", bitmap([1, 2]))
    report = Report.of([ESCROW, MARGIN, lone])
    found = insight(features, replace(AUDIT, report=report, config=config))
    assert found.tables[0].rows[0][2] == "partly, 2 tests; 1 file not reached"
    assert found.tables[1].rows == ((Code("All"), Place("alerts/mail.py")),)


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ("tests/test_escrow.py::test_escrow_is_created|run", "yes"),
        ("tests/test_escrow.py::test_event_is_published|run", "no, mocks only"),
        ("tests/test_margin.py::test_health_is_stored|run", "no, nothing is asserted"),
        ("tests/test_margin.py::test_gone|run", "not known"),
    ],
)
def test_what_a_feature_proves_is_told_by_its_lines(context, told):
    """A feature that only mocks reach would be called proven."""
    a = FileCoverage("a.py", bitmap([1, 2]), bitmap([1, 2]), contexts=((context, bitmap([1, 2])),))
    config = Config(features=(Feature("A", ("a.py",), ("tests/test_escrow.py",)),))
    inputs = replace(AUDIT, report=Report.of([a, ESCROW]), config=config)
    (row,) = insight(features, inputs).tables[0].rows
    assert (row[3][0] if isinstance(row[3], tuple) else row[3]) == told


def test_a_feature_that_is_only_imported_is_not_proven():
    """A file of constants and unused functions would look like a tested feature."""
    config = Config(features=(Feature("Alerts", ("alerts/**",), ("tests/test_escrow.py",)),))
    (row,) = insight(features, replace(AUDIT, config=config)).tables[0].rows
    assert row[3] == "no, no test runs it"


SUMMARY = (
    ("Escrow Management", Priority.HIGH, "real", True, Risk.LOW),
    ("Margin Health Calculation", Priority.HIGH, "mocked", True, Risk.MEDIUM),
    ("Database Persistence", Priority.CRITICAL, "mocked", False, Risk.HIGH),
    ("Publishing of Events", Priority.HIGH, None, False, Risk.HIGH),
    ("Consumption of Events", Priority.HIGH, None, False, Risk.HIGH),
    ("Multi-Service Integration", Priority.CRITICAL, None, False, Risk.CRITICAL),
    ("Alert Notifications", Priority.HIGH, None, False, Risk.HIGH),
    ("Compliance Checks", Priority.HIGH, "mocked", False, Risk.MEDIUM),
    ("Price Oracle Integration", Priority.HIGH, "mocked", False, Risk.MEDIUM),
)
"""The summary of an audit that was made by hand: what its tests were, whether they were for all
of the feature, and how bad its authors called the gap."""
REAL, MOCKED = (
    "def test_it():\n    assert 1\n",
    "def test_it(mocker):\n    mocker.patch('a.b')\n    assert 1\n",
)


def test_the_gaps_are_called_as_bad_as_in_an_audit_by_hand():
    """The machine's list of priorities would contradict the one that a team agreed on."""
    files, texts, listed = [], {}, []
    for name, severity, kind, whole, _ in SUMMARY:
        folder = name.split()[0].lower()
        test = f"tests/test_{folder}.py"
        for part in ("core.py", "more.py"):
            lines = bitmap([1, 2])
            run = lines if kind and (whole or part == "core.py") else 0
            contexts = ((f"{test}::test_it|run", run),) if run else ()
            files.append(FileCoverage(f"{folder}/{part}", lines, run, contexts=contexts))
        if kind:
            texts[test] = REAL if kind == "real" else MOCKED
        listed.append(Feature(name, (f"{folder}/**",), (test,), severity))
    facts = {path: read_facts(path, text.encode()) for path, text in texts.items()}
    config = Config(features=tuple(listed))
    inputs = Inputs(Report.of(files), Diff(), config, material=Material(facts=facts))
    found = insight(features, inputs)
    told = {row[0].text: row[-1] for row in found.tables[0].rows}
    assert told == {name: gap for name, *_, gap in SUMMARY}
    assert found.summary == "1 of 9 features tested well, 5 with a critical or high gap"
