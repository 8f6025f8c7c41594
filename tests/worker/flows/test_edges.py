"""What a careful reviewer tried: ways in which a verdict, a check or a comment goes wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World, lcov
from worker.contracts import Notice, Subject
from worker.core.errors import (
    GitHubError,
    GoneError,
    NotFoundError,
    PostponedError,
    RefusedError,
)
from worker.core.refs import ChangedFile, Comparison, Sha
from worker.flows import reports
from worker.flows.reconcile import reconcile

if TYPE_CHECKING:
    from worker.ports import CheckState, VerdictRecord


@pytest.fixture
def world() -> World:
    return World()


def state_of(world: World, head: Sha) -> CheckState:
    (state,) = [
        state
        for number, state in world.github.check_states.items()
        if world.github.check_head(number) == head
    ]
    return state


def second_pull(world: World, *, base_ref: str = "other") -> Subject:
    """Open another pull request of the same head, onto a branch that has the code already."""
    world.github.branches[base_ref] = world.head
    world.github.put_pull(8, world.head, world.head, base_ref=base_ref)
    return Subject.pull(REPOSITORY.installation_id, REPOSITORY.id, 8)


def test_another_pull_request_of_the_same_commit_does_not_outvote_a_failure(world: World) -> None:
    """A second pull request onto another branch would make the first one mergeable."""
    world.ci(2, world.report(10))
    world.look()
    world.look(second_pull(world))
    assert world.check.conclusion == "failure"
    assert "#7" in world.check.output.title
    assert len(world.github.check_states) == 1


def test_a_closed_pull_request_of_the_same_commit_blocks_nobody(world: World) -> None:
    """A failure would stay on the commit after its pull request was given up."""
    world.ci(2, world.report(10))
    world.look()
    world.github.put_pull(NUMBER, world.head, world.base, state="closed")
    world.look(second_pull(world))
    assert world.check.conclusion == "success"


def test_a_file_without_lines_is_no_report(world: World) -> None:
    """A broken set-up would be green: nothing measured, nothing to judge."""
    world.ci(2, {"lcov.info": b"TN:\nSF:src/a.py\nend_of_record\n"})
    world.look()
    assert world.check.conclusion == "action_required"
    assert "measures no line" in world.check.output.title


def test_an_empty_report_is_no_baseline(world: World) -> None:
    """Regression would never be judged again."""
    empty = {"lcov.info": b"TN:\nSF:src/a.py\nend_of_record\n"}
    world.ci(1, empty, head=world.base, event="push", head_branch="main")
    world.look(Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, world.base))
    assert not world.store.has_baseline(REPOSITORY.id)


def base_ci(world: World, covered: int = 10, **changes) -> None:
    report = {"lcov.info": lcov("src/a.py", {n: int(n <= covered) for n in range(1, 11)})}
    world.ci(1, report, head=world.base, event="push", head_branch="main", **changes)


def test_the_merge_bases_own_run_is_waited_for(world: World) -> None:
    """The verdict would depend on whose CI ends first."""
    alive = {"conclusion": None, "status": "in_progress", "updated_at": world.clock.now()}
    world.github.put_run(1, world.base, event="push", head_branch="main", **alive)
    world.ci(2, world.report(10))
    assert world.look() == "waiting"
    base_ci(world, status="completed", conclusion="success")
    world.clock.advance(600)
    world.look()
    assert "100.00 % → 66.66 %" in world.check.output.summary


def test_a_baseline_is_made_of_what_main_left_before_the_app_came(world: World) -> None:
    """The first pull request after the installation would have nothing to compare with."""
    base_ci(world)
    world.ci(2, world.report(15))
    world.look()
    assert "100.00 % → 100.00 %" in world.check.output.summary
    assert world.store.has_baseline(REPOSITORY.id)


def test_a_repository_that_had_reports_does_not_get_the_neutral_check(world: World) -> None:
    """Leaving the report out of the next push would let anything through."""
    world.ci(2, world.report(15))
    world.look()
    world.push({"src/a.py": world.files["src/a.py"] + b"bad\n" * 50})
    world.ci(3)
    world.look()
    assert world.check.conclusion == "action_required"


def test_a_failed_run_without_reports_does_not_switch_the_regression_off(world: World) -> None:
    """A red linter would hide lost coverage."""
    world.base_report()
    world.ci(2, world.report(10))
    world.github.put_run(3, world.head, workflow_id=2, name="lint", conclusion="failure")
    world.look()
    assert world.check.conclusion == "failure"
    assert "`lint` did not succeed and left no report" in world.check.output.summary


def test_a_failed_deployment_on_main_does_not_cost_the_baseline(world: World) -> None:
    """Commits beside a red workflow would have no baseline."""
    world.github.put_run(
        3, world.base, event="push", head_branch="main", workflow_id=2, conclusion="failure"
    )
    world.base_report()
    assert world.store.has_baseline(REPOSITORY.id)


def test_html_pages_beside_the_report_are_passed_over(world: World) -> None:
    """Every pull request of a team that uploads its HTML report too would be blocked."""
    world.ci(2, world.report(15), {"index.html": b"<html>"})
    world.look()
    assert world.check.conclusion == "success"
    assert "Passed over" in world.check.output.summary


def test_what_a_missing_report_may_have_caused_is_no_failure(world: World) -> None:
    """A damaged integration report would read as lost coverage, without a word of itself."""
    world.base_report()
    world.ci(2, world.report(10), {"lcov.info": b"TN:\nSF:src/a.py\nDA:x,1\nend_of_record\n"})
    world.look()
    assert world.check.conclusion == "action_required"
    assert world.check.output.title.startswith("1 report could not be read")


def test_a_re_run_heals_what_an_earlier_attempt_left_broken(world: World) -> None:
    """The advice to mend it and re-run CI would not help."""
    world.ci(2, {"lcov.info": b"TN:\nSF:src/a.py\nDA:x,1\nend_of_record\n"}, name="coverage-1")
    world.look()
    started = world.clock.now() + timedelta(minutes=1)
    world.ci(2, world.report(15), name="coverage-2", attempt=2, started_at=started)
    new = world.github.artifacts(2)[-1]
    world.github._artifacts[new.id] = replace(new, created_at=started + timedelta(minutes=1))
    world.look()
    assert world.check.conclusion == "success"


@pytest.mark.parametrize(
    "method", ["compare", "artifacts", "paths", "runs", "create_comment", "download"]
)
@pytest.mark.parametrize("error", [NotFoundError("404"), GoneError("410"), GitHubError("odd")])
def test_whatever_github_has_no_more_the_check_concludes(
    world: World, method: str, error: GitHubError
) -> None:
    """The check would stay in progress, or the worker fail on it again and again."""
    world.ci(2, world.report(15))
    world.github.arm(method, error, times=50)
    for _ in range(3):
        assert world.look() == "done"
    assert world.check.status == "completed"
    if method == "create_comment":
        assert world.check.conclusion == "success"


def test_a_locked_conversation_does_not_cost_the_verdict(world: World) -> None:
    """A green check would turn yellow because a comment was not allowed."""
    world.ci(2, world.report(15))
    world.github.arm("create_comment", RefusedError("403: locked"), times=9)
    world.look()
    assert world.check.conclusion == "success"
    assert world.store.verdict(REPOSITORY.id, NUMBER, world.head) is not None


def test_github_failing_for_hours_is_said_and_then_mended(world: World) -> None:
    """The check would wait for ever without a word, or never recover."""
    world.ci(2, world.report(15))
    world.github.arm("compare", PostponedError("500", seconds=30), times=20)
    for _ in range(14):
        world.look()
        world.clock.advance(600)
    assert world.check.conclusion == "action_required"
    assert "has not answered" in world.check.output.title
    for _ in range(8):
        world.look()
        world.clock.advance(600)
    assert world.check.conclusion == "success"


def test_months_of_faults_overflow_nothing(world: World) -> None:
    """A counter would grow until the worker fails on it."""
    world.inbox.effects(world.subject).put("delays", "5000")
    world.github.arm("pull", PostponedError("500", seconds=30))
    assert world.look() == "postponed"


def test_after_a_day_of_faults_nobody_asks_any_more(world: World) -> None:
    """A pull request that GitHub can't show would be asked for until the end of time."""
    world.github.arm("pull", PostponedError("500", seconds=30), times=99)
    world.look()
    world.clock.advance(timedelta(hours=25).total_seconds())
    assert world.look() == "given up"
    assert world.inbox.claim(world.subject) is None


