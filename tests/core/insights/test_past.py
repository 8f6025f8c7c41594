"""What earlier commits and runs tell: flaky tests, lines that fixes changed, trends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.insights.test_gaps import EVENTS
from tests.core.test_render import CONTEXT
from worker.core.analysis import analyze
from worker.core.config import Config, FlakyRule, ProjectRule, TestsRule
from worker.core.diff import Diff
from worker.core.insight import Code, Points, Seconds
from worker.core.insights import fixes, flaky, trends
from worker.core.junit import TestCase, TestRun
from worker.core.material import Material, Point, TestHistory
from worker.core.model import Report
from worker.core.numbers import Ratio
from worker.core.refs import Sha
from worker.core.render.insights import insight_page
from worker.core.results import Outcome
from worker.core.verdict import Inputs, Verdict

TODAY = date(2030, 4, 10)


def case(name, outcome="passed", reruns=0):
    return TestCase(f"tests.test_cart::{name}", name, "", "", None, outcome, reruns=reruns)


def point(day, covered, total=1_000, **more):
    return Point(Sha(f"{day.toordinal():040x}"), day, Ratio(covered, total), **more)


TESTS = TestRun(
    tuple(
        sorted(
            [
                *(case(f"test_{n:03}") for n in range(296)),
                case("test_total", "failed"),
                case("test_clock"),
                case("test_socket", reruns=2),
                case("test_new", reruns=1),
            ],
            key=lambda one: one.id,
        )
    )
)
HISTORY = (
    TestHistory("tests.test_cart::test_clock", 40, 8, date(2030, 3, 30)),
    TestHistory("tests.test_cart::test_gone", 50, 40, date(2030, 2, 1)),
    TestHistory("tests.test_cart::test_socket", 300, 1, date(2030, 4, 10)),
    TestHistory("tests.test_cart::test_total", 300, 3, date(2030, 4, 9)),
)
FLAKY = Inputs(EVENTS, Diff(), tests=TESTS, material=Material(test_history=HISTORY, today=TODAY))
PACKAGES = ("cart", "orders", "new")
GROWTH = tuple(
    point(
        date(2030, month, day),
        600 + 20 * month + day,
        packages={
            name: Ratio(300 + (-1) ** at * (10 * month + day), 500)
            for at, name in enumerate(PACKAGES)
            if name != "new" or month > 3
        },
        tests=100 + 10 * month,
        skipped=3,
        seconds=Fraction(301 * month, 4),
        flaky=month % 3 if month > 1 else None,
        fixed={(2, 9): Ratio(3, 4), (3, 9): Ratio(2, 8), (3, 20): Ratio(0, 0)}.get((month, day)),
    )
    for month in range(1, 5)
    for day in (2, 9, 20)
    if (month, day) != (4, 20)
)
PAST = Inputs(
    EVENTS,
    Diff(),
    Config(project=ProjectRule(target=Fraction(85))),
    material=Material(history=GROWTH, today=TODAY),
)
CASES = {"flaky": (flaky, FLAKY), "fixes": (fixes, PAST), "trends": (trends, PAST)}


def insight(module, inputs):
    return module.look(analyze(inputs).evidence)


@pytest.mark.parametrize("name", CASES)
def test_an_analysis_is_as_it_was_read_and_approved(name, golden):
    """A team would get a table that nobody has looked at."""
    module, inputs = CASES[name]
    verdict = analyze(inputs)
    alone = Verdict(verdict.evidence, verdict.results, lambda evidence: (module.look(evidence),))
    golden(f"insights/{name}.md", insight_page(alone, CONTEXT, budget=60_000) + "\n")


def test_without_a_past_nothing_is_said():
    """A new repository would be told of trends that nobody knows."""
    assert [insight(module, Inputs(EVENTS, Diff())) for module, _ in CASES.values()] == [None] * 3
    one = Material(history=GROWTH[:1])
    assert insight(trends, Inputs(EVENTS, Diff(), material=one)) is None
    assert insight(fixes, Inputs(EVENTS, Diff(), material=one)) is None


def test_a_flaky_test_that_failed_now_comes_first_and_concerns_the_change():
    """Whoever broke nothing would look for the cause in his change."""
    found = insight(flaky, FLAKY)
    assert [row[0].text.rpartition("_")[2] for row in found.tables[0].rows] == [
        "new",
        "total",
        "socket",
        "clock",
    ]
    assert found.relevant
    assert "1 test that failed here flaked before" in found.advice[0]
    calm = replace(FLAKY, tests=TestRun((case("test_clock"),)))
    assert not insight(flaky, calm).relevant


@pytest.mark.parametrize(("runs", "flakes", "rate"), [(0, 1, "100.00 %"), (1, 2, "100.00 %")])
def test_a_rate_is_never_above_all(runs, flakes, rate):
    """Counts that were kept by halves would be shown as 200 % flaky."""
    odd = Material(test_history=(TestHistory("tests.test_cart::test_clock", runs, flakes),))
    rows = insight(flaky, replace(FLAKY, tests=TESTS, material=odd)).tables[0].rows
    assert [row[3] for row in rows if row[0] == Code("tests.test_cart::test_clock")] == [rate]


def test_a_test_that_never_flaked_is_not_flaky():
    """Whoever cleared a test's past would see it among the flaky ones, at 0 %."""
    calm = Material(test_history=(TestHistory("tests.test_cart::test_clock", 40, 0),))
    given = replace(FLAKY, tests=TestRun((case("test_clock"),)), material=calm)
    assert insight(flaky, given) is None


