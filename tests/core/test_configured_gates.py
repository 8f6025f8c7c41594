"""The gates that a repository asks for: floors, marks, packages, critical paths, flags."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.drawing import draw, project
from worker.core.analysis import analyze
from worker.core.config import (
    DEFAULT_CONFIG,
    BranchesRule,
    CriticalPath,
    FlagRules,
    FunctionsRule,
    NewCodeRule,
    Package,
    ProjectRule,
    RegressionRule,
    ReportSource,
)
from worker.core.diff import EMPTY_DIFF, Diff, FileDiff
from worker.core.model import BranchLine, FileCoverage, Function, Report, bitmap
from worker.core.numbers import Ratio
from worker.core.refs import Sha
from worker.core.verdict import Baseline, GateResult, Inputs, Outcome, Verdict

BASE = Sha("b" * 40)
PAY = ("pay/**",)


def judge(report: Report, diff: Diff = EMPTY_DIFF, **given: object) -> Verdict:
    rules = {name: given.pop(name) for name in list(given) if hasattr(DEFAULT_CONFIG, name)}
    return analyze(Inputs(report, diff, replace(DEFAULT_CONFIG, **rules), **given))


def result_of(verdict: Verdict, gate: str, subject: str = "") -> GateResult:
    result = verdict.result(gate, subject)
    assert result is not None
    return result


def of_file(path: str, hits: str) -> Report:
    """Return a report of one file: `1` a covered line, `0` a missed one, `-` none."""
    measured = bitmap(n for n, one in enumerate(hits, start=1) if one != "-")
    return Report.of([FileCoverage(path, measured, bitmap(_covered(hits)))])


def _covered(hits: str) -> list[int]:
    return [n for n, one in enumerate(hits, start=1) if one == "1"]


def test_nothing_but_the_two_default_gates_is_judged_unasked() -> None:
    """A team would be held to rules that it never wrote."""
    verdict = judge(project(1, 100))
    assert [result.name for result in verdict.results] == ["new_code", "regression"]


@pytest.mark.parametrize(
    ("covered", "outcome"), [(60, Outcome.PASS), (59, Outcome.FAIL), (61, Outcome.PASS)]
)
def test_the_project_has_a_floor(covered: int, outcome: Outcome) -> None:
    """A floor that somebody wrote down would hold nothing."""
    verdict = judge(project(covered, 100), project=ProjectRule(Fraction(60)))
    assert result_of(verdict, "project").outcome is outcome
    assert verdict.outcome is outcome


def test_the_floor_says_how_many_lines_are_missing() -> None:
    """Nobody would know how far it is."""
    result = result_of(judge(project(57, 100), project=ProjectRule(Fraction(60))), "project")
    assert result.headline == "project has 57.00 %, 60 % is needed: cover 3 more lines"


def test_a_target_is_an_aim_and_judges_nothing() -> None:
    """Writing down where one wants to be next year would block everybody today."""
    aimed = judge(project(57, 100), project=ProjectRule(target=Fraction(90)))
    assert result_of(aimed, "project").outcome is Outcome.NEUTRAL
    assert "33.00 points short of its target of 90 %" in result_of(aimed, "project").summary
    both = judge(project(57, 100), project=ProjectRule(Fraction(50), Fraction(90)))
    assert result_of(both, "project").outcome is Outcome.PASS
    assert result_of(both, "project").required == "≥ 50 %, target 90 %"


@given(
    st.fractions(0, 100),
    st.fractions(0, 5),
    st.integers(0, 50),
    st.integers(0, 50),
)
@settings(deadline=None, max_examples=60)
def test_the_ratchet_holds_the_highest_mark_exactly(
    minimum: Fraction, tolerance: Fraction, best: int, head: int
) -> None:
    """Coverage would sink by a hair with every pull request."""
    rule = ProjectRule(minimum, ratchet=True, tolerance=tolerance)
    verdict = judge(project(head, 50), project=rule, best=Ratio(best, 50))
    floor = max(minimum, 2 * best - tolerance)
    expected = Outcome.PASS if 2 * head >= floor else Outcome.FAIL
    assert result_of(verdict, "project").outcome is expected


def test_a_ratchet_without_a_mark_waits_for_one() -> None:
    """The first pull request of a repository would be blocked by nothing at all."""
    result = result_of(judge(project(1, 2), project=ProjectRule(ratchet=True)), "project")
    assert result.outcome is Outcome.NEUTRAL
    assert "no report of the base branch was recorded" in result.summary


@pytest.mark.parametrize("doubt", ["run_failed", "incomplete"])
def test_totals_of_a_part_of_the_tests_are_not_judged(doubt: str) -> None:
    """A suite that stopped half-way would fail every floor there is."""
    verdict = judge(
        project(1, 100),
        project=ProjectRule(Fraction(60)),
        packages=(Package("all", ("**",), Fraction(60)),),
        critical=(CriticalPath("all", ("**",), Fraction(60)),),
        **{doubt: True},
    )
    assert {result.outcome for result in verdict.results} == {Outcome.NEUTRAL}


BRANCHED = Report.of(
    [
        FileCoverage(
            "a.py",
            bitmap([1, 2, 3]),
            bitmap([1, 2, 3]),
            bitmap([2, 3]),
            (BranchLine(2, 1, 2), BranchLine(3, 1, 4)),
            (Function(1, "one", 3), Function(2, "two", 0), Function(3, "three", 1)),
        )
    ]
)
NEW_LINE = Diff.of([FileDiff("a.py", "a.py", bitmap([2]), 0, "modified")])


def test_branches_are_counted_over_all_and_on_new_lines() -> None:
    """A gate on branches would judge lines."""
    rule = BranchesRule(Fraction(34), Fraction(50))
    verdict = judge(BRANCHED, NEW_LINE, branches=rule)
    everywhere, new = (result_of(verdict, name) for name in ("branches", "branches of new code"))
    assert everywhere.outcome is Outcome.FAIL
    assert everywhere.actual == "2 of 6 branches, 33.33 %"
    assert everywhere.summary == "33.33 %, 34 % is needed: take 1 more branch"
    assert (new.outcome, new.actual) == (Outcome.PASS, "1 of 2 branches, 50.00 %")


def test_reports_without_branches_or_functions_are_not_judged_by_them() -> None:
    """A format that tells of none would fail, or pass, for that alone."""
    verdict = judge(
        project(1, 1), branches=BranchesRule(Fraction(1), Fraction(1)),
        functions=FunctionsRule(Fraction(1)),
    )  # fmt: skip
    results = [result_of(verdict, name) for name in ("branches", "functions")]
    assert {result.outcome for result in results} == {Outcome.NEUTRAL}
    assert results[0].summary == "the reports tell of no branch"


def test_functions_have_a_floor() -> None:
    """Functions that nothing calls would not count."""
    failed = judge(BRANCHED, functions=FunctionsRule(Fraction(67)))
    assert result_of(failed, "functions").actual == "2 of 3 functions, 66.66 %"
    assert failed.outcome is Outcome.FAIL
    assert judge(BRANCHED, functions=FunctionsRule(Fraction(66))).outcome is Outcome.PASS


def test_each_package_is_held_to_its_own_floor() -> None:
    """A weak package would hide behind a strong one."""
    report = of_file("core/a.py", "1110").merge(of_file("web/b.py", "10"))
    core, web = Package("core", ("core/**",), Fraction(75)), Package("web", ("web/",), Fraction(51))
    verdict = judge(report, packages=(core, web))
    assert result_of(verdict, "package", "core").outcome is Outcome.PASS
    assert result_of(verdict, "package", "web").outcome is Outcome.FAIL
    assert [result.name for result in verdict.results[2:]] == ["package/core", "package/web"]
    assert verdict.outcome is Outcome.FAIL


def test_a_package_without_a_threshold_is_only_a_name() -> None:
    """Naming a folder would add a row that says nothing."""
    assert len(judge(project(1, 1), packages=(Package("all", ("**",)),)).results) == 2


def test_a_package_may_be_judged_by_one_flag() -> None:
    """A package that must have integration tests would pass by its unit tests."""
    whole, integration = of_file("core/a.py", "1111"), of_file("core/a.py", "1000")
    package = Package("core", ("core/**",), Fraction(50), flag="integration")
    failed = judge(whole, packages=(package,))
    assert result_of(failed, "package", "core").summary == "no report of its flag was read"
    inputs = replace(failed.evidence.inputs, flags={"integration": integration})
    assert result_of(analyze(inputs), "package", "core").outcome is Outcome.FAIL


def test_blocking_false_makes_any_of_them_advice() -> None:
    """A team could not try a rule before it enforces it."""
    verdict = judge(
        BRANCHED,
        project=ProjectRule(Fraction(100), blocking=False),
        branches=BranchesRule(Fraction(100), blocking=False),
        functions=FunctionsRule(Fraction(100), blocking=False),
        critical=(CriticalPath("all", ("**",), Fraction(100), blocking=False),),
    )
    assert verdict.outcome is Outcome.PASS
    failed = [result for result in verdict.results if result.outcome is Outcome.FAIL]
    assert [result.gate for result in failed] == ["branches", "functions"]


def critical(before: str, after: str, diff: Diff = EMPTY_DIFF, **baseline: object) -> GateResult:
    base = Baseline(BASE, 0, of_file("pay/a.py", before), **baseline)
    verdict = judge(
        of_file("pay/a.py", after), diff, baseline=base, critical=(CriticalPath("pay", PAY),)
    )
    return result_of(verdict, "critical", "pay")


def test_a_critical_path_may_not_fall_by_a_hair() -> None:
    """The allowed two points would eat the code that handles money."""
    assert critical("1110", "1110").outcome is Outcome.PASS
    assert critical("1110", "1111").outcome is Outcome.PASS
    fallen = critical("1" * 999 + "0", "1" * 999 + "00")
    assert (fallen.outcome, fallen.summary) == (
        Outcome.FAIL,
        "fell from 99.90 % to 99.80 %",
    )


def test_a_lost_line_is_not_made_up_for_by_new_ones() -> None:
    """A test could be deleted as long as somebody adds well covered code."""
    added = Diff.of([FileDiff("pay/a.py", "pay/a.py", bitmap([1, 2, 3]), 0, "modified")])
    result = critical("110", "111" + "100", added)
    assert result.outcome is Outcome.FAIL
    assert result.summary == "1 line was covered and is not any more: pay/a.py 5"
    assert result.places == (("pay/a.py", bitmap([5])),)


def test_lines_move_with_what_is_inserted_above() -> None:
    """Every insertion above would look like lost lines."""
    added = Diff.of([FileDiff("pay/a.py", "pay/a.py", bitmap([1, 2]), 0, "modified")])
    assert critical("1101", "11" + "1101", added).outcome is Outcome.PASS


def test_a_renamed_file_stays_the_same_file() -> None:
    """Moving a file out of sight would make its lost lines good."""
    moved = Diff.of([FileDiff("pay/b.py", "pay/a.py", 0, 0, "renamed")])
    base = Baseline(BASE, 0, of_file("pay/a.py", "11"))
    paths = (CriticalPath("pay", PAY),)
    kept = judge(of_file("pay/b.py", "11"), moved, baseline=base, critical=paths)
    lost = judge(of_file("pay/b.py", "10"), moved, baseline=base, critical=paths)
    assert result_of(kept, "critical", "pay").outcome is Outcome.PASS
    assert result_of(lost, "critical", "pay").places == (("pay/b.py", bitmap([2])),)


def test_a_critical_file_that_vanishes_from_the_reports_is_lost() -> None:
    """Not running its tests at all would be the way round the gate."""
    base = Baseline(BASE, 0, of_file("pay/a.py", "11").merge(of_file("pay/b.py", "1")))
    verdict = judge(of_file("pay/b.py", "1"), baseline=base, critical=(CriticalPath("pay", PAY),))
    assert result_of(verdict, "critical", "pay").places == (("pay/a.py", bitmap([1, 2])),)
    removed = Diff.of([FileDiff("pay/a.py", "pay/a.py", 0, bitmap([1, 2]), "removed")])
    verdict = judge(
        of_file("pay/b.py", "1"), removed, baseline=base, critical=(CriticalPath("pay", PAY),)
    )
    assert result_of(verdict, "critical", "pay").outcome is Outcome.PASS


def test_of_an_older_baseline_only_the_ratio_is_known() -> None:
    """Lines would be called lost because nobody knows where they are now."""
    assert critical("110", "011", since=None).outcome is Outcome.PASS
    assert critical("110", "011").outcome is Outcome.FAIL
    assert critical("110", "010", since=None).outcome is Outcome.FAIL


def test_without_a_baseline_a_critical_path_has_its_minimum_alone() -> None:
    """A new repository would be blocked, or its written minimum be ignored."""
    report = of_file("pay/a.py", "10")
    plain = judge(report, critical=(CriticalPath("pay", PAY),), no_baseline="none yet")
    assert result_of(plain, "critical", "pay").summary == "none yet"
    floored = judge(report, critical=(CriticalPath("pay", PAY, Fraction(51)),))
    result = result_of(floored, "critical", "pay")
    assert (result.outcome, result.required) == (Outcome.FAIL, "≥ 51 %, may not fall")


def test_a_flag_is_judged_by_its_own_reports() -> None:
    """Unit tests could rot as long as slow ones reach the same lines."""
    whole, diff = draw("a.py\n+ 10 x hit\n 10 x hit")
    unit, _ = draw("a.py\n+ 5 x hit\n+ 5 x miss\n 10 x hit")
    rules = FlagRules(
        "unit",
        project=ProjectRule(Fraction(75)),
        new_code=NewCodeRule(Fraction(51)),
        regression=RegressionRule(Fraction(0)),
    )
    baseline = Baseline(BASE, 0, project(1, 1), {"unit": project(8, 10)})
    sources = (ReportSource("cov", flag="unit"),)
    inputs = Inputs(
        whole,
        diff,
        replace(DEFAULT_CONFIG, flags=(rules,), reports=sources),
        baseline,
        flags={"unit": unit},
    )
    verdict = analyze(inputs)
    judged = {result.name: (result.outcome, result.actual) for result in verdict.results}
    assert judged["new_code"] == (Outcome.PASS, "10 of 10 lines, 100.00 %")
    assert judged["new_code/unit"] == (Outcome.FAIL, "5 of 10 lines, 50.00 %")
    assert judged["regression/unit"][0] is Outcome.FAIL
    assert judged["project/unit"] == (Outcome.PASS, "15 of 20 lines, 75.00 %")
    assert result_of(verdict, "new code", "unit").headline.startswith("unit tests: new code is")


def test_a_flag_without_a_report_is_not_judged_and_says_so() -> None:
    """A suite that was skipped would read as one that covers nothing."""
    rules = FlagRules(
        "e2e", ProjectRule(Fraction(50)), NewCodeRule(), functions=FunctionsRule(Fraction(1))
    )
    verdict = judge(project(1, 1))
    config = replace(verdict.evidence.config, flags=(rules,))
    verdict = analyze(replace(verdict.evidence.inputs, config=config))
    own = [result for result in verdict.results if result.subject == "e2e"]
    assert [result.name for result in own] == ["new_code/e2e", "project/e2e", "functions/e2e"]
    assert {(result.outcome, result.summary) for result in own} == {
        (Outcome.NEUTRAL, "no report of its flag was read")
    }
