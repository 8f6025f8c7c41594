"""The tables that teams make by hand, of five small repositories, by `covgate report`.

What each repository is, and how its reports were made: tests/data/analyses/README.md. Numbers
below were counted in its files.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.support.analyses import (
    CRITICAL,
    HIGH,
    MEDIUM,
    REPORTS,
    check_out,
    columns,
    cover,
    reader,
    table,
)

pytestmark = pytest.mark.git


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    return reader(tmp_path_factory.mktemp("checkouts"))


@pytest.mark.parametrize("name", REPORTS)
def test_each_repository_has_its_document(read, golden, name):
    """What a team read in its analysis would be told otherwise, or not at all, and nobody knew."""
    text = re.sub(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d UTC)?", "2026-01-10", read(name))
    golden(f"report/{name}.md", re.sub(r"(?<=\*\*Commit\*\*: `)\w+", "a1b2c3d", text))


# courier: events and rows that unit tests with mocks never see.


def test_files_are_ranked_by_risk(read):
    """Whoever looks for the files where production breaks would have to rank them by hand."""
    rows = table(read("courier"), "Risk")
    assert columns(rows, 0, 1, 2) == [
        ("courier/publisher.py", CRITICAL, "0.00 %, 0 of 25"),
        ("courier/journal.py", CRITICAL, "0.00 %, 0 of 12"),
        ("courier/executions.py", HIGH, "15.38 %, 6 of 39"),
        ("courier/database.py", HIGH, "14.28 %, 4 of 28"),
        ("courier/depot.py", MEDIUM, "77.77 %, 7 of 9"),
    ]
    assert rows[2][3:5] == ["10–19 · 23–32 · 36–48", "start`, `progress`, `finish"]


def test_the_missing_tests_of_the_worst_files_are_listed(read):
    """The list of required tests would have to be written by hand for each file."""
    rows = table(read("courier"), "Risk", "Missing tests")
    assert columns(rows[6:9], 0, 1, 2) == [
        ("courier/journal.py", "call it", "Journal.__init__"),
        ("courier/journal.py", "call it", "Journal.record"),
        ("courier/journal.py", "call it", "Journal.route"),
    ]
    assert [row[0] for row in rows].count("courier/publisher.py") == 6


def test_coverage_is_told_by_type_of_test(read):
    """That the integration tests run nothing of the critical flow would stay unknown."""
    document = read("courier")
    assert columns(table(document, "Types of tests"), 0, 1) == [
        ("integration", "11.90 %, 15 of 126"),
        ("system", "13.49 %, 17 of 126"),
        ("unit", "18.25 %, 23 of 126"),
    ]
    assert table(document, "Types of tests", "By critical path") == [
        ["shipment events", *["0.00 %, 0 of 37"] * 3]
    ]
    assert columns(table(document, "Success criteria"), 0, 1, 2, 3) == [
        ("critical: `shipment events", "0 of 37 lines, 0.00 %", "≥ 100 %, may not fall", "❌"),
        ("critical real: `shipment events", "0 of 37 lines, 0.00 %", "≥ 80 % by real tests", "❌"),
    ]


def test_tables_and_topics_without_a_test_are_named(read):
    """Each table and each topic would have to be searched for in the tests."""
    document = read("courier")
    assert columns(table(document, "Integration points", "Points"), 0, 1, 3) == [
        ("table", "rounds", "0"),
        ("table", "shipment_events", "0"),
        ("table", "shipment_routes", "0"),
        ("table", "stops", "0"),
        ("topic", "courier-dead-letters", "0"),
        ("topic", "courier-events", "0"),
    ]
    assert table(document, "Flows")[0][:3] == ["shipment", "no test", "0 of 2"]


def test_mocked_tests_are_told_with_what_they_mock(read):
    """Lines would count as tested that a mock alone has seen."""
    rows = table(read("courier"), "Hollow coverage", "Mocked tests")
    assert columns(rows, 1, 3) == [
        ("test_a_failure_is_kept", "store"),
        ("test_a_round_is_looked_up", "database.find_round"),
    ]


def test_the_time_of_each_type_stands_beside_its_budget(read):
    """A suite would grow past the minutes that a team allows it."""
    assert columns(table(read("courier"), "Time budgets"), 0, 1, 3) == [
        ("integration", "1", "10 min 0 s"),
        ("system", "1", "30 min 0 s"),
        ("unit", "7", "2 min 0 s"),
        ("all tests", "9", "–"),
    ]


def test_what_to_test_first_is_told_with_its_effort(read):
    """The plan of what to do this week would be guessed."""
    document = read("courier")
    rows = table(document, "Priority 1: critical, first")
    assert rows[0][:5] == [
        *("call `EventPublisher.publish", "courier/publisher.py", CRITICAL, "integration", "11")
    ]
    assert "In all: 9 tests for 37 lines of 2 files." in document, "25 and 12, each line once"
    assert "In all: 6 tests for 57 lines of 2 files." in document, "33 and 24"


# kiln: a plan to reach 80 per cent.


def test_packages_have_goals_gaps_and_effort(read):
    """The table of modules would be out of date a day after somebody made it."""
    assert columns(table(read("kiln"), "Goals"), 0, 1, 3, 4, 6, 7) == [
        ("the whole project", "45.66 %, 58 of 127", "−34.34 points", "44", "–", "–"),
        ("server", "20.00 %, 5 of 25", "−60.00 points", "15", "50 %, below it", "high"),
        ("builder", "13.04 %, 3 of 23", "−56.96 points", "14", "15 %, below it", "medium"),
        ("sandbox", "10.00 %, 2 of 20", "−70.00 points", "14", "50 %, below it", "critical"),
        ("storage", "16.66 %, 2 of 12", "−53.34 points", "7", "15 %", "low"),
        ("core", "97.87 %, 46 of 47", "–", "0", "15 %", "medium"),
    ]


def test_success_criteria_are_held_against_the_checkout(read):
    """Nobody would know which of a plan's criteria are met before the pull request says so."""
    assert columns(table(read("kiln"), "Success criteria"), 0, 1, 3) == [
        ("package: `sandbox", "2 of 20 lines, 10.00 %", "❌"),
        ("package: `server", "5 of 25 lines, 20.00 %", "❌"),
        ("package: `builder", "3 of 23 lines, 13.04 %", "✅"),
        ("project", "58 of 127 lines, 45.66 %", "❌"),
        ("package floor", "3 of 5 packages", "❌"),
        ("skipped tests", "0 new without a reason", "✅"),
        ("time budget: `unit", "1.40 s", "✅"),
        ("time budget", "1.40 s", "⚠️"),
    ]


