"""One suite for every store: the fake that flows are tested with, SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations

import pytest

from tests.support.stores import ROCKETS
from worker.core.errors import CovgateError
from worker.core.habits import Outcome
from worker.core.numbers import Ratio
from worker.core.refs import Repository, Sha
from worker.ports import (
    BaselineRecord,
    FlappingRecord,
    ObservationRecord,
    OverrideRecord,
    Store,
    VerdictRecord,
)

NOON = datetime(2030, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
A, B, C = Sha("a" * 40), Sha("b" * 40), Sha("c" * 40)
BASELINE = BaselineRecord(70, A, "main", 81, 100, b"report\0\xff", 1000, 1, NOON)
VERDICT = VerdictRecord(70, 5, A, "success", "60 % of new code", '{"gates": []}', NOON)

OBSERVATION = ObservationRecord(70, A, "suites", b"report\0\xff", 1000, 1, NOON)
FLAPPING = FlappingRecord(70, "src/naïve.py", "f" * 32, 0b1010, NOON)

OVERRIDE = OverrideRecord(70, 3_200_000_001, 0, 5, A, "mira", "the release must go", NOON)


def test_an_empty_store_answers(store: Store) -> None:
    """The first pull request of a fresh installation would fail instead of being judged."""
    store.ping()
    assert store.baseline(70, [A, B]) is None
    assert store.baseline(70, []) is None
    assert not store.has_baseline(70)
    assert store.verdict(70, 5, A) is None
    store.forget(7)


def test_a_message_is_no_report(known: Store) -> None:
    """A repository that once had reports would get the neutral check of one that never had."""
    known.record_verdict(replace(VERDICT, details="{}"))
    assert not known.has_report(70)
    known.record_verdict(VERDICT)
    assert known.has_report(70)
    assert not known.has_report(71)


def test_a_baseline_is_a_report(known: Store) -> None:
    """The same, for a repository whose pull requests were never judged."""
    known.record_baseline(BASELINE)
    assert known.has_report(70)


def test_the_verdicts_on_a_shared_head_are_found_together(known: Store) -> None:
    """A second pull request of the same commit could outvote the first one's failure."""
    known.record_verdict(replace(VERDICT, number=9))
    known.record_verdict(VERDICT)
    known.record_verdict(replace(VERDICT, number=6, head_sha=B))
    assert [verdict.number for verdict in known.verdicts(70, A)] == [5, 9]
    assert known.verdicts(71, A) == ()


def test_a_baseline_comes_back_as_it_was(known: Store) -> None:
    """A report changed on its way through the database would judge by wrong lines."""
    known.record_baseline(BASELINE)
    assert known.baseline(70, [A]) == BASELINE
    assert known.has_baseline(70)
    assert not known.has_baseline(71)


def test_the_nearest_ancestor_with_a_report_wins(known: Store) -> None:
    """A pull request would be compared with an older state of its base than need be."""
    known.record_baseline(replace(BASELINE, commit=C))
    known.record_baseline(replace(BASELINE, commit=B, covered=82))
    nearest = known.baseline(70, [A, B, C])
    assert nearest is not None
    assert (nearest.commit, nearest.covered) == (B, 82)


def test_ancestors_may_be_many(known: Store) -> None:
    """A branch that left its base thousands of commits ago would have no verdict at all."""
    ancestors = [Sha(f"{number:040x}") for number in range(3_000)]
    known.record_baseline(replace(BASELINE, commit=ancestors[1_234]))
    known.record_baseline(replace(BASELINE, commit=ancestors[2_900]))
    found = known.baseline(70, ancestors)
    assert found is not None
    assert found.commit == ancestors[1_234]


def test_a_repository_has_its_own_baselines(known: Store) -> None:
    """A fork with the same commits would be compared with another repository's numbers."""
    known.record_baseline(BASELINE)
    assert known.baseline(71, [A]) is None


@pytest.mark.parametrize(
    ("run", "attempt", "replaced"),
    [(1001, 1, True), (1000, 2, True), (1000, 1, True), (1000, 0, False), (999, 9, False)],
)
def test_an_older_run_never_replaces_a_newer_baseline(
    known: Store, run: int, attempt: int, replaced: bool
) -> None:
    """A late delivery of a first attempt would bring back numbers that were mended since."""
    known.record_baseline(BASELINE)
    known.record_baseline(replace(BASELINE, run_id=run, attempt=attempt, covered=1, report=b"x"))
    kept = known.baseline(70, [A])
    assert kept is not None
    assert kept.covered == (1 if replaced else 81)