def test_a_test_that_is_gone_flakes_no_more():
    """A deleted test would count against the suite for three months."""
    shown = [row[0] for row in insight(flaky, FLAKY).tables[0].rows]
    assert Code("tests.test_cart::test_gone") not in shown
    unknown = insight(flaky, replace(FLAKY, tests=TestRun()))
    assert len(unknown.tables[0].rows) == 4
    assert unknown.summary.startswith("4 passed and failed")


@pytest.mark.parametrize(
    ("maximum", "tests", "outcome"),
    [
        (Fraction(1), TESTS, Outcome.FAIL),
        (Fraction(4, 3), TESTS, Outcome.PASS),
        (Fraction(1), TestRun((case("test_a"),)), Outcome.PASS),
        (Fraction(1), TestRun(), Outcome.NEUTRAL),
    ],
)
def test_a_team_may_block_a_flaky_suite(maximum, tests, outcome):
    """Trust in red would go down test by test, and nobody be able to stop it."""
    rules = TestsRule(flaky=FlakyRule(maximum, blocking=True))
    verdict = analyze(replace(FLAKY, tests=tests, config=Config(tests=rules)))
    assert verdict.result("flaky tests").outcome is outcome
    assert analyze(FLAKY).result("flaky tests") is None


def test_a_share_is_never_shown_as_the_allowed_one():
    """A failing 1.001 % would be shown as the 1 % that may be."""
    rules = TestsRule(flaky=FlakyRule(Fraction(1), blocking=True))
    tests = TestRun((case("test_new", reruns=1), *(case(f"t{n}") for n in range(98))))
    result = analyze(Inputs(EVENTS, Diff(), Config(tests=rules), tests=tests)).result("flaky tests")
    assert (result.actual, result.outcome) == ("1.02 %", Outcome.FAIL)


def test_a_month_is_what_its_last_commit_was():
    """The change from month to month would depend on how often somebody pushes."""
    rows = insight(trends, PAST).tables[0].rows
    assert [(row[0], row[1].covered, row[3]) for row in rows] == [
        ("2030-04", 689, 2),
        ("2030-03", 680, 3),
        ("2030-02", 660, 3),
        ("2030-01", 640, 3),
    ]
    assert [row[2] for row in rows] == [Points(Fraction(9, 10)), *[Points(Fraction(2))] * 2, None]
    assert rows[0][4:] == (140, 3, Seconds(Fraction(301)), 1)


def test_packages_that_lost_most_come_first():
    """The part of the project that rots would be looked for."""
    rows = insight(trends, PAST).tables[1].rows
    assert [row[0] for row in rows] == [Code("cart"), Code("orders")]
    assert rows[0][2].value < 0 < rows[1][2].value


DAYS = st.lists(st.integers(0, 90), min_size=3, max_size=20)


@settings(max_examples=60, deadline=None)
@given(DAYS, st.integers(-30, 30))
def test_the_pace_of_an_even_rise_is_that_rise(days, slope):
    """A date would be promised that the figures do not hold."""
    start = date(2030, 1, 1)
    history = [
        point(start + timedelta(days=day), 5_000 + slope * day, 10_000) for day in sorted(days)
    ]
    pace = trends.pace_of(history)
    assert pace == (Fraction(slope, 100) if max(days) - min(days) >= 7 else None)


@pytest.mark.parametrize(
    ("history", "told"),
    [
        ([(0, 500), (30, 560), (60, 620)], "85 % is reached on 2030-06-25"),
        ([(0, 620), (30, 620), (60, 620)], "85 % is never reached"),
        ([(0, 700), (30, 600), (60, 620)], "85 % is never reached"),
        ([(0, 500), (60, 620)], "for a date of 85 % there are too few commits yet"),
        ([(0, 500), (1, 560), (6, 620)], "for a date of 85 % there are too few commits yet"),
        ([(0, 619), (30, 620), (90, 620)], "85 % is not reached within ten years"),
        ([(0, 500), (30, 560), (60, 850)], "the target of 85 % is reached"),
        ([(0, 100), (100, 600), (130, 600), (190, 600)], "85 % is never reached"),
    ],
)
def test_the_day_of_the_target_is_told_or_why_not(history, told):
    """A team would plan with a date that nobody can know."""
    start = date(2030, 1, 1)
    points = tuple(point(start + timedelta(days=day), covered) for day, covered in history)
    inputs = replace(PAST, material=Material(history=points))
    assert insight(trends, inputs).summary.endswith(told)


def test_a_fix_of_unmeasured_lines_counts_but_changes_no_share():
    """The mended documents would look like untested code."""
    found = insight(fixes, PAST)
    assert found.summary.startswith("5 of 12 lines that 3 fixes changed had been covered before")
    assert [row[1:] for row in found.tables[0].rows] == [(2, Ratio(2, 8)), (1, Ratio(3, 4))]
    assert "of all lines" not in insight(fixes, replace(PAST, report=Report())).summary
