"""What a suite of tests is by itself: its types, assertions, shape, set-up and examples."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.insights.suite_cases import (
    BLOATED,
    CART,
    CART_LONGER,
    CART_TEST,
    CASES,
    CONFTEST,
    DOCTESTS,
    RUST,
    UNTESTED,
    WITH_TEST,
    insight,
    result,
    rows,
    rule,
    unit_and_more,
)
from tests.core.insights.suites import case, inputs, run
from tests.core.test_render import CONTEXT
from worker.core.analysis import analyze
from worker.core.config import (
    AssertionsRule,
    Config,
    FixturesRule,
    PyramidRule,
    ReportSource,
    TestType,
)
from worker.core.insight import Code, Number, Place
from worker.core.insights import (
    budgets,
    doctests,
    fixtures,
    pyramid,
    skipped,
    slow,
    statistics,
    test_changes,
)
from worker.core.insights._types import type_of
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.render.insights import insight_page, insight_section
from worker.core.results import Outcome
from worker.core.static import TestFunction
from worker.core.verdict import Inputs, Verdict


@pytest.mark.parametrize("name", CASES)
def test_an_analysis_of_the_tests_is_as_it_was_read_and_approved(name, golden):
    """A team would get a table that nobody has compared with the ones made by hand."""
    module, given = CASES[name]
    verdict = analyze(given)
    alone = Verdict(verdict.evidence, verdict.results, lambda evidence: (module.look(evidence),))
    golden(f"insights/{name}.md", insight_page(alone, CONTEXT, budget=60_000) + "\n")


@pytest.mark.parametrize(
    ("path", "markers", "expected"),
    [
        ("tests/unit/test_a.py", (), "unit"),
        ("tests/unit/test_a.py", ("integration",), "integration"),
        ("tests/integration/test_a.py", ("slow",), "integration"),
        ("src/integrationTest/java/A.java", (), "integration"),
        ("src/test/java/CartTest.java", (), "unit"),
        ("src/test/java/CartIT.java", (), "integration"),
        ("crates/core/tests/api.rs", (), "integration"),
        ("src/lib.rs", (), "unit"),
        ("cart/cart_test.go", (), "unit"),
        ("cypress/cart.cy.ts", (), "e2e"),
        ("test/cart.e2e-spec.ts", (), "e2e"),
        ("spec/features/cart_spec.rb", (), "system"),
        ("tests/contract/test_a.py", (), "contract"),
        ("tests/performance/test_a.py", (), "performance"),
        ("tests/test_a.py", (), ""),
        ("tests/nightly/test_a.py", (), "nightly"),
        ("tests/test_a.py", ("nightly",), "nightly"),
    ],
)
def test_a_type_is_told_by_marker_folder_name_or_flag(path, markers, expected):
    """A team's integration tests would be counted as unit tests, or as nothing."""
    config = Config(reports=(ReportSource("*", flag="nightly"),))
    assert type_of(path, TestFunction("test_a", 1, 2, markers=markers), config) == expected


def test_what_a_repository_calls_its_types_comes_first():
    """A team would have to name its folders as Covgate likes them."""
    types = (
        TestType("unit", ("tests/fast/**",), ("quick",)),
        TestType("smoke", ("tests/unit/**",)),
    )
    config = rule(types=types)
    assert type_of("tests/fast/test_a.py", None, config) == "unit"
    assert type_of("tests/unit/test_a.py", None, config) == "smoke"
    assert type_of("x.py", TestFunction("test_a", 1, 2, markers=("quick",)), config) == "unit"


def test_without_anything_to_look_at_nothing_is_said():
    """A project without tests or reports would get empty tables."""
    empty = inputs({"src/a.py": "x = 1\n"})
    for module in (budgets, slow, skipped, statistics, pyramid, test_changes, fixtures, doctests):
        assert insight(module, empty) is None, module


def test_statistics_tell_what_the_change_adds():
    """A reviewer could not see that new tests check nothing."""
    text = CART_TEST + "\ndef test_silent():\n    take(1)\n"
    given = inputs({"tests/test_cart.py": text}, {"tests/test_cart.py": CART_TEST})
    found = insight(statistics, given)
    assert found.relevant
    assert found.summary.endswith("; the change: +1 test, ±0 assertions")
    by_name = {row[0]: row[1:] for row in found.tables[0].rows}
    assert by_name["tests without an assertion"] == (1, 0, Number(1, signed=True))
    assert found.tables[-1].rows == (
        (Code("test_silent"), Place("tests/test_cart.py", bitmap([7])), 0),
    )