def test_any_order_of_runs_leaves_the_newest(known: Store) -> None:
    """The baseline would depend on which delivery GitHub happened to send last."""
    orders = list(permutations([(1, 1), (1, 2), (2, 1), (3, 1)]))
    for number, order in enumerate(orders):
        commit = Sha(f"{number:040x}")
        for run, attempt in order:
            known.record_baseline(replace(BASELINE, commit=commit, run_id=run, attempt=attempt))
        kept = known.baseline(70, [commit])
        assert kept is not None
        assert kept.run_id == 3


def test_numbers_of_githubs_size_fit(known: Store) -> None:
    """Ids beyond 2³¹ are everyday at GitHub; a verdict would fail to be recorded."""
    large = replace(BASELINE, run_id=2**62, attempt=3, covered=5 * 10**9, total=6 * 10**9)
    known.record_baseline(large)
    assert known.baseline(70, [A]) == large
    huge = Repository(2**40, 2**41, "big/id")
    known.remember_repository(huge)
    known.record_verdict(replace(VERDICT, repository_id=2**41))
    assert known.verdict(2**41, 5, A) is not None


def test_a_report_of_megabytes_fits(known: Store) -> None:
    """Large projects are those that need a baseline most."""
    report = bytes(range(256)) * 16_384
    known.record_baseline(replace(BASELINE, report=report))
    found = known.baseline(70, [A])
    assert found is not None
    assert found.report == report


def test_a_verdict_comes_back_and_its_later_one_replaces_it(known: Store) -> None:
    """The history would show a verdict that a recheck has long replaced."""
    known.record_verdict(VERDICT)
    assert known.verdict(70, 5, A) == VERDICT
    later = replace(VERDICT, conclusion="failure", title="59.99 %", details="{}")
    known.record_verdict(later)
    assert known.verdict(70, 5, A) == later
    assert known.verdict(70, 5, B) is None
    assert known.verdict(70, 6, A) is None
    assert known.verdict(71, 5, A) is None


def test_times_come_back_in_utc(known: Store) -> None:
    """The dashboard would be hours off where the server's zone is not UTC."""
    there = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    known.record_verdict(replace(VERDICT, recorded_at=there))
    found = known.verdict(70, 5, A)
    assert found is not None
    assert (found.recorded_at, found.recorded_at.utcoffset()) == (NOON, timedelta(0))


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("naïve 数 🚀", "naïve 数 🚀"),
        ("'; DROP TABLE verdicts; --", "'; DROP TABLE verdicts; --"),
        ("a\0b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
    ],
)
def test_no_text_stops_a_verdict(known: Store, title: str, shown: str) -> None:
    """A file name that a database refuses would make its pull request fail for ever."""
    known.record_verdict(replace(VERDICT, title=title))
    found = known.verdict(70, 5, A)
    assert found is not None
    assert found.title == shown


def test_a_renamed_repository_keeps_its_history(known: Store) -> None:
    """A team that renames its repository would lose every baseline."""
    known.record_baseline(BASELINE)
    known.remember_repository(replace(ROCKETS, full_name="acme/starships"))
    assert known.baseline(70, [A]) == BASELINE


def test_an_uninstalled_app_leaves_nothing(known: Store) -> None:
    """Data of people who removed Covgate would stay; those of others would be lost."""
    for repository_id in (70, 71, 80):
        known.record_baseline(replace(BASELINE, repository_id=repository_id))
        known.record_verdict(replace(VERDICT, repository_id=repository_id))
    known.forget(7)
    for repository_id in (70, 71):
        assert not known.has_baseline(repository_id)
        assert known.verdict(repository_id, 5, A) is None
    assert known.has_baseline(80)
    assert known.verdict(80, 5, A) is not None


def test_a_removed_repository_leaves_its_neighbours(known: Store) -> None:
    """Removing one repository from the App would delete the history of all."""
    for repository_id in (70, 71):
        known.record_baseline(replace(BASELINE, repository_id=repository_id))
    known.forget(7, 70)
    assert not known.has_baseline(70)
    assert known.has_baseline(71)


def test_a_moved_repository_outlives_its_old_installation(known: Store) -> None:
    """A repository moved to another owner would lose its history when the old one leaves."""
    known.record_baseline(BASELINE)
    known.remember_repository(replace(ROCKETS, installation_id=8))
    known.forget(7)
    known.forget(7, 70)
    assert known.has_baseline(70)


def test_nothing_of_a_forgotten_repository_comes_back(known: Store) -> None:
    """A job still running while the App is uninstalled would store data nobody deletes."""
    known.forget(7, 70)
    with pytest.raises(CovgateError, match="remember_repository"):
        known.record_baseline(BASELINE)
    with pytest.raises(CovgateError, match="remember_repository"):
        known.record_verdict(VERDICT)
    assert not known.has_baseline(70)