def test_a_forks_re_requested_check_is_concluded_again(world: World) -> None:
    """The payload names no pull request, and the check would stay pending."""
    world.github.put_pull(
        NUMBER, world.head, world.base, head_repository="fan/hello", head_ref="patch"
    )
    world.ci(2, world.report(15), head_repository="fan/hello", head_branch="patch")
    world.look()
    before = world.github.count("update_check")
    commit = Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, world.head)
    world.look(commit, event="check_run.rerequested")
    reconcile(world.subject, world.deps)
    assert world.github.count("update_check") > before
    assert world.check.conclusion == "success"


def test_a_request_is_answered_once_however_often_it_is_tried(world: World) -> None:
    """Each retry would write the check anew."""
    world.ci(2, world.report(15))
    world.look()
    world.github.arm("compare", PostponedError("500", seconds=5), times=3)
    before = world.github.count("update_check")
    world.look(event="check_run.rerequested")
    for _ in range(3):
        world.clock.advance(100)
        reconcile(world.subject, world.deps)
    assert world.github.count("update_check") == before + 2


def test_a_force_push_back_reopens_the_old_heads_check(world: World) -> None:
    """The word "superseded" would stand on the pull request's own head."""
    world.look()
    old = world.head
    world.push({"src/a.py": b"other\n"})
    world.look()
    assert state_of(world, old).conclusion == "action_required"
    world.clock.advance(timedelta(hours=3).total_seconds())
    world.github.put_pull(NUMBER, old, world.base)
    world.head = old
    world.look()
    assert world.check.status == "in_progress"
    world.ci(2, world.report(15))
    world.look()
    assert world.check.conclusion == "success"


