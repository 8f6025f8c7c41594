"""Every way that CI can go has an end, and what is waited for has a name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World, fake_sha, lcov
from worker.contracts import Notice, Subject, SubjectKind
from worker.core.habits import Outcome
from worker.flows.reconcile import reconcile
from worker.flows.vigil import GRACE

DEADLINE = timedelta(hours=2, seconds=1).total_seconds()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def habitual(world: World) -> World:
    """Let two workflows have left reports for the pull requests before this one."""
    world.store.remember_repository(REPOSITORY)
    at = world.clock.now() - timedelta(days=1)
    outcomes = [
        Outcome(number, fake_sha(f"{number}"), workflow, name, True, 660, at)
        for number in (4, 5, 6)
        for workflow, name in ((1, "unit"), (2, "integration"))
    ]
    world.store.record_outcomes(REPOSITORY.id, "main", SubjectKind.PULL, outcomes)
    return world


def alive(world: World) -> dict:
    """Return what a run has that is still going on."""
    now = world.clock.now()
    return {"conclusion": None, "status": "in_progress", "started_at": now, "updated_at": now}


def ends(world: World, run: int, name: str, report: dict[str, bytes], **changes) -> None:
    """Let a run of a workflow of that name end."""
    world.ci(run, report, **changes)
    world.github.put_run(run, world.head, name=name)


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", "startup_failure"])
def test_a_run_that_did_not_succeed_and_left_nothing_ends_in_words(
    world: World, conclusion: str
) -> None:
    """A broken build would leave the required check pending for ever."""
    world.base_report()
    world.look()
    world.ci(2, conclusion=conclusion)
    assert world.look() == "done"
    assert world.check.conclusion == "action_required"
    assert conclusion in world.check.output.summary


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out"])
def test_what_a_run_left_before_it_broke_off_is_judged(world: World, conclusion: str) -> None:
    """A flaky test would cost the coverage of all others."""
    world.ci(2, world.report(15), conclusion=conclusion)
    world.look()
    assert world.check.conclusion == "success"
    assert "did not succeed" in world.check.output.summary


@pytest.mark.parametrize("conclusion", ["skipped", "stale", "neutral"])
def test_a_run_that_did_nothing_ends_at_the_deadline_at_the_latest(
    world: World, conclusion: str
) -> None:
    """A path filter on a required check would block the pull request for ever."""
    world.ci(2, conclusion=conclusion)
    world.look()
    world.clock.advance(DEADLINE)
    world.look()
    assert world.check.status == "completed"


def test_an_approval_that_nobody_gives_ends_in_words(world: World) -> None:
    """A first-time contributor's pull request would say nothing at all."""
    world.github.put_run(2, world.head, status="action_required", conclusion=None)
    assert world.look() == "waiting"
    assert "action_required" in world.check.output.summary
    world.clock.advance(DEADLINE)
    world.look()
    assert world.check.conclusion == "action_required"
    assert "approv" in world.check.output.summary


def test_an_approval_that_comes_late_brings_the_verdict(world: World) -> None:
    """The maintainer's click would change nothing any more."""
    world.github.put_run(2, world.head, status="action_required", conclusion=None)
    world.look()
    world.clock.advance(DEADLINE)
    world.look()
    world.ci(2, world.report(15), status="completed", conclusion="success")
    world.look()
    assert world.check.conclusion == "success"


def test_a_run_that_never_ends_is_named_at_the_deadline(world: World) -> None:
    """A hung runner would hang the check, too."""
    world.github.put_run(2, world.head, name="slow", **alive(world))
    world.look()
    world.clock.advance(DEADLINE)
    world.look()
    assert world.check.conclusion == "action_required"
    assert "“slow” did not end in time" in world.check.output.title


def test_each_workflow_is_waited_for(world: World) -> None:
    """The unit tests alone would be taken for the whole."""
    world.look()
    ends(world, 2, "unit", world.report(10), workflow_id=1)
    world.github.put_run(3, world.head, workflow_id=2, name="integration", **alive(world))
    assert world.look() == "waiting"
    assert world.check.output.title == "Waiting for 1 of 2 workflows: “integration”"
    ends(world, 3, "integration", world.report(15), status="completed", conclusion="success")
    world.look()
    assert world.check.conclusion == "success"


def test_what_is_awaited_is_written_once_and_not_with_every_look(world: World) -> None:
    """A check that is rewritten every ten minutes would use up the limit of writes."""
    world.look()
    ends(world, 2, "unit", world.report(10), workflow_id=1)
    world.github.put_run(3, world.head, workflow_id=2, name="integration", **alive(world))
    for _ in range(4):
        world.clock.advance(600)
        world.github.put_run(3, world.head, updated_at=world.clock.now())
        world.look()
    assert [call.method for call in world.github.writes] == ["create_check", "update_check"]


