"""Where lines go when a file changes, against a naive model and against difflib."""

from __future__ import annotations

from difflib import SequenceMatcher

from hypothesis import example, given
from hypothesis import strategies as st

from tests.core.reports import reports
from worker.core.diff import Diff, FileDiff, LineMap, carry_report
from worker.core.model import FileCoverage, Function, Report, bitmap, branch_line, line_numbers

numbers = st.sets(st.integers(1, 60), max_size=40)


def changed(removed: int, added: int, path: str = "a.py", old: str | None = "a.py") -> FileDiff:
    status = "modified" if path == old else "renamed"
    return FileDiff(path, old, added, removed, status)


def naive(removed: set[int], added: set[int], line: int) -> int | None:
    """Return the k-th kept new line for the k-th kept old line, counted one by one."""
    if line in removed:
        return None
    kept = sum(number not in removed for number in range(1, line + 1))
    new = 0
    while kept:
        new += 1
        kept -= new not in added
    return new


@given(numbers, numbers, numbers)
@example(set(range(1, 60, 2)), set(), set(range(1, 61)))  # many runs are moved otherwise than few
def test_lines_go_where_counting_them_one_by_one_puts_them(
    removed: set[int], added: set[int], lines: set[int]
) -> None:
    """Coverage would be compared with that of a neighbouring line."""
    lines_of = LineMap.of(changed(bitmap(removed), bitmap(added)))
    expected = {line: naive(removed, added, line) for line in lines}
    assert {line: lines_of.line(line) for line in lines} == expected
    kept = {line for line in expected.values() if line is not None}
    assert line_numbers(lines_of.bitmap(bitmap(lines))) == sorted(kept)


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_a_kept_line_has_the_same_text_after_the_change(old: list[str], new: list[str]) -> None:
    """A line would be called uncovered that the change never touched."""
    removed, added = bitmap(range(1, len(old) + 1)), bitmap(range(1, len(new) + 1))
    for kind, start, end, to, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            removed &= ~bitmap(range(start + 1, end + 1))
            added &= ~bitmap(range(to + 1, to + end - start + 1))
    lines = LineMap.of(changed(removed, added))
    for number, text in enumerate(old, start=1):
        now = lines.line(number)
        assert (now is None) == bool(removed >> number & 1)
        assert now is None or new[now - 1] == text


@given(reports())
def test_nothing_changed_moves_nothing(report: Report) -> None:
    """An untouched file's coverage would seem to flip."""
    files = [FileDiff(file.path, file.path, 0, 0, "changed") for file in report]
    assert carry_report(report, Diff.of(files)) == report
    assert carry_report(report, Diff()) == report


def test_many_hunks_take_no_longer_than_few() -> None:
    """A generated file with a hunk on every other line would stop the worker."""
    every_other = bitmap(range(1, 1_000_000, 2))
    lines = LineMap.of(changed(every_other, 0))
    assert lines.bitmap(bitmap(range(2, 1_000_000, 2))).bit_count() == 499_999
    assert lines.line(1_000_000) == 500_000


def test_a_report_moves_with_a_renamed_and_edited_file() -> None:
    """A rename would read as all of a file's coverage lost and another's gained."""
    file = FileCoverage(
        "old.py",
        bitmap([1, 2, 3, 4]),
        bitmap([1, 2, 3]),
        bitmap([3]),
        (branch_line(2, 1, 2), branch_line(3, 1, 2)),
        (Function(1, "f", 1, 4), Function(2, "gone", 1, 3)),
        (("t", bitmap([2])), ("u", bitmap([3]))),
    )
    change = FileDiff("new.py", "old.py", bitmap([1, 5]), bitmap([2]), "renamed")
    moved = carry_report(Report.of([file]), Diff.of([change]))
    (carried,) = moved
    assert carried == FileCoverage(
        "new.py",
        bitmap([2, 3, 4]),
        bitmap([2, 3]),
        bitmap([3]),
        (branch_line(3, 1, 2),),
        (Function(2, "f", 1, 4),),
        (("u", bitmap([3])),),
    )


def test_what_is_removed_or_not_told_is_left_out_and_copies_are_new() -> None:
    """Lines would be compared that are not there, or not where they are believed to be."""
    files = [FileCoverage(path, bitmap([1]), bitmap([1])) for path in ("gone", "dark", "kept")]
    diff = Diff.of(
        [
            FileDiff("gone", "gone", 0, 2, "removed"),
            FileDiff("dark", "dark", 0, 0, "modified", complete=False),
            FileDiff("copy", "kept", 0, 0, "copied"),
        ]
    )
    assert list(carry_report(Report.of(files), diff).files) == ["kept"]