def test_statistics_do_not_compare_with_what_they_do_not_know():
    """A base whose tests could not be read would look as if it had none."""
    given = inputs({"tests/test_a.py": CART_TEST}, {"tests/test_a.py": "def test_b(): assert 1\n"})
    given = replace(given, material=replace(given.material, base_facts={}))
    assert insight(statistics, given).tables[0].columns == ("", "now")


def test_property_tests_are_counted():
    """Nobody would see that a project tests laws, and not only examples."""
    text = "from hypothesis import given\n" + CART_TEST
    script = "import fc from 'fast-check'\nit('adds', () => { expect(1).toBe(1) })\n"
    given = inputs({"tests/test_a.py": text, "web/a.test.ts": script, "tests/test_b.py": CART_TEST})
    assert ("files with property tests", 2) in rows(statistics, given)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("def test_two():\n    go()\n", Outcome.FAIL),
        ("def test_two():\n    assert 1\n    assert 2\n", Outcome.PASS),
        ("def test_two():\n    assert 1\n    assert 2\n    assert 3\n    assert 4\n", Outcome.PASS),
    ],
)
def test_a_change_may_not_thin_the_assertions_out(new, expected):
    """A suite would grow in number, and check less and less."""
    config = rule(assertions=AssertionsRule(blocking=True))
    given = inputs(
        {"tests/test_a.py": CART_TEST + new}, {"tests/test_a.py": CART_TEST}, config=config
    )
    assert result(given, "assertions per test").outcome is expected
    unknown = replace(given, material=replace(given.material, base_facts={}))
    neutral = result(unknown, "assertions per test").outcome
    assert neutral is (Outcome.NEUTRAL if expected is Outcome.FAIL or "3" not in new else expected)


def test_a_pyramid_on_its_head_is_called_so():
    """Many slow tests on few fast ones would look like any other suite."""
    given = inputs(unit_and_more(10, 60, 30))
    assert insight(pyramid, given).summary == (
        "unit 10.00 %, integration 60.00 %, e2e 30.00 %: inverted, too many integration and e2e "
        "tests, too few unit tests"
    )
    assert insight(pyramid, inputs(unit_and_more(65, 27, 8))).summary.endswith(": as recommended")
    assert insight(pyramid, inputs(unit_and_more(65, 0, 0))) is None


def test_tests_without_a_type_are_unit_tests_where_none_is_called_so():
    """A project with all its unit tests in tests/ would seem to have none."""
    texts = {"tests/test_a.py": CART_TEST, "tests/e2e/test_b.py": CART_TEST}
    found = insight(pyramid, inputs(texts))
    assert found.summary.startswith("unit 50.00 %, integration 0.00 %, e2e 50.00 %")
    assert "1 test of no known type: counted as unit tests." in found.advice[-1]
    told = insight(pyramid, inputs(texts | {"tests/unit/test_c.py": CART_TEST}))
    assert "1 test of no known type: left out." in told.advice[-1]


def test_flags_are_the_pyramid_where_no_source_was_read():
    """Without the sources of its tests, a project would not see its shape."""
    suites = {"unit": run(case("t::a"), case("t::b")), "e2e": run(case("u::a"))}
    given = Inputs(Report(), inputs({}).diff, suites=suites)
    assert insight(pyramid, given).summary.startswith(
        "unit 66.66 %, integration 0.00 %, e2e 33.33 %"
    )


def test_a_change_may_not_tilt_the_pyramid():
    """Each pull request would add one more slow test, and none would be the one too many."""
    config = rule(pyramid=PyramidRule(blocking=True))
    before = unit_and_more(6, 4, 0)
    given = inputs(unit_and_more(6, 8, 0), before, config=config)
    found = result(given, "test pyramid")
    assert found.blocks
    assert found.summary == (
        "integration tests are 57.14 % of all, more than recommended, and it was 40.00 %"
    )
    assert insight(pyramid, given).relevant
    more = inputs(unit_and_more(16, 4, 0), before, config=config)
    assert not insight(pyramid, more).relevant, "nobody is blamed for unit tests"
    better = inputs(unit_and_more(9, 5, 0), before, config=config)
    assert result(better, "test pyramid").outcome is not Outcome.FAIL


def test_source_without_a_test_fails_where_a_team_asks_for_it():
    """Who wants tests with every change would have to look for them by hand."""
    strict = {"config": rule(changed=True)}
    found = result(replace(UNTESTED, **strict), "tests in the change")
    assert found.blocks
    assert found.summary == "2 source files changed, first src/shop/cart.py, and no test"
    assert result(replace(WITH_TEST, **strict), "tests in the change").outcome is Outcome.PASS
    assert result(UNTESTED, "tests in the change") is None
    assert "Tests in the change" in insight_section(analyze(UNTESTED), CONTEXT, budget=20_000)
    assert not insight(test_changes, WITH_TEST).relevant


