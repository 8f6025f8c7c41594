"""What tests are worth: hollow coverage, fall-backs, error paths."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.core.insights.audit import (
    AUDIT,
    ESCROW,
    REPORT,
    insight,
    table,
    without_contexts,
)
from tests.core.test_render import CONTEXT
from worker.core.analysis import analyze
from worker.core.config import (
    Config,
    CriticalPath,
    ErrorPathsRule,
    Feature,
    Priority,
    parse_config,
)
from worker.core.diff import Diff
from worker.core.insight import Code, Place
from worker.core.insights import error_paths, fallbacks, features, hollow
from worker.core.material import Material
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.numbers import Ratio
from worker.core.render.insights import insight_page
from worker.core.results import Outcome
from worker.core.verdict import Inputs, Verdict

CASES = {"hollow": hollow, "features": features, "fallbacks": fallbacks, "error_paths": error_paths}


@pytest.mark.parametrize("name", CASES)
def test_an_analysis_is_as_it_was_read_and_approved(name, golden):
    """A team would get a table that nobody has compared with the ones made by hand."""
    verdict = analyze(AUDIT)
    look = CASES[name].look
    alone = Verdict(verdict.evidence, verdict.results, lambda evidence: (look(evidence),))
    golden(f"insights/{name}.md", insight_page(alone, CONTEXT, budget=60_000) + "\n")


def test_lines_that_only_mocked_tests_reach_are_hollow():
    """A publisher that never publishes would look tested, as in the bug that was missed."""
    found = insight(hollow)
    assert [
        (row[0].path, row[1:4], row[4].lines)
        for row in table(found, "Files, the most hollow first")
    ] == [
        ("settlement/escrow.py", (Ratio(2, 9), 3, 0), bitmap([8, 9, 13])),
        ("risk/margin.py", (Ratio(0, 2), 0, 2), bitmap([8, 16])),
    ]
    assert [row[0].path for row in table(found, "New code that is hollow")] == [
        "settlement/escrow.py",
        "risk/margin.py",
    ]
    assert found.relevant


def test_a_mocked_test_is_shown_with_its_mocks_and_where_they_are():
    """A reviewer would be told that a test is mocked, and would have to look for the mock."""
    rows = table(insight(hollow), "Mocked tests")
    published = next(row for row in rows if row[1] == Code("test_event_is_published"))
    assert published[2:] == (
        3,
        (Code("settlement.escrow.topic"),),
        (Place("tests/test_escrow.py", 1 << 9, named=False),),
    )
    told = next(row for row in rows if row[1] == Code("test_health_is_told"))
    assert Place("tests/conftest.py", 1 << 7) in told[4]
    (script,) = (row for row in rows if row[0].path == "web/cart.test.ts")
    assert script[1] == (Code("adds"), "by patterns")


@pytest.mark.parametrize(
    ("gate", "subject", "outcome", "blocks"),
    [
        ("critical real", "escrow", Outcome.FAIL, True),
        ("critical real", "sync", Outcome.PASS, False),
        ("package real", "risk", Outcome.FAIL, True),
        ("package real", "alerts", Outcome.FAIL, False),
    ],
)
def test_a_floor_of_real_tests_judges(gate, subject, outcome, blocks):
    """A team that asked for real tests of its payments would get mocked ones."""
    result = analyze(AUDIT).result(gate, subject)
    assert (result.outcome, result.blocks) == (outcome, blocks)


def test_a_failed_floor_says_what_to_do():
    """A developer would see a percentage, and not how much work is left nor where."""
    result = analyze(AUDIT).result("critical real", "escrow")
    assert result.summary == (
        "real tests reach 22.22 %, 80 % is needed: 6 more lines; "
        "3 lines of it only mocked or silent tests reach"
    )
    assert result.places == (("settlement/escrow.py", bitmap([8, 9, 13])),)
    assert result.name == "critical_real/escrow"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"report": without_contexts(REPORT)}, "do not tell which tests run a line"),
        ({"material": Material()}, "no test was found in the source"),
        ({"incomplete": True}, "a report could not be read"),
        ({"report": Report()}, "measure no line of its paths"),
        (
            {"config": Config(critical=(CriticalPath("escrow", ("**",), None, "e2e",
                                                     real=Fraction(80)),))},
            "no report of its flag was read",
        ),
    ],
)  # fmt: skip
def test_what_can_not_be_told_is_neutral(change, reason):
    """A pull request would fail for what the reports do not say."""
    result = analyze(replace(AUDIT, **change)).result("critical real", "escrow")
    assert result.outcome is Outcome.NEUTRAL
    assert reason in result.summary


def test_tests_that_are_not_found_do_not_fail_a_floor():
    """A test that a tool names oddly would count against those who wrote it."""
    contexts = tuple((name.replace("event", "other"), lines) for name, lines in ESCROW.contexts)
    file = FileCoverage(ESCROW.path, ESCROW.measured, ESCROW.hit, contexts=contexts)
    config = Config(critical=(CriticalPath("escrow", ("settlement/**",), real=Fraction(50)),))
    inputs = replace(AUDIT, report=Report.of([file]), config=config)
    result = analyze(inputs).result("critical real", "escrow")
    assert result.outcome is Outcome.NEUTRAL
    assert result.summary == "the tests that run 3 lines of it are not known, and they would decide"
    assert insight(hollow, inputs).advice == (
        "1 of 3 contexts in the reports name no test that was found in the source.",
    )


def test_a_flags_own_report_is_judged():
    """Unit tests would make up for integration tests that a critical path needs."""
    critical = (CriticalPath("escrow", ("settlement/**",), None, "unit", real=Fraction(20)),)
    inputs = replace(AUDIT, config=Config(critical=critical), flags={"unit": Report.of([ESCROW])})
    assert analyze(inputs).result("critical real", "escrow").outcome is Outcome.PASS


def test_without_contexts_the_tests_are_told_apart_all_the_same():
    """A team without contexts would learn nothing, nor how to get them."""
    found = insight(hollow, replace(AUDIT, report=without_contexts(REPORT)))
    assert [one.title for one in found.tables] == [
        "Tests by what they prove", "Mocked tests", "Tests that assert nothing",
    ]  # fmt: skip
    assert found.summary == "of 5 tests 3 mocked, 1 without an assertion"
    assert "--cov-context=test" in found.advice[0]
    assert insight(hollow, Inputs(REPORT, Diff())) is None


def test_features_are_read_from_the_configuration():
    """A feature map that was written down would be passed over."""
    config = parse_config(
        b"features:\n  - {name: Escrow, source: ['s/**'], tests: ['t/**'], severity: critical}\n"
        b"critical:\n  - {name: pay, paths: ['p/**'], real: 80}\n"
        b"packages:\n  - {name: core, paths: ['c/**'], real: 60}\n"
    )
    assert config.features == (Feature("Escrow", ("s/**",), ("t/**",), Priority.CRITICAL),)
    assert config.critical[0].real == 80
    assert config.packages[0].real == 60
    with pytest.raises(Exception, match="`features` has the name `A` twice"):
        parse_config(b"features: [{name: A, source: [a]}, {name: A, source: [b]}]")


def test_fall_backs_in_the_program_are_named_and_not_those_of_tests_or_documents():
    """A missing database would be hidden by SQLite until production."""
    rows = insight(fallbacks).tables[0].rows
    assert [(row[0].path, row[0].lines.bit_length() - 1, row[1], row[3]) for row in rows] == [
        ("risk/margin.py", 3, "SQLite for a real database", "run"),
        ("risk/margin.py", 6, "a class that only pretends", "run"),
        ("risk/margin.py", 11, "a part that keeps all in memory", "run"),
    ]
    assert insight(fallbacks).relevant, "the change adds the first"
    assert insight(fallbacks, Inputs(REPORT, Diff())) is None


def test_error_paths_have_a_coverage_of_their_own():
    """A project at 90 % would not see that nothing which goes wrong is ever tried."""
    found = insight(error_paths)
    assert found.summary == "0.00 % of 3 lines of error paths covered, of the new code's 0 of 2"
    assert found.tables[0].rows[0] == ("error paths", Ratio(0, 3), "low")
    assert found.tables[-1].rows == (
        (
            Place("settlement/escrow.py"),
            Ratio(0, 3),
            Place("settlement/escrow.py", bitmap([3, 11, 12]), named=False),
        ),
    )
    assert found.relevant
    assert insight(error_paths, Inputs(REPORT, Diff())) is None


@pytest.mark.parametrize(
    ("minimum", "change", "outcome", "summary"),
    [
        (60, {}, Outcome.FAIL, "error paths have 33.33 %, 60 % is needed: cover 1 more line"),
        (33, {}, Outcome.PASS, "33.33 %"),
        (60, {"incomplete": True}, Outcome.NEUTRAL, "a report could not be read"),
        (60, {"material": Material()}, Outcome.NEUTRAL, "no report measures a line"),
    ],
)
def test_a_floor_of_error_paths_judges(minimum, change, outcome, summary):
    """A team that asked for tested failures would get none."""
    escrow = FileCoverage("settlement/escrow.py", ESCROW.measured, ESCROW.hit | 1 << 3)
    config = Config(error_paths=ErrorPathsRule(Fraction(minimum)))
    inputs = replace(AUDIT, report=Report.of([escrow]), config=config, **change)
    result = analyze(inputs).result("error paths")
    assert result.outcome is outcome
    assert summary in result.summary
    assert analyze(AUDIT).result("error paths") is None


def test_a_change_that_adds_a_fall_back_fails_where_a_team_asks_for_it():
    """SQLite would slip into production although the team forbade it."""
    config = parse_config(b"fallbacks: {blocking: true}\nerror_paths: {minimum: 50}\n")
    assert config.error_paths.minimum == 50
    result = analyze(replace(AUDIT, config=config)).result("fall-backs")
    assert result.blocks
    assert result.summary == (
        "the change adds 1 fall-back: SQLite for a real database in risk/margin.py, line 3"
    )
    assert result.places == (("risk/margin.py", 1 << 3),)
    calm = replace(AUDIT, config=config, diff=Diff())
    assert analyze(calm).result("fall-backs").outcome is Outcome.PASS


def test_one_name_for_a_whole_run_tells_no_tests_apart():
    """LCOV's name of a run would be taken for a test that nobody can find."""
    files = (
        FileCoverage(file.path, file.measured, file.hit, contexts=(("unit_run", file.hit),))
        for file in REPORT
    )
    found = insight(hollow, replace(AUDIT, report=Report.of(files)))
    assert found.tables[0].title == "Tests by what they prove"
    assert "--cov-context=test" in found.advice[0]
