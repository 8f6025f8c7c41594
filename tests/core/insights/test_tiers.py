"""Tests in the wrong tier, and what makes tests unsteady."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.insights.escrow import at, page, service, tables
from worker.core.analysis import analyze
from worker.core.diff import Diff
from worker.core.insights import (
    determinism,
    tiers,
)


def test_it_is_as_it_was_read_and_approved(golden):
    """A team would get a table that nobody has compared with the ones made by hand."""
    golden("insights/tiers.md", page(tiers, service()))
    golden(
        "insights/determinism.md",
        page(determinism, service(changed=("tests/unit/test_service.py",))),
    )


def tier_rows(path, text, runs=None, texts=None):
    texts = {path: text, **(texts or {})}
    found = tables(tiers, service(runs or {}, texts, changed=()))
    return [(row[1].text, row[3], row[5]) for row in found[1]] if found else []


DATABASE = "import psycopg2\ndef test_a(): assert psycopg2.connect('x')\n"
MOCKED = "from unittest.mock import Mock\ndef test_a({}): assert f(Mock())\n"
PREPARED = "import pytest\n@pytest.fixture(autouse=True)\ndef up(): start()\n"
INSIDE, OUTSIDE = "touches nothing real, and replaces parts", "touches a real database"


@pytest.mark.parametrize(
    ("path", "text", "does"),
    [
        ("tests/unit/test_a.py", DATABASE, OUTSIDE),
        ("tests/unit/test_a.py", "def test_a(tmp_path, client): assert 1\n", None),
        ("tests/test_a.py", DATABASE, None),
        ("tests/integration/test_a.py", MOCKED.format(""), INSIDE),
        ("tests/integration/test_a.py", MOCKED.format("mocker"), INSIDE),
        ("tests/integration/test_a.py", MOCKED.format("broker"), None),
        ("tests/integration/test_a.py", PREPARED + MOCKED.format(""), None),
        ("tests/integration/test_a.py", "def test_a(): assert f()\n", None),
        ("tests/e2e/test_a.py", DATABASE, None),
        ("tests/integration/a.test.ts", "it('a', () => { jest.mock('b'); expect(1) })\n", None),
    ],
)
def test_a_tests_doing_is_held_against_its_type(path, text, does):
    """A slow test would hide among the unit tests, or a mocked one pass for integration."""
    assert [row[1] for row in tier_rows(path, text)] == ([does] if does else [])


def test_an_integration_test_of_one_file_is_a_unit_test():
    """A team would count on integration that never happens."""
    texts = {"src/a.py": "def f():\n    return 1\n", "src/b.py": "def g():\n    return 1\n"}
    path, text = "tests/integration/test_a.py", "def test_a():\n    assert f()\n"
    name = f"{path}::test_a|run"
    alone = [
        ("test_a", "touches nothing real, and runs functions of one file alone", "a unit test")
    ]
    assert tier_rows(path, text, {name: ("f",)}, texts) == alone
    assert tier_rows(path, text, {name: ("f", "g")}, texts) == []


def risk_rows(text, path="tests/test_a.py", changed=()):
    found = tables(determinism, service({}, {path: text}, changed=changed))
    return [(row[1], at(row[0])[1], row[4]) for row in found[1]] if found else []


def test_risks_to_determinism_are_found_where_they_stand():
    """A test that fails on one day of the month would be found on that day."""
    text = """
        import random, time
        from datetime import datetime
        SEEN = []

        def test_a():
            time.sleep(1)
            assert datetime.now().year
            SEEN.append(random.random())

        def test_b(freezer):
            assert datetime.now().year

        def test_c():
            random.seed(1)
            assert random.random()
    """
    rows = risk_rows(text)
    assert [row[:2] for row in rows] == [
        ("waits for real", 7),
        ("reads the clock", 8),
        ("random without a seed", 9),
        ("changes what tests share", 9),
    ]
    assert risk_rows(text, "src/a.py") == []


def test_a_fixture_that_freezes_the_time_is_seen():
    """A test would be accused of reading a clock that stands still."""
    text = """
        import pytest
        from datetime import datetime
        from freezegun import freeze_time

        @pytest.fixture
        def still():
            with freeze_time("2026-01-01"):
                yield

        def test_a(still):
            assert datetime.now().year
    """
    assert risk_rows(text) == []


def test_risks_that_the_change_adds_come_first():
    """A reviewer would look for his own among those of ten years."""
    texts = {
        "tests/test_a.py": "import time\ndef test_a():\n    time.sleep(1)\n    assert 1\n",
        "tests/test_z.py": "import random\ndef test_z():\n    assert random.random()\n",
    }
    inputs = service({}, texts, changed=("tests/test_z.py",))
    insight = determinism.look(analyze(inputs).evidence)
    assert insight.relevant
    assert [at(row[0])[0] for row in insight.tables[1].rows] == [
        "tests/test_z.py",
        "tests/test_a.py",
    ]
    assert not determinism.look(analyze(replace(inputs, diff=Diff())).evidence).relevant