def test_an_expected_workflow_without_a_run_is_waited_for(habitual: World) -> None:
    """The quick suite alone would be judged before GitHub has made the long one's run."""
    habitual.look()
    assert habitual.check.output.title == "Waiting for 2 of 2 workflows: “integration”, “unit”"
    ends(habitual, 2, "unit", habitual.report(11), workflow_id=1)
    assert habitual.look() == "waiting"
    assert habitual.check.output.title == "Waiting for 1 of 2 workflows: “integration”"
    assert "no run yet" in habitual.check.output.summary
    ends(habitual, 3, "integration", habitual.report(15), workflow_id=2)
    assert habitual.look() == "done"
    assert habitual.check.conclusion == "success"


def test_an_expected_workflow_that_never_runs_holds_nothing_for_long(habitual: World) -> None:
    """A path filter on one workflow would block everybody whom it does not concern."""
    habitual.look()
    ends(habitual, 2, "unit", habitual.report(15), workflow_id=1)
    assert habitual.look() == "waiting"
    habitual.clock.advance(GRACE.total_seconds())
    assert habitual.inbox.sweep() == (habitual.subject,)
    assert reconcile(habitual.subject, habitual.deps) == "done"
    assert habitual.check.conclusion == "success"
    assert "`integration` did not run on this commit" in habitual.check.output.summary


def test_a_long_run_leaves_nothing_to_wait_for(habitual: World) -> None:
    """Each pull request would wait five minutes more, though its CI took twenty."""
    habitual.look()
    habitual.clock.advance(1200)
    ended = habitual.clock.now() - timedelta(minutes=2)
    ends(habitual, 2, "unit", habitual.report(15), workflow_id=1, updated_at=ended)
    assert habitual.look() == "done"
    assert habitual.check.conclusion == "success"


def test_how_long_a_workflow_usually_takes_is_told(habitual: World) -> None:
    """Nobody would know whether to wait or to come back tomorrow."""
    habitual.github.put_run(2, habitual.head, workflow_id=2, name="integration", **alive(habitual))
    ends(habitual, 3, "unit", habitual.report(15), workflow_id=1)
    habitual.look()
    assert "started 12:00 UTC): in progress, usually takes 11 minutes" in (
        habitual.check.output.summary
    )


def test_a_workflow_that_the_configuration_names_is_waited_for(world: World) -> None:
    """The first pull request would be judged by whichever workflow ends first."""
    world.configure("version: 1\nworkflows: [unit, integration]\n")
    ends(world, 2, "unit", world.report(15), workflow_id=1)
    assert world.look() == "waiting"
    world.clock.advance(GRACE.total_seconds())
    world.look()
    assert world.check.conclusion == "success"
    assert "`integration` did not run on this commit" in world.check.output.summary


def test_what_is_expected_is_learned_from_verdicts(world: World) -> None:
    """Nothing would ever be expected."""
    ends(world, 2, "unit", world.report(15), workflow_id=1)
    world.github.put_run(3, world.head, workflow_id=3, name="lint")
    world.look()
    learned = world.store.outcomes(REPOSITORY.id, "main", SubjectKind.PULL)
    assert [(one.name, one.reported) for one in learned] == [("unit", True), ("lint", False)]


def test_a_deployment_does_not_hold_up_the_baseline(world: World) -> None:
    """Pull requests would wait for half an hour for what never leaves a report."""
    world.github.put_run(
        3, world.base, event="push", head_branch="main", workflow_id=3, name="deploy"
    )
    world.base_report()
    tip = world.github.put_commit({**world.files, "b.md": b"b\n"}, [world.base])
    world.github.branches["main"] = tip
    report = {"lcov.info": lcov("src/a.py", dict.fromkeys(range(1, 11), 1))}
    world.ci(4, report, head=tip, event="push", head_branch="main")
    world.github.put_run(
        5, tip, event="push", head_branch="main", workflow_id=3, name="deploy", **alive(world)
    )
    world.look(Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, tip))
    assert world.store.baseline(REPOSITORY.id, [tip]) is not None


def test_a_report_of_an_earlier_attempt_counts_until_a_newer_one_is_there(world: World) -> None:
    """A re-run of one failed job would lose the reports of all jobs that had passed."""
    world.ci(2, world.report(15), name="coverage-unit")
    started = world.clock.now() + timedelta(minutes=1)
    world.github.put_run(2, world.head, attempt=2, started_at=started)
    world.look()
    assert world.check.conclusion == "success"