def test_comments_and_documents_need_no_test():
    """A corrected comment would be told to have no test."""
    before = {"src/cart.py": CART, "README.md": "a\n", "tests/test_cart.py": CART_TEST}
    after = {**before, "src/cart.py": "# Adds.\n" + CART, "README.md": "b\n"}
    report = Report.of([FileCoverage("src/cart.py", bitmap([2, 3]), bitmap([2, 3]))])
    assert insight(test_changes, inputs(after, before, report=report)) is None


def test_new_lines_that_old_tests_run_are_said_to_be():
    """A change that is tested already would be told the same as one that is not."""
    report = Report.of([FileCoverage("src/cart.py", bitmap([5, 6, 7, 8]), bitmap([5, 6, 7, 8]))])
    given = inputs({"src/cart.py": CART_LONGER}, {"src/cart.py": CART}, report=report)
    (text,) = insight(test_changes, given).advice
    assert text.startswith("Tests that were there before run all the new lines.")
    assert not insight(test_changes, given).relevant


def test_tests_inside_of_the_source_count_as_tests():
    """A change of Rust that adds its test beside it would be said to have none."""
    old = "fn add() {}\n"
    new = (
        "fn add() { one(); }\n#[cfg(test)]\nmod tests {\n#[test]\nfn adds() { assert!(true); }\n}\n"
    )
    report = Report.of([FileCoverage("src/lib.rs", bitmap([1]), bitmap([1]))])
    given = inputs({"src/lib.rs": new}, {"src/lib.rs": old}, report=report)
    assert insight(test_changes, given).relevant is False
    assert rows(test_changes, given)[0][2] == "yes"


def test_what_a_change_makes_large_fails_where_a_team_asks_for_it():
    """One conftest.py would grow until nobody dares to touch it."""
    config = rule(fixtures=FixturesRule(blocking=True))
    found = result(replace(BLOATED, config=config), "large fixtures")
    assert found.blocks
    assert found.summary == "the file tests/conftest.py has 321 lines, 300 are allowed"
    same = inputs({"tests/conftest.py": CONFTEST}, {"tests/conftest.py": CONFTEST}, config=config)
    assert result(same, "large fixtures").outcome is Outcome.PASS
    assert insight(fixtures, BLOATED).relevant
    assert insight(fixtures, same).relevant is False
    assert result(BLOATED, "large fixtures") is None


def test_a_large_fixture_is_named_once_though_classes_inherit_it():
    """One fixture would be listed for every class below its own."""
    body = "".join(f"        one = {number}\n" for number in range(60))
    text = f"import pytest\nclass TestA:\n    @pytest.fixture\n    def big(self):\n{body}"
    text += "    def test_a(self, big): assert 1\nclass TestB(TestA):\n    pass\n"
    (row,) = rows(fixtures, inputs({"tests/test_a.py": text}))
    assert row == (Code("big"), Place("tests/test_a.py", bitmap([4])), 61, 61)


def test_short_or_checking_beginnings_are_no_repeated_set_up():
    """Three tests that begin with the same assertion would be told to share it."""
    plain = "".join(
        f"def test_{n}():\n    a = 1\n    b = 2\n    assert a\n    go({n})\n" for n in range(5)
    )
    short = "".join(f"def test_{n}():\n    a = 1\n    assert a == {n}\n" for n in range(5))
    assert insight(fixtures, inputs({"tests/test_a.py": plain, "tests/test_b.py": short})) is None


def test_doctests_that_ran_are_in_a_report():
    """Examples that pytest runs would be said not to be."""
    ran = [case("tests.test_a::test_a"), case("shop.total::shop.total.total")]
    given = replace(DOCTESTS, tests=run(*ran))
    assert insight(doctests, given).summary == "3 examples ignored"
    elsewhere = replace(DOCTESTS, tests=run(case("web.cart::adds")))
    assert insight(doctests, elsewhere).summary == "3 examples ignored", "no report of Python"


def test_an_example_that_the_change_ignores_fails_where_a_team_asks_for_it():
    """Documents would rot one ignored example at a time."""
    found = result(replace(DOCTESTS, config=rule(doctests=True)), "doctests")
    assert found.blocks
    assert found.summary == "a doctest in src/lib.rs is ignored, and 1 more"
    same = inputs({"src/lib.rs": RUST}, {"src/lib.rs": RUST}, config=rule(doctests=True))
    assert result(same, "doctests").outcome is Outcome.PASS