def test_a_former_head_that_is_gone_does_not_cost_the_new_one_its_check(world: World) -> None:
    """One 404 about an old commit would keep every later check from being made."""
    world.look()
    world.github.arm("update_check", NotFoundError("404"))
    world.push({"src/a.py": b"other\n"})
    world.look()
    assert world.check.status == "in_progress"


def test_a_former_head_ends_also_where_the_new_one_has_a_broken_configuration(
    world: World,
) -> None:
    """The old check would spin for ever."""
    world.look()
    old = world.head
    world.configure("version: nine\n")
    world.push({"src/a.py": b"other\n"})
    world.look()
    assert state_of(world, old).status == "completed"


def test_a_baseline_of_another_version_is_as_good_as_none(world: World) -> None:
    """After an upgrade, every open pull request would end in an internal error."""
    world.base_report()
    record = world.store.baseline(REPOSITORY.id, [world.base])
    assert record is not None
    world.store.record_baseline(replace(record, report=b"\xff of the future"))
    world.github._runs.clear()
    world.ci(2, world.report(15))
    world.look()
    assert world.check.conclusion == "success"
    assert "not judged" in world.check.output.summary


def test_a_renamed_repository_is_found_under_its_new_name(world: World) -> None:
    """A delivery from before the renaming would make the pull request look deleted."""
    notices = [Notice(world.subject, name, "x") for name in ("octo/a-old", "octo/z-new")]
    world.inbox.accept("one", notices[:1])
    world.inbox.accept("two", notices[1:])
    other = World().github
    other.arm("repository", NotFoundError("renamed"))
    opened = {"octo/a-old": other, "octo/z-new": world.github}
    deps = replace(world.deps, github=lambda _subject, name: opened[name])
    assert reconcile(world.subject, deps) == "waiting"


def test_an_expired_report_asks_for_a_re_run_by_its_name(world: World) -> None:
    """The advice to mend the upload would send somebody looking for a bug."""
    world.ci(2, world.report(15))
    world.github.expire(world.github.artifacts(2)[0])
    world.look()
    assert "have expired" in world.check.output.title


def test_a_mended_repository_does_not_keep_an_old_complaint(world: World) -> None:
    """The comment would still say what is long mended."""
    world.configure("version: nine\n")
    world.look()
    world.github.branches["main"] = world.base
    world.ci(2)
    world.look()
    assert world.check.conclusion == "neutral"
    (comment,) = world.comments
    assert "cannot be used" not in comment


def test_ignored_files_do_not_make_a_diff_incomplete(world: World) -> None:
    """The advice to leave generated files out would not help."""
    world.configure('version: 1\nignore: ["gen/**"]\n')
    changed = (ChangedFile("gen/huge.py", "added", 0, 0, None),)
    tip = world.github.branches["main"]
    world.github.put_comparison("main", world.head, Comparison(tip, changed))
    world.github._files[world.head]["gen/huge.py"] = b"x\n" * 9
    world.ci(2, {"lcov.info": lcov("src/a.py", {1: 1}) + lcov("gen/huge.py", {1: 0})})
    world.look()
    assert world.check.conclusion == "success"
    assert not [c for c in world.github.calls if c.method == "file" and "gen/" in c.arguments[0]]


def test_what_was_not_waited_for_is_named(world: World) -> None:
    """Nobody would know that a suite still needs an approval."""
    world.ci(2, world.report(15))
    world.github.put_run(
        3, world.head, workflow_id=2, name="integration", status="waiting", conclusion=None
    )
    world.look()
    assert "`integration` (waiting)" in world.check.output.summary


def test_an_old_hiccup_is_forgotten_once_the_download_works(world: World) -> None:
    """Hours later, a single fault of the storage would turn a green check yellow."""
    world.ci(2, world.report(15))
    world.github.arm("download", PostponedError("503", seconds=5))
    world.look()
    world.clock.advance(60)
    world.look()
    world.clock.advance(timedelta(hours=3).total_seconds())
    world.github.arm("download", PostponedError("503", seconds=5))
    assert world.look() == "postponed"
    assert world.check.conclusion == "success"


