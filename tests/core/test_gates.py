"""The two gates, on the very edges of their thresholds."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.support.drawing import draw, project
from worker.core.analysis import analyze
from worker.core.config import DEFAULT_CONFIG, Config, NewCodeRule, Partial, RegressionRule
from worker.core.diff import Diff
from worker.core.gates.new_code import lines_to_cover
from worker.core.numbers import Ratio
from worker.core.refs import Sha
from worker.core.verdict import Baseline, Inputs, Outcome, Verdict

if TYPE_CHECKING:
    from worker.core.model import Report

BASE = Sha("b" * 40)


def judge(drawing: str, config: Config = DEFAULT_CONFIG, base: Report | None = None) -> Verdict:
    report, diff = draw(drawing)
    baseline = Baseline(BASE, 0, base) if base is not None else None
    return analyze(Inputs(report, diff, config, baseline, "nothing was recorded yet"))


def outcome(verdict: Verdict, gate: str) -> Outcome:
    result = verdict.result(gate)
    assert result is not None
    return result.outcome


def test_new_code_at_exactly_the_minimum_passes() -> None:
    """A team at 60 % would be blocked although it did what was asked."""
    verdict = judge("a.py\n+ 3 x hit\n+ 2 x miss")
    assert outcome(verdict, "new code") is Outcome.PASS
    assert verdict.outcome is Outcome.PASS


def test_new_code_a_hair_below_the_minimum_fails() -> None:
    """59.999 % would be rounded into a pass."""
    verdict = judge("a.py\n+ 59999 x hit\n+ 40001 x miss")
    assert outcome(verdict, "new code") is Outcome.FAIL
    assert "59.99 %" in verdict.results[0].actual
    assert verdict.outcome is Outcome.FAIL


def test_only_added_and_measured_lines_are_new_code() -> None:
    """Comments, blank lines and old debt nearby would be charged to the author."""
    verdict = judge("a.py\n miss\n+ hit\n+ -\n miss\n+ miss\n+ hit")
    assert verdict.evidence.new_code.lines == Ratio(2, 3)


def test_nothing_measured_is_nothing_to_judge() -> None:
    """A change of a README would be failed for covering 0 %."""
    verdict = judge("a.py\n hit\nREADME\n+ -")
    assert outcome(verdict, "new code") is Outcome.NEUTRAL
    assert verdict.outcome is Outcome.PASS


def test_a_loss_of_exactly_the_allowed_points_passes() -> None:
    """A threshold of 2 points would in truth be one of a little less."""
    verdict = judge("a.py\n 80 x hit\n 20 x miss", base=project(82, 100))
    assert outcome(verdict, "regression") is Outcome.PASS


def test_a_loss_of_a_hair_more_fails_and_never_looks_like_the_allowed_one() -> None:
    """A failing 2.001 would be shown as 2.00 and nobody would understand the red cross."""
    verdict = judge("a.py\n 79999 x hit\n 20001 x miss", base=project(82, 100))
    assert outcome(verdict, "regression") is Outcome.FAIL
    assert "−2.01 points" in verdict.results[1].actual


def test_without_a_baseline_the_percentage_is_shown_and_nothing_judged() -> None:
    """The first pull request of a repository would be blocked, or its total be hidden."""
    verdict = judge("a.py\n 3 x hit\n miss")
    result = verdict.result("regression")
    assert result is not None
    assert (result.outcome, result.actual) == (Outcome.NEUTRAL, "75.00 %")
    assert result.summary == "nothing was recorded yet"


def test_a_failed_run_is_no_regression() -> None:
    """A suite that stopped half-way would be read as lost coverage."""
    report, diff = draw("a.py\n+ hit\n 9 x miss")
    baseline = Baseline(BASE, 0, project(100, 100))
    verdict = analyze(Inputs(report, diff, baseline=baseline, run_failed=True))
    assert outcome(verdict, "regression") is Outcome.NEUTRAL
    assert outcome(verdict, "new code") is Outcome.PASS


def test_a_gate_that_does_not_block_never_fails_the_check() -> None:
    """`blocking: false` would be ignored."""
    config = Config(new_code=NewCodeRule(Fraction(60), blocking=False))
    verdict = judge("a.py\n+ miss", config)
    assert outcome(verdict, "new code") is Outcome.FAIL
    assert verdict.outcome is Outcome.PASS


def test_ignored_files_count_neither_as_new_nor_in_the_total() -> None:
    """Generated code would decide the verdict although the team excluded it."""
    config = Config(ignore=("gen/**",))
    verdict = judge("gen/a.py\n+ 9 x miss\nb.py\n+ hit", config, project(100, 100))
    assert verdict.evidence.new_code.lines == Ratio(1, 1)
    assert verdict.evidence.report.lines == Ratio(1, 1)


def test_partial_lines_count_as_the_configuration_says() -> None:
    """`partial: missed` would change one of the two numbers and not the other."""
    drawing = "a.py\n+ partial\n+ hit"
    assert judge(drawing).evidence.new_code.lines == Ratio(2, 2)
    strict = judge(drawing, Config(partial=Partial.MISSED))
    assert strict.evidence.new_code.lines == Ratio(1, 2)
    assert strict.evidence.report.lines == Ratio(1, 2)


@given(st.integers(0, 400), st.integers(0, 400), st.fractions(0, 100))
def test_covering_what_the_headline_asks_for_passes(
    covered: int, missed: int, minimum: Fraction
) -> None:
    """Somebody would cover the lines that the check asked for and be refused again."""
    lines = Ratio(covered, covered + missed)
    if not lines.total:
        return
    more = lines_to_cover(lines, minimum)
    assert 0 <= more <= missed
    assert Fraction(100 * (covered + more), lines.total) >= minimum
    assert more == 0 or Fraction(100 * (covered + more - 1), lines.total) < minimum


@given(st.integers(1, 300), st.integers(1, 300), st.fractions(0, 100), st.data())
def test_the_regression_gate_is_exact(
    head_total: int, base_total: int, maximum: Fraction, data: st.DataObject
) -> None:
    """A verdict would depend on how a float was rounded."""
    head = data.draw(st.integers(0, head_total))
    base = data.draw(st.integers(0, base_total))
    baseline = Baseline(BASE, 0, project(base, base_total))
    config = Config(regression=RegressionRule(maximum))
    verdict = analyze(Inputs(project(head, head_total), Diff(), config, baseline))
    lost = Fraction(100 * base, base_total) - Fraction(100 * head, head_total)
    expected = Outcome.FAIL if lost > maximum else Outcome.PASS
    assert outcome(verdict, "regression") is expected
