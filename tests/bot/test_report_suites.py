"""The tables that teams make by hand, of a workspace, a service and an API, by `covgate report`.

What each repository is, and how its reports were made: tests/data/analyses/README.md. Numbers
below were counted in its files.
"""

from __future__ import annotations

import json

import pytest

from tests.support.analyses import (
    CRITICAL,
    HIGH,
    LOW,
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


# depot: four languages in one workspace.


def test_goals_are_told_by_package_in_every_language(read):
    """A workspace of several languages would have four reports and no table of all."""
    assert columns(table(read("depot"), "Goals"), 0, 1, 2, 6, 7) == [
        ("the whole project", "40.41 %, 59 of 146", "55 %", "–", "–"),
        ("result processing", "0.00 %, 0 of 29", "50 %", "critical", "0.00 %, 0 of 3"),
        ("actors", "0.00 %, 0 of 12", "50 %", "critical", "0.00 %, 0 of 2"),
        ("client", "0.00 %, 0 of 14", "30 %", "medium", "0.00 %, 0 of 3"),
        ("typescript worker", "33.33 %, 3 of 9", "80 %", "medium", "66.66 %, 2 of 3"),
        ("ruby worker", "56.25 %, 9 of 16", "80 %", "medium", "–"),
        ("web", "0.00 %, 0 of 6", "40 %", "high", "0.00 %, 0 of 1"),
        ("worker", "37.50 %, 6 of 16", "40 %", "high", "66.66 %, 2 of 3"),
        ("python worker", "85.71 %, 12 of 14", "80 %", "medium", "80.00 %, 4 of 5"),
        ("shared", "96.66 %, 29 of 30", "80 %", "high", "100.00 %, 7 of 7"),
    ]


def test_a_floor_of_functions_is_judged_over_all_languages(read):
    """A floor of functions would hold for one language alone."""
    assert table(read("depot"), "Success criteria")[1] == [
        *("functions", "15 of 27 functions, 55.55 %", "≥ 40 %", "✅")
    ]


def test_source_files_without_tests_are_counted(read):
    """Nobody would know of how many source files no test was ever written."""
    document = read("depot")
    assert table(document, "Files without tests") == [
        ["measured by a report", "94.11 %, 16 of 17"],
        ["with a test of their own", "47.05 %, 8 of 17"],
    ]
    assert columns(table(document, "Files without tests", "In no report"), 0) == [
        ("crates/shared/src/metrics.rs",)
    ]


def test_helpers_in_the_denominator_and_ignored_doctests_are_named(read):
    """Test factories at 100 per cent would lift the total, and dead examples look alive."""
    document = read("depot")
    assert table(document, "Denominator")[1:] == [
        ["tests and helpers", "1", "100.00 %, 7 of 7", "–"],
        ["without them", "15", "37.41 %, 52 of 139", "−3.01 points"],
    ]
    assert columns(table(document, "Doctests", "Ignored"), 0, 2) == [
        ("crates/shared/src/state.rs` 3", "never run")
    ]


def test_high_coverage_is_told_too(read):
    """A list of gaps alone would hide what works well."""
    document = read("depot")
    assert table(document, "Strengths") == [["shared", "96.66 %, 29 of 30"]]
    assert "| `crates/shared/src/state.rs` | 92.85 %, 13 of 14 |" in document


def test_a_critical_path_may_not_lose_a_line(tmp_path):
    """A tested line could be given up where another one came, at the same percentage."""
    checkout = check_out("depot", tmp_path)
    checkout.git("switch", "--quiet", "--create", "topic")
    checkout.write({"README.md": "A depot.\n"})
    checkout.git("add", "README.md")
    checkout.git("commit", "--quiet", "--message", "Say what it is")
    reports = REPORTS["depot"]
    before = [
        word.replace("rust.info", "rust-base.info").replace("--report", "--baseline")
        for word in reports[:8]
    ]
    arguments = ["check", "--base", "main", "--format", "json", *reports, *before]
    told = json.loads(cover(checkout.path, arguments, status=1))
    gates = {one["name"]: one for one in told["gates"]}
    assert gates["critical/state machine"]["verdict"] == "fail"
    assert gates["critical/state machine"]["actual"] == "92.85 % → 92.85 %, ±0.00 points"
    assert "crates/shared/src/state.rs 23" in gates["critical/state machine"]["summary"]
    assert gates["regression"]["verdict"] == "pass", "the percentages are the same"


# tollgate: whether tests prove what a service does.


def test_the_feature_map_tells_what_is_proven(read):
    """Features that mocks alone have seen would count as tested."""
    assert columns(table(read("tollgate"), "Features"), 0, 1, 2, 3, 5) == [
        ("the whole way of a crossing", "yes, 1 file", "no", "no", CRITICAL),
        ("event publishing", "yes, 1 file", "no", "no", HIGH),
        ("rate calculation", "yes, 1 file", "yes, 3 tests",
         "partly, 41.66 %, 5 of 12, of its covered lines", MEDIUM),
        ("database persistence", "yes, 1 file", "yes, 2 tests",
         "partly, 33.33 %, 2 of 6, of its covered lines", MEDIUM),
        ("vehicle checks", "yes, 1 file", "yes, 2 tests", "no, mocks only", MEDIUM),
        ("alerts", "yes, 1 file", "yes, 1 test",
         "yes, 100.00 %, 10 of 10, of its covered lines", MEDIUM),
        ("deposit management", "yes, 1 file", "yes, 3 tests",
         "yes, 100.00 %, 13 of 13, of its covered lines", LOW),
        ("invoices", "no", "no", "no", "–"),
    ]  # fmt: skip


def test_lines_are_told_by_what_reaches_them(read):
    """Ninety per cent could be of mocks, and nobody would see it."""
    document = read("tollgate")
    assert table(document, "Hollow coverage", "By critical path") == [
        ["money", "95.00 %, 38 of 40", "66.66 %, 18 of 27", "7", "0", "13", "0"]
    ]
    assert columns(table(document, "Hollow coverage", "Tests that assert nothing"), 1) == [
        ("test_an_unknown_plate",), ("test_a_deposit_is_saved",)
    ]  # fmt: skip
    assert table(document, "Success criteria")[0][1:] == [
        *("18 of 27 lines, 66.66 %", "≥ 80 % by real tests", "❌")
    ]


def test_fall_backs_are_pointed_out(read):
    """SQLite would stand in for the database until the data is gone."""
    assert columns(table(read("tollgate"), "Fall-backs"), 0, 1, 3) == [
        ("tollgate/database.py` 6", "SQLite for a real database", "run"),
        ("tollgate/rates.py` 4", "a class that only pretends", "not run"),
    ]


def test_side_effects_that_nobody_looks_at_are_named(read):
    """An event might never be sent, and all tests would pass."""
    rows = table(read("tollgate"), "Side effects", "Run by tests, and checked by none of them")
    assert columns(rows, 0, 1, 2) == [
        ("tollgate/alerts.py` 13", "self.mail.send(driver, state)", "what is handed back"),
        ("tollgate/alerts.py` 20", 'self.bus.publish("tolls.alerts.v1", driver)',
         "what is handed back"),
    ]  # fmt: skip


def test_flows_are_told_by_the_test_that_crosses_them(read):
    """Each piece would be tested, and the whole way never."""
    assert columns(table(read("tollgate"), "Flows"), 0, 1, 2) == [
        ("crossing", "no test", "1 of 4"),
        ("deposit", "test_deposits.test_tolls_are_taken_until_nothing_is_left", "2 of 2"),
    ]


def test_topics_and_tables_are_an_inventory(read):
    """What is published and stored would have to be collected service by service."""
    rows = table(read("tollgate"), "Integration points", "Points")
    assert columns(rows, 0, 1, 2, 3) == [
        ("table", "deposit_history", "0.00 %, 0 of 1", "0"),
        ("topic", "tolls.deposits.v1", "0.00 %, 0 of 1", "0"),
        ("table", "deposits", "66.66 %, 2 of 3", "3"),
        ("topic", "tolls.alerts.v1", "100.00 %, 1 of 1", "1"),
    ]


# switchboard: an API, and the quality of its tests.


def test_the_tests_have_statistics(read):
    """How many tests and assertions there are would be counted by scripts of one's own."""
    document = read("switchboard")
    told = dict(columns(table(document, "Test statistics"), 0, 1))
    assert told["test files"] == "9"
    assert told["tests"] == "26"
    assert told["assertions"] == "34"
    assert told["assertions per test, target 2.5 to 3.5"] == "1.30"
    assert told["tests without an assertion"] == "1"
    assert told["tests that may be skipped"] == "1"
    assert columns(table(document, "Test statistics", "By type"), 0, 1, 2) == [
        ("unit", "4", "13"), ("integration", "3", "11"), ("e2e", "2", "2")
    ]  # fmt: skip


def test_the_pyramid_is_compared_with_the_recommended_one(read):
    """A suite would turn upside down, test by test."""
    document = read("switchboard")
    assert table(document, "Test pyramid") == [
        ["e2e", "7.69 %, 2 of 26", "5 to 10 %", "2", "as recommended"],
        ["integration", "42.30 %, 11 of 26", "20 to 30 %", "6 to 7", "more"],
        ["unit", "50.00 %, 13 of 26", "60 to 70 %", "16 to 18", "fewer"],
    ]
    wrong = table(document, "Tests in the wrong tier", "Tests")
    assert len(wrong) == 6, "those that make a call and look at it"
    assert {row[5] for row in wrong} == {"a unit test"}


def test_under_tested_files_have_missing_lines_and_a_risk(read):
    """The table of files below 80 per cent would be copied from a terminal."""
    assert table(read("switchboard"), "Under-tested") == [
        ["switchboard/routes/calls.py", "0.00 %, 0 of 19", "19", CRITICAL],
        ["switchboard/models/protocols.py", "0.00 %, 0 of 2", "2", LOW],
        ["switchboard/models/messages.py", "36.36 %, 4 of 11", "7", LOW],
        ["switchboard/routes/health.py", "62.50 %, 5 of 8", "3", HIGH],
        ["switchboard/services/webhook.py", "76.92 %, 10 of 13", "3", MEDIUM],
    ]


def test_identifiers_are_matched_with_their_tests(read):
    """A known risk would stay without a test for as long as nobody compares two lists."""
    assert columns(table(read("switchboard"), "Features and identifiers"), 0, -1) == [
        ("PERF-001", "no test names it"),
        ("SECURITY-002", "no test names it"),
        ("SECURITY-003", "no test names it"),
        ("SECURITY-001", "its tests are skipped"),
        ("SECURITY-004", "–"),
    ]


def test_tests_that_passed_when_run_again_are_flaky(read):
    """A test would be run until it passes, and look like all others."""
    rows = table(read("switchboard"), "Flaky tests")
    assert columns(rows, 0, 5) == [
        ("tests/e2e/dial.e2e-spec.ts::a number is dialled", "passed when run again")
    ]


def test_risks_to_determinism_and_large_set_up_are_told(read):
    """Tests that depend on the day and the dice would be found when they fail."""
    document = read("switchboard")
    assert columns(table(document, "Determinism"), 0, 2) == [
        ("waits for real", "1"),
        ("reads the clock", "2"),
        ("random without a seed", "1"),
    ]
    large = table(document, "Fixtures", "Large fixtures")
    assert columns(large, 0, 2) == [("busy", "14")]
    assert columns(table(document, "Fixtures", "Tests with many fixtures"), 0, 2) == [
        ("test_everybody_is_put_through", "4")
    ]


def test_no_line_is_planned_twice(read):
    """The effort of a file would be more than its uncovered lines."""
    rows = table(read("switchboard"), "Priority 1: critical, first")
    assert columns(rows, 0, 4, 5) == [
        ("call `routes.start", "10", "8–17"),
        ("call `routes.listing", "5", "19–23"),
        ("call `routes", "2", "7 · 25"),
        ("run the other uncovered lines", "2", "3–4"),
    ]
