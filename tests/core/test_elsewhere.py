"""Lines outside the diff that flipped, each with its cause."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.core.reports import reports
from worker.core.diff import EMPTY_DIFF, Diff, FileDiff
from worker.core.elsewhere import Cause, CauseKind, Elsewhere, Side, compare_sides
from worker.core.elsewhere.suites import compare_tests, normal_name
from worker.core.flapping import NO_FLAPPING, Flapping, shape_of
from worker.core.junit import Outcome, TestCase, TestRun
from worker.core.model import FileCoverage, Function, Report, bitmap
from worker.core.numbers import Ratio

LINES = bitmap(range(1, 11))


def report(hit: list[int], **changes: object) -> Report:
    """Return a report of a file of ten lines."""
    path = str(changes.pop("path", "a.py"))
    file = FileCoverage(path, LINES, bitmap(hit))
    return Report.of([replace_file(file, **changes)])


def replace_file(file: FileCoverage, **changes: object) -> FileCoverage:
    return FileCoverage(**{name: getattr(file, name) for name in file.__struct_fields__} | changes)


def suite(**outcomes: Outcome) -> TestRun:
    cases = [
        TestCase(f"tests.test_a::{name}", name, "tests.test_a", "", None, outcome)
        for name, outcome in sorted(outcomes.items())
    ]
    return TestRun(tuple(cases))


def compare(
    before: Side, after: Side, diff: Diff = EMPTY_DIFF, flapping: Flapping = NO_FLAPPING
) -> Elsewhere:
    return compare_sides(before, after, since=EMPTY_DIFF, diff=diff, flapping=flapping)


def causes(elsewhere: Elsewhere) -> tuple[Cause, ...]:
    (file,) = elsewhere.files
    return file.causes


def test_a_line_that_lost_its_coverage_is_found_below_an_insertion() -> None:
    """A test that no longer reaches old code would go unnoticed, or be seen a line off."""
    diff = Diff.of([FileDiff("b.py", "a.py", bitmap([1, 2]), 0, "renamed")])
    moved = FileCoverage("b.py", bitmap(range(1, 13)), bitmap([3, 4, 12]))
    found = compare(Side(report([1, 2, 5])), Side(Report.of([moved])), diff)
    (file,) = found.files
    assert (file.path, file.lost, file.gained) == ("b.py", bitmap([7]), bitmap([12]))
    assert file.unexplained == file.lost
    assert (found.lost, found.gained, found.causes) == (1, 1, ())


def test_changed_lines_are_not_elsewhere() -> None:
    """New code would be complained about twice."""
    diff = Diff.of([FileDiff("a.py", "a.py", bitmap([5]), bitmap([5]), "modified")])
    assert not compare(Side(report([5])), Side(report([])), diff).files


def test_a_skipped_test_is_the_cause() -> None:
    """The reader would look for what happened in the code, where nothing did."""
    before = Side(report([1, 2]), tests=suite(test_x="passed", test_y="passed"))
    after = Side(report([1]), tests=suite(test_x="passed", test_y="skipped"))
    expected = Cause(CauseKind.TEST_SKIPPED, ("tests.test_a::test_y",), bitmap([2]), certain=False)
    assert causes(compare(before, after)) == (expected,)


def test_a_tests_own_context_makes_it_certain_and_leaves_others_alone() -> None:
    """Every changed test would be suspected of every lost line."""
    contexts = (
        ("tests/test_a.py::test_x|run", bitmap([1, 2])),
        ("tests/test_a.py::test_y|run", bitmap([3])),
    )
    before = Side(
        report([1, 2, 3], contexts=contexts), tests=suite(test_x="passed", test_y="passed")
    )
    after = Side(report([1]), tests=suite(test_x="passed", test_z="passed", test_y="failed"))
    assert causes(compare(before, after)) == (
        Cause(CauseKind.TEST_FAILED, ("tests.test_a::test_y",), bitmap([3]), certain=True),
    )


def test_a_context_that_is_gone_is_a_removed_test_without_any_test_report() -> None:
    """Teams that upload coverage alone would get no cause."""
    before = Side(report([1, 2], contexts=(("test_x", bitmap([1])), ("test_y", bitmap([2])))))
    after = Side(report([1], contexts=(("test_x", bitmap([1])),)))
    expected = Cause(CauseKind.TEST_REMOVED, ("test_y",), bitmap([2]), certain=True)
    assert causes(compare(before, after)) == (expected,)


def test_a_line_whose_tests_also_ran_a_deleted_line_was_reached_through_it() -> None:
    """Dead code left behind by a deletion would be a riddle."""
    diff = Diff.of([FileDiff("b.py", "b.py", 0, bitmap([4]), "modified")])
    one = FileCoverage("a.py", LINES, bitmap([1, 2]), contexts=(("t", bitmap([1, 2])),))
    two = FileCoverage("b.py", LINES, bitmap([4]), contexts=(("t", bitmap([4])),))
    now = FileCoverage("a.py", LINES, bitmap([1]), contexts=(("t", bitmap([1])),))
    found = compare(Side(Report.of([one, two])), Side(Report.of([now])), diff)
    assert causes(found) == (Cause(CauseKind.DELETED_LINE, (), bitmap([2]), certain=True),)
    assert found.removed == Ratio(1, 1)
    assert found.vanished == ("b.py",)


def test_a_function_that_is_no_longer_entered_may_have_lost_its_caller() -> None:
    """Reports without contexts would never explain an orphaned function."""
    functions = (Function(2, "helper", 1, 4),)
    after = Side(report([1], functions=(Function(2, "helper", 0, 4),)))
    diff = Diff.of([FileDiff("a.py", "a.py", bitmap([9]), bitmap([9]), "modified")])
    before = Side(report([1, 2, 3, 8, 9], functions=functions))
    (file,) = compare(before, after, diff).files
    assert file.causes == (Cause(CauseKind.DELETED_LINE, (), bitmap([2, 3]), certain=False),)
    assert file.unexplained == bitmap([8])


def test_a_missing_flag_explains_the_lines_that_it_had_covered() -> None:
    """A suite that did not run would look like tests that got worse."""
    flags = {"unit": report([1]), "e2e": report([2, 3])}
    before = Side(report([1, 2, 3, 4]), flags)
    after = Side(report([1]), {"unit": report([1])})
    (file,) = compare(before, after).files
    expected = Cause(CauseKind.FLAG_MISSING, ("e2e",), bitmap([2, 3]), certain=True)
    assert file.causes == (expected,)
    assert file.unexplained == bitmap([4])


def test_a_missing_shard_may_explain_the_rest() -> None:
    """One of three shards that uploaded nothing would be read as lost coverage."""
    before = Side(report([1, 2]), artifacts=("coverage-1", "coverage-2"))
    after = Side(report([1]), artifacts=("coverage-2",))
    expected = Cause(CauseKind.REPORT_MISSING, ("coverage-1",), bitmap([2]), certain=False)
    assert causes(compare(before, after)) == (expected,)


def test_artifacts_that_are_called_differently_each_time_tell_nothing() -> None:
    """Names with a commit's id in them would make every run a partial one."""
    assert (
        Side(report([1]), artifacts=("cov-b",)).lacks(Side(report([1]), artifacts=("cov-a",))) == ()
    )
    assert Side(report([1])).lacks(Side(report([1]), artifacts=("cov-a",))) == ()


