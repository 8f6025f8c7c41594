"""The tables that teams make by hand, of five small repositories, by `covgate report`.

What each repository is, and how its reports were made: tests/data/analyses/README.md. Numbers
below were counted in its files.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
from functools import cache
from pathlib import Path

import pytest

from bot.cli import run
from tests.support.checkout import Checkout

pytestmark = pytest.mark.git

DATA = Path(__file__).parents[1] / "data" / "analyses"
REPORTS = {
    "courier": [
        *("--report", "unit=reports/unit.json"),
        *("--report", "integration=reports/integration.json"),
        *("--report", "system=reports/system.json"),
        *("--tests", "unit=reports/unit-junit.xml"),
        *("--tests", "integration=reports/integration-junit.xml"),
        *("--tests", "system=reports/system-junit.xml"),
    ],
    "kiln": ["--report", "unit=reports/unit.json", "--tests", "unit=reports/unit-junit.xml"],
    "depot": [
        *("--report", "rust=reports/rust.info"),
        *("--report", "ruby=reports/ruby.resultset.json"),
        *("--report", "typescript=reports/typescript.json"),
        *("--report", "python=reports/python.json"),
        *("--tests", "rust=reports/rust-junit.xml"),
        *("--tests", "ruby=reports/ruby-junit.xml"),
        *("--tests", "typescript=reports/typescript-junit.xml"),
        *("--tests", "python=reports/python-junit.xml"),
    ],
    "tollgate": ["--report", "reports/tests.json", "--tests", "reports/tests-junit.xml"],
    "switchboard": [
        *("--report", "unit=reports/unit.json"),
        *("--report", "integration=reports/integration.json"),
        *("--report", "e2e=reports/e2e.json"),
        *("--tests", "unit=reports/unit-junit.xml"),
        *("--tests", "integration=reports/integration-junit.xml"),
        *("--tests", "e2e=reports/e2e-junit.xml"),
        *("--tests", "e2e=reports/e2e-browser-junit.xml"),
    ],
}
CRITICAL, HIGH, MEDIUM, LOW = "🔴 CRITICAL", "🟠 HIGH", "🟡 MEDIUM", "🟢 LOW"


@pytest.fixture(scope="module", autouse=True)
def _no_configuration():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Return a function from a repository's name to its document, made once."""

    @cache
    def read(name):
        checkout = check_out(name, tmp_path_factory.mktemp("checkouts"))
        return cover(checkout.path, ["report", *REPORTS[name]])

    return read


def check_out(name, folder):
    """Put the files of a repository under git, and its reports beside them, as a build does."""
    checkout = Checkout(folder / name)
    source = DATA / name / "repository"
    checkout.commit({str(one.relative_to(source)): one.read_bytes() for one in files_below(source)})
    reports = DATA / name / "reports"
    checkout.write({f"reports/{one.name}": one.read_bytes() for one in files_below(reports)})
    return checkout


def files_below(folder):
    return [one for one in sorted(folder.rglob("*")) if one.is_file() and one.suffix != ".pyc"]


def cover(folder, arguments, status=0):
    """Run a command in a checkout, and return what it prints."""
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        assert run(arguments) == status
    return out.getvalue()


def table(document, heading, title=""):
    """Return the rows of a table as lists of cells, by the heading and the title above it."""
    level = "## " if f"\n### {heading}\n" not in document else "### "
    section = rf"\n{level}(?:\d+\. )?{re.escape(heading)}\n(.*?)(?=\n##|\Z)"
    found = re.search(section, document, re.DOTALL)
    assert found, f"no heading {heading}"
    text = found[1].partition(f"**{title}**")[2] if title else found[1]
    lines = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)[0].splitlines()
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]
    return [[cell.strip(" `") for cell in row] for row in cells]


def columns(rows, *numbers):
    return [tuple(row[number] for number in numbers) for row in rows]


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