def test_the_highest_mark_of_a_branch_is_exact_and_its_own(known: Store) -> None:
    """A ratchet would slip, or hold a release branch to what main has."""
    assert known.best(70, "main") is None
    for commit, branch, covered, total in (
        (A, "main", 2, 3),
        (B, "main", 666_666, 1_000_000),
        (C, "release", 9, 10),
        (Sha("d" * 40), "main", 0, 0),
    ):
        known.record_baseline(
            replace(BASELINE, commit=commit, branch=branch, covered=covered, total=total)
        )
    assert known.best(70, "main") == Ratio(2, 3)
    assert known.best(70, "release") == Ratio(9, 10)
    assert known.best(71, "main") is None


def test_the_inputs_of_the_latest_verdict_of_a_pull_request_are_kept(known: Store) -> None:
    """A verdict that somebody doubts could not be made again, or another one would be."""
    assert known.inputs("acme/rockets", 5) is None
    known.record_inputs(70, 5, A, b"first")
    known.record_inputs(70, 6, A, b"another's")
    known.record_inputs(70, 5, B, b"second\0\xff")
    assert known.inputs("Acme/Rockets", 5) == (B, b"second\0\xff")
    assert known.inputs("acme/anvils", 5) is None
    # Another repository has the name now: what the former one's was judged by is not its own.
    known.remember_repository(replace(ROCKETS, id=700))
    assert known.inputs("acme/rockets", 5) is None
    known.forget(7, 700)
    assert known.inputs("acme/rockets", 5) is not None
    known.forget(7, 70)
    assert known.inputs("acme/rockets", 5) is None


def test_a_baselines_flags_and_details_come_back(known: Store) -> None:
    """A suite that did not run would go unnoticed, and no cause be found for lost lines."""
    record = replace(BASELINE, flags={"unit": b"u\0", "e2e": b"\xff"}, details=b"\0d")
    known.record_baseline(record)
    found = known.baseline(70, [A])
    assert found == record


def test_a_newer_runs_flags_replace_the_older_ones_and_never_the_other_way(known: Store) -> None:
    """A flag of a replaced run would stand beside the report of another."""
    known.record_baseline(replace(BASELINE, flags={"unit": b"1", "e2e": b"1"}))
    known.record_baseline(replace(BASELINE, attempt=2, flags={"unit": b"2"}))
    known.record_baseline(replace(BASELINE, attempt=1, flags={"late": b"1"}))
    found = known.baseline(70, [A])
    assert found is not None
    assert found.flags == {"unit": b"2"}


def test_the_nearest_commit_with_a_flag_is_found(known: Store) -> None:
    """A slow suite that runs at night could not be carried forward."""
    known.record_baseline(replace(BASELINE, commit=C, flags={"e2e": b"old"}))
    known.record_baseline(replace(BASELINE, commit=B, flags={"e2e": b"new", "unit": b"u"}))
    known.record_baseline(replace(BASELINE, commit=A, flags={"unit": b"u"}))
    found = known.flag(70, "e2e", [A, B, C])
    assert found is not None
    assert (found.commit, found.flag, found.report, found.recorded_at) == (B, "e2e", b"new", NOON)
    assert known.flag(70, "e2e", [A]) is None
    assert known.flag(70, "e2e", []) is None
    assert known.flag(71, "e2e", [B]) is None


def test_commits_are_found_by_their_tree(known: Store) -> None:
    """After a squash, the report of the very same files would not be found."""
    known.record_tree(70, C, Sha("1" * 40))
    known.record_tree(70, B, Sha("1" * 40))
    known.record_tree(70, B, Sha("1" * 40))
    known.record_tree(70, A, Sha("2" * 40))
    known.record_tree(71, A, Sha("1" * 40))
    found = known.commits_of(70, [Sha("1" * 40), Sha("3" * 40)])
    assert {tree: list(commits) for tree, commits in found.items()} == {Sha("1" * 40): [B, C]}
    assert known.commits_of(70, []) == {}


def test_the_last_observation_of_a_tree_is_kept_for_a_month(known: Store) -> None:
    """Reports of every tree there ever was would fill the disk."""
    known.record_observation(OBSERVATION)
    known.record_observation(replace(OBSERVATION, attempt=2, report=b"again"))
    found = known.observation(70, A)
    assert found == replace(OBSERVATION, attempt=2, report=b"again")
    later = replace(OBSERVATION, tree=B, recorded_at=NOON + timedelta(days=31))
    known.record_observation(later)
    assert known.observation(70, A) is None
    assert known.observation(70, B) == later
    assert known.observation(71, B) is None


def test_what_flaps_adds_up_and_is_forgotten_after_a_quarter(known: Store) -> None:
    """A mended test's lines would be excused for ever, or only the last one be known."""
    other = replace(FLAPPING, path="x" * 5_000)
    known.record_flapping([FLAPPING, other])
    known.record_flapping([replace(FLAPPING, lines=0b100)])
    known.record_flapping([])
    assert known.flapping(70) == (replace(FLAPPING, lines=0b1110), other)
    later = replace(FLAPPING, shape="0" * 32, recorded_at=NOON + timedelta(days=91))
    known.record_flapping([later])
    assert known.flapping(70) == (later,)
    assert known.flapping(71) == ()