def test_a_newer_attempts_report_replaces_the_older_one_of_its_name(world: World) -> None:
    """Lines that only the first attempt covered would count for ever."""
    world.ci(2, world.report(15))
    world.look()
    started = world.clock.now() + timedelta(minutes=1)
    world.ci(2, world.report(10), attempt=2, started_at=started)
    world.look()
    assert world.check.conclusion == "failure"


def test_a_repository_with_a_configuration_that_never_reported_is_told_what_is_missing(
    world: World,
) -> None:
    """Whoever set it up and mistyped a name would be green for ever."""
    world.configure("version: 1\n")
    world.ci(2, {"a.txt": b"x"}, name="dist")
    world.look()
    assert world.check.conclusion == "action_required"


def test_a_draft_is_judged_like_any_other(world: World) -> None:
    """Its author would not learn what is missing before he asks for a review."""
    world.github.put_pull(NUMBER, world.head, world.base, draft=True)
    world.ci(2, world.report(15))
    world.look()
    assert world.check.conclusion == "success"


def test_a_closed_pull_requests_check_ends_without_a_new_comment(world: World) -> None:
    """A check would spin on a pull request that nobody looks at any more."""
    world.look()
    world.github.put_pull(NUMBER, world.head, world.base, state="closed")
    world.look(event="pull_request.closed")
    world.clock.advance(DEADLINE)
    world.look()
    assert world.check.status == "completed"
    assert world.comments == []


def test_a_reopened_pull_request_gets_its_comment(world: World) -> None:
    """It would stay without a word, for it was closed when CI ended."""
    world.github.put_pull(NUMBER, world.head, world.base, state="closed")
    world.ci(2, world.report(15))
    world.look()
    world.github.put_pull(NUMBER, world.head, world.base, state="open")
    world.look(event="pull_request.reopened")
    assert world.check.conclusion == "success"
    assert len(world.comments) == 1


def test_another_base_brings_another_verdict(world: World) -> None:
    """The old branch's rules would decide what goes into the new one."""
    world.ci(2, world.report(13))
    world.look()
    assert world.check.conclusion == "success"
    strict = {".github/covgate.yml": b"version: 1\ngates:\n  new_code: {minimum: 90}\n"}
    tip = world.github.put_commit({**world.files, **strict}, [world.base])
    world.github.branches["release"] = tip
    world.github.put_pull(NUMBER, world.head, tip, base_ref="release")
    world.look(event="pull_request.edited")
    assert world.check.conclusion == "failure"


def test_a_bots_pull_request_is_judged(world: World) -> None:
    """Dependency updates would hang on the required check."""
    world.github.put_pull(NUMBER, world.head, world.base, author="dependabot[bot]")
    world.ci(2, world.report(15))
    world.look()
    assert world.check.conclusion == "success"


def test_a_private_repositorys_pull_request_is_judged(world: World) -> None:
    """Half of the customers would get nothing."""
    world.github.place = replace(REPOSITORY, private=True)
    world.ci(2, world.report(15))
    world.look()
    assert world.check.conclusion == "success"
    assert world.store.repositories[REPOSITORY.id].private


def test_a_run_that_begins_is_no_reason_to_ask(world: World) -> None:
    """Every pull request would cost twice the requests."""
    world.look(event="pull_request.opened")
    asked = len(world.github.calls)
    for event in ("workflow_run.requested", "workflow_run.in_progress"):
        world.deliveries += 1
        notice = Notice(world.subject, REPOSITORY.full_name, event, facts={"head": world.head})
        world.inbox.accept(f"delivery-{world.deliveries}", [notice])
        assert reconcile(world.subject, world.deps) == "waiting"
    assert len(world.github.calls) == asked


def test_a_run_that_begins_late_shows_the_test_merge_of_then(world: World) -> None:
    """The commit that CI tests would never be known, and its lines be taken for others."""
    world.look(event="pull_request.opened")
    world.clock.advance(10)
    world.inbox.sweep()
    reconcile(world.subject, world.deps)
    world.clock.advance(120)
    merge = fake_sha("merge of then")
    world.github.put_pull(NUMBER, world.head, world.base, merge_commit_sha=merge)
    notice = Notice(
        world.subject, REPOSITORY.full_name, "workflow_run.requested", facts={"head": world.head}
    )
    world.inbox.accept("begins", [notice])
    assert reconcile(world.subject, world.deps) == "waiting"
    assert merge in (world.inbox.effects(world.subject).get("merges") or "")


def test_the_runs_of_a_head_just_opened_are_looked_for_soon(world: World) -> None:
    """A pull request whose CI had ended before it was opened would wait ten minutes."""
    world.ci(2, world.report(15), event="push")
    assert world.look(event="pull_request.opened") == "waiting"
    world.clock.advance(15)
    assert world.inbox.sweep() == (world.subject,)
    assert reconcile(world.subject, world.deps) == "done"
    assert world.check.conclusion == "success"
