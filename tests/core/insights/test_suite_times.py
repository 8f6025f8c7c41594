"""What tests take and leave out: slow tests, time budgets, skips."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.core.insights.suite_cases import (
    BUDGETS,
    ONE_TEST,
    SKIPPED,
    SKIPS,
    SLOW,
    TIMES,
    blocking,
    insight,
    result,
    rows,
    rule,
)
from tests.core.insights.suites import case, inputs, run
from worker.core.config import (
    BudgetsRule,
    Config,
    SkippedRule,
    SlowRule,
)
from worker.core.insight import Code, Place, Seconds
from worker.core.insights import (
    budgets,
    skipped,
    slow,
)
from worker.core.model import Report, bitmap
from worker.core.results import Outcome
from worker.core.verdict import Inputs


def test_only_a_new_slow_test_fails():
    """A team with slow tests could not begin to forbid further ones, or none would be forbidden."""
    strict = blocking(slow=SlowRule(blocking=True))
    found = result(replace(SLOW, **strict), "slow tests")
    assert found.blocks
    assert found.summary == (
        "3 new tests take more than 10 s: the slowest is "
        "tests.test_openfga.TestCircuitBreaker::test_counts with 45.00 s"
    )
    old = replace(SLOW, tests=run(*TIMES[:2]), **strict)
    assert result(old, "slow tests").outcome is Outcome.PASS
    assert result(SLOW, "slow tests") is None, "it advises, unless it is set to block"


def test_a_slow_test_that_moved_is_not_new():
    """Whoever renames a test's class would have to speed it up first."""
    config = rule(slow=SlowRule(blocking=True))
    moved = replace(
        SLOW, tests=run(*TIMES[1:2], case("tests.test_other::test_opens", "46")), config=config
    )
    assert result(moved, "slow tests").outcome is Outcome.PASS


@pytest.mark.parametrize(
    "pattern",
    ["tests.resilience.*", "tests/resilience/test_retry.py::*", "*::test_exponential*", "**"],
)
def test_an_allowed_test_may_be_slow(pattern):
    """The one test that has to wait would fail every pull request."""
    config = rule(slow=SlowRule(allow=(pattern,), over=Fraction(12), blocking=True))
    given = replace(SLOW, tests=run(*TIMES[:2], TIMES[3]), config=config)
    assert result(given, "slow tests").outcome is Outcome.PASS
    notes = [row[4] for row in rows(slow, given)]
    assert "allowed" in notes


def test_without_the_bases_tests_no_slow_test_is_called_new():
    """The first pull request after a change of CI would fail for what was always there."""
    config = rule(slow=SlowRule(blocking=True))
    given = replace(SLOW, baseline=None, config=config)
    assert result(given, "slow tests").outcome is Outcome.NEUTRAL
    silent = replace(SLOW, tests=run(), config=config)
    assert result(silent, "slow tests").outcome is Outcome.NEUTRAL
    assert "the tests' 2 min 50 s" in insight(slow, given).summary


def test_a_wait_is_found_where_the_test_gets_it_from():
    """A developer would look for the delay in the wrong file."""
    told = {row[0].text.rpartition("::")[2]: row[5] for row in rows(slow, SLOW)}
    assert told["test_exponential_backoff_timing"] == (
        ("sleeps", Place("tests/resilience/test_retry.py", bitmap([15]))),
    )
    assert [words for words, _ in told["test_waits_in_a_helper"]] == [
        "sleeps in a helper",
        "sleeps in a fixture",
    ]
    assert told["test_opens"] == (("retries in the program", Place("src/client.py", bitmap([5]))),)
    assert told["test_counts"] == (), "no context says that it runs that line"


def test_a_fixture_of_conftest_is_looked_into():
    """The shared fixture that makes all tests slow would stay unseen."""
    conftest = "import time, pytest\n@pytest.fixture\ndef up():\n    time.sleep(3)\n"
    test = "def test_a(up): assert up\n"
    given = inputs(
        {"tests/conftest.py": conftest, "tests/api/test_a.py": test},
        ran=run(case("tests.api.test_a::test_a", "30")),
    )
    ((*_, causes),) = rows(slow, given)
    assert causes == (("sleeps in a fixture", Place("tests/conftest.py", bitmap([4]))),)


def test_a_matrix_counts_each_test_once():
    """A suite that runs on six versions would be called six times too slow."""
    both = run(case("t::a", "100"), case("t::a", "130"), case("t::b", None))
    given = Inputs(Report(), inputs({}).diff, tests=both, suites={"unit": both})
    assert rows(budgets, given)[0] == (
        Code("unit"), 2, Seconds(Fraction(130)), Seconds(Fraction(120)), Seconds(Fraction(10)),
    )  # fmt: skip