def test_nothing_learned_outlives_its_repository(known: Store) -> None:
    """Data of people who removed Covgate would stay."""
    known.record_baseline(replace(BASELINE, flags={"unit": b"u"}))
    known.record_tree(70, A, B)
    known.record_observation(OBSERVATION)
    known.record_flapping([FLAPPING])
    known.forget(7, 70)
    known.remember_repository(ROCKETS)
    assert known.flag(70, "unit", [A]) is None
    assert known.commits_of(70, [B]) == {}
    assert known.observation(70, A) is None
    assert known.flapping(70) == ()
    known.forget(7, 70)
    for record in (
        lambda: known.record_tree(70, A, B),
        lambda: known.record_observation(OBSERVATION),
        lambda: known.record_flapping([FLAPPING]),
    ):
        with pytest.raises(CovgateError, match="remember_repository"):
            record()


def test_an_override_stays_in_the_ledger_with_all_that_is_known_of_it(known: Store) -> None:
    """Nobody could tell any more who let what in, and why."""
    whole = replace(
        OVERRIDE,
        gate="package/core",
        until=NOON + timedelta(days=3),
        tested=B,
        uncovered={"src/naïve.py": 0b1110, "b.py": 1 << 90_000},
        ended_at=NOON + timedelta(hours=1),
        ended_by="@bob",
        ended_comment=3_200_000_009,
        shown_in=9,
    )
    known.record_override(OVERRIDE)
    known.record_override(whole)
    (found,) = known.overrides(70, 5)
    assert replace(found, uncovered=dict(found.uncovered)) == whole
    assert known.overrides(70, 6) == known.overrides(71) == ()


def test_the_ledger_tells_the_oldest_override_first(known: Store) -> None:
    """Two commands of one comment would overwrite one another, or the order be chance."""
    later = replace(OVERRIDE, number=6, comment_id=1, made_at=NOON + timedelta(seconds=1))
    second = replace(OVERRIDE, place=1, reason="a NUL \0 in it")
    elsewhere = replace(OVERRIDE, repository_id=80)
    for record in (elsewhere, later, second, OVERRIDE):
        known.record_override(record)
    assert known.overrides(70) == (OVERRIDE, replace(second, reason="a NUL \ufffd in it"), later)
    assert [name for name, _ in known.ledger()] == [
        "acme/rockets",
        "acme/rockets",
        "other/thing",
        "acme/rockets",
    ]
    assert [name for name, _ in known.ledger("Other/Thing")] == ["other/thing"]
    assert known.ledger("acme/none") == ()


def test_the_ledger_goes_with_its_repository(known: Store) -> None:
    """Names of people who removed Covgate would stay."""
    known.record_override(OVERRIDE)
    known.forget(7, 70)
    known.remember_repository(ROCKETS)
    assert known.overrides(70) == ()
    known.forget(7, 70)
    with pytest.raises(CovgateError, match="remember_repository"):
        known.record_override(OVERRIDE)


def test_what_workflows_left_is_kept_by_branch_and_newest_first(known: Store) -> None:
    """Another branch's habits would decide what a pull request waits for."""
    first = Outcome(5, A, 9, "unit", reported=True, seconds=60, recorded_at=NOON)
    later = replace(first, number=6, recorded_at=NOON + timedelta(hours=1))
    known.record_outcomes(70, "main", "pull", [first, later])
    known.record_outcomes(70, "main", "pull", [replace(first, head_sha=B, reported=False)])
    known.record_outcomes(70, "next", "pull", [first])
    known.record_outcomes(70, "main", "group", [first])
    known.record_outcomes(71, "main", "pull", [first])
    assert known.outcomes(70, "main", "pull") == (
        later,
        replace(first, head_sha=B, reported=False),
    )
    assert known.outcomes(70, "elsewhere", "pull") == ()
    known.record_outcomes(70, "main", "pull", [])
    known.forget(7, 70)
    assert known.outcomes(70, "main", "pull") == ()


def test_what_workflows_left_long_ago_is_dropped(known: Store) -> None:
    """A workflow that was deleted would be waited for until the end of time."""
    old = Outcome(5, A, 9, "gone", reported=True, seconds=60, recorded_at=NOON)
    known.record_outcomes(70, "main", "pull", [old])
    new = replace(old, number=6, recorded_at=NOON + timedelta(days=91))
    known.record_outcomes(70, "main", "pull", [new])
    assert known.outcomes(70, "main", "pull") == (new,)
