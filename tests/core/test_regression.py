"""The regression gate: raw, adjusted, noise; and what is of a part of the tests."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.core.reports import reports
from tests.support.drawing import draw, project
from worker.core.analysis import analyze
from worker.core.config import CarryForward, Config, RegressionRule, ReportSource
from worker.core.diff import EMPTY_DIFF, Diff, FileDiff
from worker.core.flapping import Flapping, shape_of
from worker.core.gates.regression import measure_loss
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.numbers import Ratio
from worker.core.refs import Sha
from worker.core.verdict import Baseline, CarriedFlag, GateResult, Inputs, Outcome, Verdict

BASE = Sha("b" * 40)
ADJUST = Config(regression=RegressionRule(adjust=True))
FLAGS = Config(reports=(ReportSource("unit", flag="unit"), ReportSource("e2e", flag="e2e")))
CARRY = Config(
    reports=(
        ReportSource("unit", flag="unit"),
        ReportSource("e2e", flag="e2e", carry_forward=CarryForward(commits=5, days=3)),
    )
)


def regression(verdict: Verdict) -> GateResult:
    result = verdict.result("regression")
    assert result is not None
    return result


def drawn(text: str) -> Report:
    return draw(text)[0]


def deleted(path: str = "gone.py") -> Diff:
    return Diff.of([FileDiff(path, path, 0, bitmap(range(1, 101)), "removed")])


def deleting() -> Inputs:
    """Return the inputs of a change that deletes a file of a hundred covered lines."""
    before = drawn("gone.py\n 100 x hit\nkept.py\n 50 x hit\n 50 x miss")
    after = drawn("kept.py\n 50 x hit\n 50 x miss")
    return Inputs(after, deleted(), baseline=Baseline(BASE, 0, before))


def test_deleting_covered_code_is_a_regression_unless_it_is_to_be_adjusted() -> None:
    """`adjust` would be ignored, or change what "regression" means by default."""
    verdict = analyze(deleting())
    result = regression(verdict)
    assert result.outcome is Outcome.FAIL
    assert "75.00 % → 50.00 %, −25.00 points" in result.actual
    assert "without the 100 deleted lines it would be ±0.00 points" in result.summary
    adjusted = regression(analyze(replace(deleting(), config=ADJUST)))
    assert adjusted.outcome is Outcome.PASS
    assert adjusted.actual == result.actual
    assert "without the 100 deleted lines it is ±0.00 points" in adjusted.summary


def test_deleting_uncovered_code_is_never_held_against_anybody() -> None:
    """With `adjust`, removing dead code could fail a gate that it would pass without."""
    before = drawn("gone.py\n 100 x miss\nkept.py\n 95 x hit\n 5 x miss")
    after = drawn("kept.py\n 90 x hit\n 10 x miss")
    inputs = Inputs(after, deleted(), ADJUST, Baseline(BASE, 0, before))
    assert regression(analyze(inputs)).outcome is Outcome.PASS


def test_lines_that_flap_do_not_count_up_to_the_limit() -> None:
    """Chance would block a pull request, or a limitless band hide a real loss."""
    before = drawn("a.py\n 900 x hit\n 100 x miss")
    after = drawn("a.py\n 875 x hit\n 125 x miss")
    shape = shape_of(before.files["a.py"])
    known = Flapping.of([("a.py", shape, bitmap(range(871, 901)))])
    inputs = Inputs(after, EMPTY_DIFF, baseline=Baseline(BASE, 0, before), flapping=known)
    verdict = analyze(inputs)
    loss = measure_loss(verdict.evidence)
    assert loss is not None
    assert (loss.raw, loss.noise, loss.judged) == (Fraction(5, 2), Fraction(1, 2), 2)
    assert regression(verdict).outcome is Outcome.PASS
    assert "25 lines of it are known to flap" in regression(verdict).summary
    assert "the most that is forgiven" in regression(verdict).summary
    strict = Config(regression=RegressionRule(noise=Fraction(0)))
    assert regression(analyze(replace(inputs, config=strict))).outcome is Outcome.FAIL


def test_a_flapping_line_that_was_gained_weighs_one_up_that_was_lost() -> None:
    """Chance would always be on the side of the pull request."""
    before, after = drawn("a.py\n hit\n miss\n 8 x hit"), drawn("a.py\n miss\n hit\n 8 x hit")
    known = Flapping.of([("a.py", shape_of(before.files["a.py"]), 0b110)])
    inputs = Inputs(after, EMPTY_DIFF, baseline=Baseline(BASE, 0, before), flapping=known)
    assert analyze(inputs).evidence.elsewhere.noise == 0


def test_a_missing_flag_leaves_the_regression_unjudged_and_is_named() -> None:
    """A suite that path filters left out would be read as lost coverage."""
    baseline = Baseline(BASE, 0, project(10, 10), {"unit": project(5, 10), "e2e": project(10, 10)})
    inputs = Inputs(project(5, 10), EMPTY_DIFF, FLAGS, baseline, flags={"unit": project(5, 10)})
    result = regression(analyze(inputs))
    assert result.outcome is Outcome.NEUTRAL
    assert "no report of the flag e2e" in result.summary


def test_a_flag_that_is_no_longer_configured_is_not_missed() -> None:
    """Removing a suite for good would switch the gate off until the next push."""
    baseline = Baseline(BASE, 0, project(10, 10), {"old": project(10, 10)})
    inputs = Inputs(project(5, 10), EMPTY_DIFF, FLAGS, baseline, flags={"unit": project(5, 10)})
    assert regression(analyze(inputs)).outcome is Outcome.FAIL


def test_a_missing_report_leaves_the_regression_unjudged() -> None:
    """One shard of two would be judged as the whole."""
    baseline = Baseline(BASE, 0, project(10, 10), artifacts=("coverage-1", "coverage-2"))
    inputs = Inputs(project(5, 10), EMPTY_DIFF, baseline=baseline, artifacts=("coverage-2",))
    result = regression(analyze(inputs))
    assert result.outcome is Outcome.NEUTRAL
    assert "1 artifact that the baseline has is not there" in result.summary


def carried(**changes: object) -> Inputs:
    """Return the inputs of a run without the slow suite, whose lines moved down by one."""
    slow = drawn("a.py\n 4 x miss\n 4 x hit\n 2 x miss")
    unit = drawn("a.py\n 4 x hit\n 6 x miss")
    baseline = Baseline(
        BASE, 2, unit.merge(slow), {"unit": unit, "e2e": slow}, artifacts=("e2e", "unit")
    )
    diff = Diff.of([FileDiff("a.py", "a.py", bitmap([1]), 0, "modified")])
    head = drawn("a.py\n+ hit\n 4 x hit\n 6 x miss")
    return Inputs(
        head, diff, CARRY, replace(baseline, **changes), flags={"unit": head}, artifacts=("unit",)
    )


def test_a_flag_is_carried_forward_to_where_its_lines_are_now() -> None:
    """A nightly suite would be missing from every pull request, or cover the wrong lines."""
    verdict = analyze(carried())
    assert verdict.evidence.report.files["a.py"].hit == bitmap(range(1, 10))
    assert verdict.evidence.inputs.carried == (CarriedFlag("e2e", BASE, 2, 0),)
    assert verdict.evidence.missing_reports == ()
    assert regression(verdict).outcome is Outcome.PASS
    assert verdict.evidence.elsewhere.files == ()


def test_carrying_ends_at_its_age_in_commits_and_in_days() -> None:
    """A suite that broke months ago would be believed for ever."""
    for old in ({"distance": 6}, {"days": 4}, {"since": None}):
        verdict = analyze(carried(**old))
        assert verdict.evidence.inputs.carried == ()
        assert regression(verdict).outcome is Outcome.NEUTRAL


def test_what_was_carried_keeps_its_age_when_it_is_carried_again() -> None:
    """Each pull request would make an old report young."""
    origin = CarriedFlag("e2e", Sha("c" * 40), 5, 3)
    assert analyze(carried(carried=(origin,))).evidence.inputs.carried == (origin,)
    too_old = replace(origin, distance=6)
    assert analyze(carried(carried=(too_old,))).evidence.inputs.carried == ()


@given(reports(), reports())
def test_adjusting_changes_nothing_where_nothing_is_removed(one: Report, two: Report) -> None:
    """The two numbers beside each other would differ for no reason."""
    assume(one.lines.total and two.lines.total)
    verdict = analyze(Inputs(two, EMPTY_DIFF, baseline=Baseline(BASE, 0, one)))
    loss = measure_loss(verdict.evidence)
    assert loss is not None
    assert loss.raw == loss.adjusted == loss.judged


@given(reports(), st.sets(st.integers(1, 70)), st.booleans())
def test_a_pure_deletion_is_no_adjusted_loss(
    report: Report, removed: set[int], adjust: bool
) -> None:
    """`adjust` would forgive too little, or too much."""
    assume("a.py" in report.files)
    gone = bitmap(removed)
    diff = Diff.of([FileDiff("a.py", "a.py", 0, gone, "modified")])
    file = report.files["a.py"]
    left = Ratio((file.hit & ~gone).bit_count(), (file.measured & ~gone).bit_count())
    rest = [other for other in report if other.path != "a.py"]
    now = FileCoverage("a.py", bitmap(range(1, left.total + 1)), bitmap(range(1, left.covered + 1)))
    after = Report.of([*rest, now])
    assume(after.lines.total)
    config = Config(regression=RegressionRule(adjust=adjust, noise=Fraction(0)))
    verdict = analyze(Inputs(after, diff, config, Baseline(BASE, 0, report)))
    loss = measure_loss(verdict.evidence)
    assert loss is not None
    assert loss.adjusted == 0
    assert loss.judged == (min(loss.raw, 0) if adjust else loss.raw)