def test_a_written_budget_is_judged_and_advises_unless_it_blocks():
    """A team would get a red check for a number that it never wrote, or never a word."""
    whole = result(BUDGETS, "time budget")
    unit = result(BUDGETS, "time budget", "unit")
    assert (whole.outcome, unit.outcome) == (Outcome.PASS, Outcome.FAIL)
    assert not unit.blocks
    assert unit.summary == "unit tests take 1 min 3 s, 2.50 s over 1 min 0 s"
    rules = BudgetsRule((("unit", Fraction(60)), ("e2e", Fraction(60))), blocking=True)
    strict = replace(BUDGETS, config=rule(budgets=rules))
    assert result(strict, "time budget", "unit").blocks
    assert result(strict, "time budget", "e2e").outcome is Outcome.NEUTRAL
    assert result(replace(BUDGETS, config=Config()), "time budget", "unit") is None
    broken = replace(BUDGETS, run_failed=True)
    assert result(broken, "time budget").outcome is Outcome.NEUTRAL, "tests may have been left out"
    assert result(broken, "time budget", "unit").outcome is Outcome.FAIL, "it takes that at least"


def test_without_flags_the_type_of_a_test_has_the_budget():
    """A project with one report for all tests would have no budgets."""
    given = inputs(
        {"tests/unit/test_a.py": ONE_TEST, "tests/test_b.py": ONE_TEST},
        ran=run(case("tests.unit.test_a::test_a", "121"), case("tests.test_b::test_a", "1")),
    )  # fmt: skip
    found = insight(budgets, given)
    assert [row[0] for row in found.tables[0].rows] == [Code("unit"), "all tests"]
    assert found.summary == "all tests take 2 min 2 s; over budget: unit 2 min 1 s of 2 min 0 s"
    assert not found.relevant, "nobody knows whether the change made it so"


def test_a_new_skip_says_why_where_a_team_asks_for_it():
    """Tests would be switched off one by one, and nobody could tell what for."""
    strict = blocking(skipped=SkippedRule(blocking=True))
    found = result(replace(SKIPPED, **strict), "skipped tests")
    assert found.blocks
    assert found.summary == "the change skips 2 tests without a reason: first test_fresh"
    unchanged = inputs({"tests/test_api.py": SKIPS}, {"tests/test_api.py": SKIPS}, **strict)
    assert result(unchanged, "skipped tests").outcome is Outcome.PASS
    assert insight(skipped, unchanged).relevant is False
    assert result(SKIPPED, "skipped tests") is None


def test_a_renamed_file_skips_nothing_new():
    """Moving a test file would be reported as switching off its tests."""
    given = inputs({"tests/test_b.py": SKIPS}, {"tests/test_a.py": SKIPS})
    (file,) = [one for one in given.diff if one.path == "tests/test_b.py"]
    renamed = type(given.diff).of([replace(file, old_path="tests/test_a.py", status="renamed")])
    given = replace(given, diff=renamed)
    assert not insight(skipped, given).relevant
    assert "note" not in insight(skipped, given).tables[0].columns


@pytest.mark.parametrize(
    "reason",
    ["unconditional skip", "Skipped", "", "skipped.", "Test is skipped"],
)
def test_words_of_a_runner_are_no_reason(reason):
    """A skipped test would seem to say why, for its runner says that it was skipped."""
    given = Inputs(Report(), inputs({}).diff, tests=run(case("t::a", "0", "skipped", reason)))
    assert insight(skipped, given).summary == "1 test never run, without a reason"
    said = replace(given, tests=run(case("t::a", "0", "skipped", f"{reason} see #12")))
    assert "with a reason" in insight(skipped, said).summary


def test_what_a_body_decides_is_not_called_never_run():
    """Go's `t.Skip` under an `if` would be listed among the dead tests."""
    text = "package a\nfunc TestA(t *testing.T) {\n if short {\n  t.Skip()\n }\n t.Error()\n}\n"
    given = inputs({"a/a_test.go": text})
    assert insight(skipped, given).summary == "1 test on a condition: 1 without a reason"
    assert rows(skipped, given)[0][3] == "as its body decides"


def test_what_a_report_knows_of_a_skip_counts():
    """A test would be said never to run, or not to say why, though a report knows better."""
    text = "import pytest\n@pytest.mark.skip(**options)\ndef test_a(): assert 1\n"
    said = inputs(
        {"tests/test_a.py": text}, ran=run(case("tests.test_a::test_a", "0", "skipped", "#12"))
    )
    assert insight(skipped, said).summary == "1 test never run, with a reason"
    ran = inputs({"tests/test_a.py": text}, ran=run(case("tests.test_a::test_a")))
    assert insight(skipped, ran).summary == "1 test on a condition: 1 without a reason, 1 ran"


def test_tests_that_one_statement_skips_share_a_row():
    """A file that is skipped as a whole would fill the table."""
    text = "import pytest\npytestmark = pytest.mark.skip\n" + "".join(
        f"def test_{number}(): assert 1\n" for number in range(3)
    )
    given = inputs({"tests/test_a.py": text})
    names = tuple(Code(f"test_{number}") for number in range(3))
    assert rows(skipped, given) == ((names, Place("tests/test_a.py", bitmap([2])), "none"),)
    assert insight(skipped, given).summary == "3 tests never run, without a reason"
