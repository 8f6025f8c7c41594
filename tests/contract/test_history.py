"""One suite for what pages ask of every store: the fake, SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from worker.core.refs import Sha
from worker.ports import (
    ConclusionRecord,
    OverrideRecord,
    PointRecord,
    PullRecord,
    VerdictRecord,
)

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
A, B, C = Sha("a" * 40), Sha("b" * 40), Sha("c" * 40)
PULL = PullRecord(70, 5, "Aim\0 higher", "mira", "open", False, "main", A, "https://x/5", NOON)
VERDICT = VerdictRecord(70, 5, A, "success", "60 % of new code", '{"gates": []}', NOON)
OVERRIDE = OverrideRecord(70, 1, 0, 5, A, "mira", "the release must go", NOON)
POINT = PointRecord(70, "main", A, NOON, 1, 2, '{"tests":3}')
HOUR = timedelta(hours=1)


def test_repositories_come_by_name_and_in_portions(known):
    """An installation of thousands would be one page, or its second page begin anywhere."""
    names = [one.full_name for one in known.list_repositories(most=2)]
    assert names == ["acme/anvils", "acme/rockets"]
    (last,) = known.list_repositories(after="ACME/rockets", most=2)
    assert last.full_name == "other/thing"


def test_private_repositories_are_listed_where_they_are_named(known):
    """A list would tell strangers the names of private repositories, or hide one's own."""
    known.remember_repository(replace(known.find_repository("acme/rockets"), private=True))
    shown = [one.full_name for one in known.list_repositories(most=9, private=())]
    assert shown == ["other/thing"]
    shown = [one.full_name for one in known.list_repositories(most=2, private={70, 9})]
    assert shown == ["acme/rockets", "other/thing"]
    assert len(known.list_repositories(most=9)) == 3


def test_a_repository_is_found_by_the_name_it_has_now(known):
    """A link with other capitals would be dead, or lead to a former owner of the name."""
    assert known.find_repository("Acme/Rockets").id == 70
    assert known.find_repository("acme/none") is None
    known.remember_repository(replace(known.find_repository("other/thing"), id=81))
    assert known.find_repository("other/thing").id == 81


def test_open_pull_requests_come_with_what_their_head_ended_with(known):
    """The page would show a former head's verdict, or closed pull requests."""
    for number, state, head in ((5, "open", A), (6, "closed", A), (7, "open", B)):
        known.record_pull(replace(PULL, number=number, state=state, head_sha=head))
        known.record_verdict(replace(VERDICT, number=number, head_sha=A))
    found = known.open_pulls(70, most=9)
    assert [(pull.number, end and end.conclusion) for pull, end in found] == [
        (7, None),
        (5, "success"),
    ]
    assert found[1][0].title == "Aim\ufffd higher"
    assert len(known.open_pulls(70, most=1)) == 1
    assert known.open_pulls(71, most=9) == ()


def test_a_pull_request_is_as_it_was_seen_last(known):
    """A merged one would stay among the open ones for ever."""
    assert known.pull(70, 5) is None
    known.record_pull(PULL)
    known.record_pull(replace(PULL, state="closed", seen_at=NOON + HOUR))
    assert known.pull(70, 5).state == "closed"
    assert known.pull(70, 5).seen_at == NOON + HOUR
    known.forget(7, 70)
    assert known.pull(70, 5) is None


def test_the_newest_conclusions_come_first(known):
    """A reader would take an old verdict for the latest one."""
    known.record_verdict(VERDICT)
    known.record_verdict(replace(VERDICT, head_sha=B, recorded_at=NOON + HOUR))
    known.record_verdict(replace(VERDICT, number=6, head_sha=C, recorded_at=NOON + 2 * HOUR))
    newest = ConclusionRecord(70, 6, C, "success", "60 % of new code", NOON + 2 * HOUR)
    assert known.conclusions(70, most=1) == (newest,)
    assert [one.head_sha for one in known.conclusions(70, 5, most=9)] == [B, A]
    assert known.conclusions_of([70, 71]) == {70: newest}
    assert known.numbers_of(70, A) == (5,)
    assert known.numbers_of(71, A) == ()


def test_the_points_of_several_branches_are_had_at_once(known):
    """The list of repositories would ask the database once for each of them, or show no line."""
    known.record_point(POINT)
    known.record_point(replace(POINT, commit=B, recorded_at=NOON + HOUR, covered=2))
    known.record_point(replace(POINT, commit=C, branch="old"))
    found = known.points_of([(70, "main"), (71, "trunk")], most=5)
    assert [point.commit for point in found[70]] == [A, B]
    assert found[71] == ()
    assert {point.data for point in found[70]} == {"{}"}
    (last,) = known.points_of([(70, "main")], most=1)[70]
    assert last.commit == B


def test_the_newest_overrides_come_first(known):
    """The one that everybody talks about would be at the end of a long list."""
    known.record_override(OVERRIDE)
    known.record_override(replace(OVERRIDE, comment_id=2, number=6, made_at=NOON + HOUR))
    assert [one.comment_id for one in known.latest_overrides(70, most=9)] == [2, 1]
    assert [one.comment_id for one in known.latest_overrides(70, 5, most=9)] == [1]
    assert len(known.latest_overrides(70, most=1)) == 1