def test_known_flapping_lines_are_marked_where_they_are_now() -> None:
    """Chance would be explained by whatever else changed."""
    base = report([1, 2, 3])
    known = Flapping.of([("a.py", shape_of(base.files["a.py"]), bitmap([2, 3, 9]))])
    diff = Diff.of([FileDiff("a.py", "a.py", bitmap([1]), 0, "modified")])
    now = Report.of([FileCoverage("a.py", bitmap(range(1, 12)), bitmap([2, 10]))])
    found = compare(Side(base), Side(now), diff, known)
    (file,) = found.files
    assert (file.lost, file.gained, file.flapping) == (
        bitmap([3, 4]),
        bitmap([10]),
        bitmap([3, 4, 10]),
    )
    assert found.noise == 1
    assert file.causes[0].kind is CauseKind.FLAPPING
    assert file.unexplained == 0


def test_gained_lines_have_causes_too() -> None:
    """Coverage that comes with a new test would look like chance."""
    before = Side(report([1]), {"unit": report([1])}, suite(test_x="passed"))
    after = Side(
        report([1, 2, 3]),
        {"unit": report([1, 2]), "e2e": report([3])},
        suite(test_x="passed", test_y="passed"),
    )
    assert causes(compare(before, after)) == (
        Cause(CauseKind.FLAG_ADDED, ("e2e",), bitmap([3]), certain=True),
        Cause(CauseKind.TEST_ADDED, ("tests.test_a::test_y",), bitmap([2]), certain=False),
    )