def test_success_criteria_are_there_for_programs(tmp_path):
    """A script that waits for a plan's criteria would have to read a table."""
    checkout = check_out("kiln", tmp_path)
    told = json.loads(cover(checkout.path, ["report", "--format", "json", *REPORTS["kiln"]]))
    criteria = {one["name"]: (one["verdict"], one["blocking"]) for one in told["criteria"]}
    assert criteria["package/builder"] == ("pass", True)
    assert criteria["project"] == ("fail", True)
    assert criteria["time_budget"] == ("fail", False)


def test_thresholds_that_disagree_are_found(read):
    """One file says 64, CI 65, and the Makefile 80, and each developer believes another one."""
    rows = table(read("kiln"), "Thresholds that disagree", "All code")
    assert columns(rows, 0, 2) == [
        (".github/covgate.yml", "64 %"),
        ("pyproject.toml` 9", "64 %"),
        (".github/workflows/tests.yml` 8", "65 %"),
        ("Makefile` 2", "80 %"),
        (".github/covgate.yml", "80 %"),
    ]


def test_slow_tests_are_told_with_what_they_wait_for(read):
    """The causes of a slow suite would have to be found test by test."""
    assert columns(table(read("kiln"), "Slow tests"), 0, 2, 3, 4) == [
        ("tests.unit.test_retry::test_a_kiln_cools_down", "0.60 s", "–",
         "sleeps, `tests/unit/test_retry.py` 30"),
        ("tests.unit.test_retry::test_the_waits_grow", "0.30 s", "–",
         "sleeps in the program, `kiln/retry.py` 19"),
        ("tests.unit.test_retry::test_three_failures_open_the_breaker", "0.50 s", "allowed",
         "sleeps in the program, `kiln/retry.py` 19"),
    ]  # fmt: skip
    assert table(read("kiln"), "Time budgets")[-1] == [
        *("all tests", "13", "1.40 s", "1.00 s", "0.40 s")
    ]


def test_skipped_tests_are_told_by_whether_they_say_why(read):
    """A test that was switched off and forgotten would look like one that waits for something."""
    document = read("kiln")
    assert columns(table(document, "Skipped tests", "Never run"), 0, 2) == [
        ("test_a_stream_is_closed", "none"),
        ("test_people_are_forgotten", "none"),
        ("test_a_pod_fires", "needs a cluster, see docs/cluster.md"),
    ]
    conditional = table(document, "Skipped tests", "Not run on a condition")
    assert columns(conditional, 0, 3, 4) == [
        ("test_a_program_is_named", "sys.platform == 'win32'", "ran")
    ]


def test_well_covered_modules_are_named(read):
    """Nobody would see which modules may serve as an example."""
    strengths = table(read("kiln"), "Strengths")
    assert strengths == [["core", "97.87 %, 46 of 47"]]
