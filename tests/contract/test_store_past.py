"""One suite for every store: points, snapshots, pushes and flaky tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.stores import ROCKETS
from worker.core.errors import CovgateError
from worker.core.flaky import FAILED, PASSED
from worker.core.refs import Sha
from worker.ports import FlakyRecord, PointRecord, PushRecord, SnapshotRecord, SuiteRecord

if TYPE_CHECKING:
    from worker.ports import Store

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
A, B, C = Sha("a" * 40), Sha("b" * 40), Sha("c" * 40)
POINT = PointRecord(70, "main", A, NOON, 81, 100, '{"tests":7}')
SNAPSHOT = SnapshotRecord(70, "main", A, NOON, b"whole\0\xff")
PUSH = PushRecord(70, A, NOON, ("a.py", "src/naïve.py"))
SUITE = SuiteRecord(70, A, "coverage unit", {"x::test_a": FAILED, "x::test_b": PASSED}, NOON)


def test_the_newest_points_of_a_branch_come_back_the_oldest_first(known: Store) -> None:
    """A trend would run backwards, or show another branch's."""
    points = [
        replace(POINT, commit=commit, recorded_at=NOON + at * DAY)
        for at, commit in enumerate((C, A, B))
    ]
    for point in reversed(points):
        known.record_point(point)
    known.record_point(replace(POINT, branch="next"))
    known.record_point(replace(POINT, repository_id=71))
    assert known.points(70, "main", most=400) == tuple(points)
    assert known.points(70, "main", most=2) == tuple(points[1:])
    assert known.points(70, "other", most=400) == ()
    known.record_point(replace(points[0], covered=82))
    assert known.points(70, "main", most=400)[0].covered == 82


def test_points_are_kept_for_three_years(known: Store) -> None:
    """The past would fill the disk, or end before a year can be compared with the last."""
    known.record_point(POINT)
    known.record_point(replace(POINT, commit=B, recorded_at=NOON + 3 * 365 * DAY))
    assert [point.commit for point in known.points(70, "main", most=9)] == [A, B]
    known.record_point(replace(POINT, commit=C, recorded_at=NOON + 1_100 * DAY))
    assert [point.commit for point in known.points(70, "main", most=9)] == [B, C]


def test_the_newest_snapshot_of_a_branch_is_kept(known: Store) -> None:
    """The dashboard would show an analysis of long ago, or of another branch."""
    assert known.snapshot(70, "main") is None
    known.record_snapshot(SNAPSHOT)
    later = replace(SNAPSHOT, commit=B, recorded_at=NOON + DAY, data=b"2")
    known.record_snapshot(later)
    known.record_snapshot(replace(SNAPSHOT, branch="next"))
    assert known.snapshot(70, "main") == later
    assert known.snapshot(71, "main") is None


def test_a_file_counts_once_for_each_push_of_the_last_ninety_days(known: Store) -> None:
    """A file that nobody touched for a year would be called busy, or a busy one calm."""
    assert known.churn(70, NOON) is None
    known.record_push(PUSH)
    known.record_push(PUSH)
    known.record_push(replace(PUSH, commit=B, recorded_at=NOON + DAY, paths=("a.py",)))
    known.record_push(replace(PUSH, repository_id=71, commit=C))
    assert known.churn(70, NOON) == {"a.py": 2, "src/naïve.py": 1}
    assert known.churn(70, NOON + DAY) == {"a.py": 1}
    assert known.churn(70, NOON + 2 * DAY) == {}
    known.record_push(replace(PUSH, commit=C, recorded_at=NOON + 92 * DAY, paths=()))
    assert known.churn(70, NOON) == {}


def test_a_pass_and_a_failure_on_the_same_tree_is_a_flake(known: Store) -> None:
    """Nobody would learn which tests can not be trusted."""
    known.note_tests([SUITE])
    assert known.flaky(70) == ()
    again = replace(SUITE, states={"x::test_a": PASSED}, recorded_at=NOON + DAY)
    known.note_tests([again])
    known.note_tests([again])
    known.note_tests([])
    assert known.flaky(70) == (FlakyRecord("x::test_a", 1, 1, NOON + DAY),)
    assert known.flaky(71) == ()


def test_a_failure_on_another_tree_or_of_another_suite_is_none(known: Store) -> None:
    """A test that somebody broke and mended would be called flaky."""
    known.note_tests([SUITE])
    known.note_tests([replace(SUITE, tree=B, states={"x::test_a": PASSED})])
    known.note_tests([replace(SUITE, suite="coverage windows", states={"x::test_a": PASSED})])
    known.note_tests([replace(SUITE, repository_id=71, states={"x::test_a": PASSED})])
    assert known.flaky(70) == known.flaky(71) == ()


def test_the_rate_is_of_the_trees_on_which_the_suite_ran(known: Store) -> None:
    """A test that fails once in a hundred would look as bad as one that fails every time."""
    both = {"x::test_a": PASSED | FAILED}
    known.note_tests([replace(SUITE, states=both), replace(SUITE, tree=B, states=both)])
    known.note_tests([replace(SUITE, tree=C, states={})])
    known.note_tests([replace(SUITE, tree=Sha("d" * 40), suite="other")])
    assert known.flaky(70) == (FlakyRecord("x::test_a", 3, 2, NOON),)


def test_flakes_are_forgotten_after_a_quarter(known: Store) -> None:
    """A mended test would be forgiven for ever."""
    known.note_tests([replace(SUITE, states={"old": PASSED | FAILED})])
    known.note_tests([replace(SUITE, tree=B, recorded_at=NOON + 91 * DAY)])
    assert known.flaky(70) == ()


def test_what_is_compared_with_is_kept_for_a_month(known: Store) -> None:
    """The names of all tests, for every tree there ever was, would fill the disk."""
    known.note_tests([SUITE])
    known.note_tests([replace(SUITE, tree=B, recorded_at=NOON + 31 * DAY)])
    known.note_tests([replace(SUITE, states={"x::test_a": PASSED}, recorded_at=NOON + 32 * DAY)])
    assert known.flaky(70) == ()


def test_a_mended_test_is_cleared_until_it_flakes_again(known: Store) -> None:
    """Whoever mended a test would see it accused for three more months."""
    both = {"x::test_a": PASSED | FAILED, "naïve \0 数": PASSED | FAILED}
    known.note_tests([replace(SUITE, states=both), replace(SUITE, tree=B, states=both)])
    assert known.clear_flaky(70, "x::test_a") == 2
    assert known.clear_flaky(70, "x::test_a") == 0
    known.note_tests([replace(SUITE, states=both)])
    assert [flaky.test for flaky in known.flaky(70)] == ["naïve \ufffd 数"]
    known.note_tests([replace(SUITE, tree=C, states=both)])
    assert [flaky.test for flaky in known.flaky(70)] == ["naïve \ufffd 数", "x::test_a"]


def test_no_past_outlives_its_repository(known: Store) -> None:
    """Data of people who removed Covgate would stay."""
    records = (
        lambda: known.record_point(POINT),
        lambda: known.record_snapshot(SNAPSHOT),
        lambda: known.record_push(PUSH),
        lambda: known.note_tests([replace(SUITE, states={"t": PASSED | FAILED})]),
    )
    for record in records:
        record()
    known.forget(7, 70)
    known.remember_repository(ROCKETS)
    assert known.points(70, "main", most=9) == ()
    assert known.snapshot(70, "main") is None
    assert known.churn(70, NOON) is None
    assert known.flaky(70) == ()
    known.forget(7, 70)
    for record in records:
        with pytest.raises(CovgateError, match="remember_repository"):
            record()