def test_a_rate_limit_in_a_download_holds_the_installation(world: World) -> None:
    """The limit would be run into again with every artifact."""
    world.ci(2, world.report(15))
    world.github.arm("download", PostponedError("429", seconds=50, gate=True))
    world.look()
    assert world.inbox.held_for(REPOSITORY.installation_id) > 0


def test_two_verdicts_on_one_commit_at_the_same_time_end_in_the_worse(world: World) -> None:
    """The later write would win, and a failure be outvoted by its twin."""
    world.ci(2, world.report(10))
    other = second_pull(world)
    original, entered = world.store.record_verdict, []

    def record(verdict: VerdictRecord) -> None:
        original(verdict)
        if not entered:  # while #7 is recorded and not yet published, #8 is judged as a whole
            entered.append(verdict.number)
            world.look(other)

    world.store.record_verdict = record
    world.look()
    assert entered == [NUMBER]
    assert world.check.conclusion == "failure"


def test_closing_a_failed_twin_frees_the_other(world: World) -> None:
    """The failure of a pull request that was given up would block one that passed."""
    world.ci(2, world.report(10))
    world.look()
    other = second_pull(world)
    world.look(other)
    assert world.check.conclusion == "failure"
    world.github.put_pull(NUMBER, world.head, world.base, state="closed")
    world.look()
    assert world.inbox.wakes[-1] == other
    reconcile(other, world.deps)
    assert world.check.conclusion == "success"


def test_a_superseded_commit_that_another_pull_request_concluded_keeps_its_verdict(
    world: World,
) -> None:
    """A green check of one pull request would be overwritten by another one's push."""
    world.look()
    shared = world.head
    other = second_pull(world)
    world.ci(2, world.report(15))
    world.look(other)
    assert state_of(world, shared).conclusion == "success"
    world.push({"src/a.py": b"moved on\n"})
    world.look()
    assert state_of(world, shared).conclusion == "success"


def test_two_looks_at_one_commit_make_one_check(world: World) -> None:
    """Two pull requests of one commit would leave two checks, one of them pending for ever."""
    other = second_pull(world)
    original = world.github.create_check

    def create(*arguments, **options):
        world.github.create_check = original
        assert world.look(other) == "postponed"
        return original(*arguments, **options)

    world.github.create_check = create
    world.look()
    world.clock.advance(60)
    world.look(other)
    assert len(world.github.check_states) == 1


def test_a_defect_that_comes_back_is_given_up_all_the_same(world: World) -> None:
    """A subject would fail every minute until the end of time."""

    def fail(*_arguments) -> None:
        raise RuntimeError("a defect")

    world.store.remember_repository = fail
    endings = []
    for _ in range(5):
        try:
            endings.append(world.look())
        except RuntimeError:
            endings.append("raised")
        world.clock.advance(61)
    assert endings[3] == "given up"


def test_waiting_for_the_base_reads_nothing_twice(world: World) -> None:
    """Each look at a waiting pull request would download its artifacts again."""
    alive = {"conclusion": None, "status": "in_progress", "updated_at": world.clock.now()}
    world.github.put_run(1, world.base, event="push", head_branch="main", **alive)
    world.ci(2, world.report(15))
    world.look()
    assert "compared with" in world.check.output.title
    for _ in range(2):
        world.clock.advance(600)
        world.look()
    assert world.github.count("download") == 1
    world.clock.advance(1200)
    world.look()
    assert world.check.conclusion == "success"


def test_a_failed_base_run_is_not_read_at_every_look(world: World) -> None:
    """Its artifacts would be downloaded for each pull request, for nothing."""
    base_ci(world, conclusion="failure")
    world.ci(2, world.report(15))
    world.look()
    world.look()
    assert world.github.count("download") == 2  # the head's, once a look


def test_a_thousand_broken_members_do_not_fill_the_check(world: World) -> None:
    """The table of gates would be cut off by a list of errors."""
    broken = {f"{n}.info": b"TN:\nSF:a\nDA:x,1\nend_of_record\n" for n in range(1_000)}
    world.ci(2, {**world.report(15), **broken})
    world.look()
    assert "and 980 more" in world.check.output.summary
    assert "Head [" in world.check.output.summary


def test_reports_that_take_too_much_together_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few kilobytes of archive would take gigabytes, report by report."""
    monkeypatch.setattr(reports, "MAX_REPORTS", 2_000_000)
    huge = {f"{n}.info": lcov("src/a.py", {2_000_000: 1}) for n in range(20)}
    world.ci(2, huge)
    world.look()
    assert world.check.conclusion == "action_required"
    assert "too much in sum" in world.check.output.summary