def test_unknown_changes_since_the_baseline_are_not_guessed_over() -> None:
    """Lines would be compared with other lines of an older commit."""
    sides = Side(report([1])), Side(report([]))
    found = compare_sides(*sides, since=None, diff=EMPTY_DIFF, flapping=NO_FLAPPING)
    assert not found.comparable
    assert not found.files


def test_renamed_removed_and_restored_tests_are_told_apart() -> None:
    """A rename would be listed as a loss, and a loss be missed among renames."""
    before = suite(
        test_natural_day="passed", test_gone="passed", test_off="skipped", test_same="passed"
    )
    after = suite(
        test_natural_days="passed",
        test_completely_else="passed",
        test_off="passed",
        test_same="passed",
    )
    found = {
        (change.kind, change.name.rpartition("::")[2]) for change in compare_tests(before, after)
    }
    assert found == {
        (CauseKind.TEST_RENAMED, "test_natural_days"),
        (CauseKind.TEST_REMOVED, "test_gone"),
        (CauseKind.TEST_ADDED, "test_completely_else"),
        (CauseKind.TEST_RESTORED, "test_off"),
    }
    assert compare_tests(before, TestRun()) == ()


def test_contexts_and_test_reports_name_the_same_test() -> None:
    """No context would ever be found among the tests."""
    names = (
        "tests/test_a.py::TestB::test_x[a/b.py]|run",
        "tests.test_a::TestB::test_x[a/b.py]",
        "tests.test_a.TestB.test_x[a/b.py]",
    )
    assert {normal_name(name) for name in names} == {"tests.test_a.TestB.test_x[a/b.py]"}


@given(reports(), reports(), st.booleans())
def test_flips_are_what_a_line_by_line_comparison_finds(
    one: Report, two: Report, renamed: bool
) -> None:
    """A flip would be missed, or invented."""
    diff = EMPTY_DIFF
    if renamed and "a.py" in one.files:
        diff = Diff.of([FileDiff("new.py", "a.py", 0, 0, "renamed")])
        two = Report.of(f.moved_to("new.py") if f.path == "a.py" else f for f in two)
    found = compare(Side(one), Side(two), diff)
    flips = {
        (file.path, line, bool(file.hit >> line & 1))
        for file in two
        for line in range(1, 80)
        if (was := one.files.get("a.py" if renamed and file.path == "new.py" else file.path))
        and was.measured >> line & 1
        and file.measured >> line & 1
        and (was.hit ^ file.hit) >> line & 1
    }
    expected = {(p, n, g) for p, n, g in flips}
    actual = {
        (file.path, line, bool(file.gained >> line & 1))
        for file in found.files
        for line in range(1, 80)
        if (file.lost | file.gained) >> line & 1
    }
    assert actual == expected
    assert all(cause.lines & ~(f.lost | f.gained) == 0 for f in found.files for cause in f.causes)
