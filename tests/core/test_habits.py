"""What is usual: which workflows leave reports, and how long they take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.runs import run
from worker.core.habits import Habits, Outcome, learn, outcomes_of
from worker.core.refs import Sha
from worker.core.runs import assess_runs

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def outcome(number: int, workflow: int = 1, *, reported: bool = True, seconds: int = 60) -> Outcome:
    """Return an outcome; the higher a pull request's number, the later it is."""
    at = NOON + timedelta(hours=number)
    head = Sha(f"{number:040x}")
    return Outcome(number, head, workflow, f"w{workflow}", reported, seconds, at)


def test_nothing_is_usual_at_first() -> None:
    """The first pull request would wait for what nobody ever saw."""
    assert learn([]) == Habits()


def test_what_left_a_report_is_expected() -> None:
    """A quick suite alone would be judged while the long one is not even made."""
    assert learn([outcome(1), outcome(1, 2), outcome(1, 3, reported=False)]).expected == {
        1: "w1",
        2: "w2",
    }


def test_what_a_path_filter_mostly_leaves_out_is_not_expected() -> None:
    """Nearly every pull request would wait for a workflow that runs for few of them."""
    outcomes = [outcome(number) for number in range(1, 6)] + [outcome(1, 2), outcome(2, 2)]
    assert learn(outcomes).expected == {1: "w1"}


def test_only_the_last_few_pull_requests_count() -> None:
    """A workflow that was deleted would be waited for until the end of time."""
    old = [outcome(number, 2) for number in range(1, 10)]
    new = [outcome(number) for number in range(10, 15)]
    assert learn(old + new).expected == {1: "w1"}


def test_one_pull_request_counts_once() -> None:
    """Whoever pushes often would decide alone what everybody waits for."""
    before = outcome(1, 2)
    again = Outcome(1, Sha("f" * 40), 1, "w1", True, 60, NOON + timedelta(days=9))
    assert learn([before, again]).expected == {1: "w1"}


def test_a_workflow_takes_as_long_as_it_mostly_took() -> None:
    """One run that hung would be told as the usual time."""
    outcomes = [outcome(number, seconds=60 * number) for number in (1, 2, 60)]
    assert learn(outcomes).seconds == {1: 120}


def test_whether_a_workflow_ever_left_a_report_is_known_or_not() -> None:
    """A deployment would be waited for, or a suite that was never seen not be."""
    reports = learn([outcome(1), outcome(2, 2, reported=False)]).reports
    assert (reports.get(1), reports.get(2), reports.get(3)) == (True, False, None)


def test_a_run_that_did_not_succeed_teaches_nothing() -> None:
    """A suite that was cancelled once would not be waited for any more."""
    ended = [run(1), run(2, workflow=2, conclusion="cancelled"), run(3, workflow=3)]
    runs = assess_runs(ended, ("*",))
    outcomes = outcomes_of(7, runs, ended[:1], NOON)
    assert [(one.workflow_id, one.reported) for one in outcomes] == [(1, True), (3, False)]


def test_runs_of_another_event_teach_nothing() -> None:
    """A push's runs, whose artifacts nobody looked at, would count as having left none."""
    ended = [run(1), run(2, workflow=2, event="push")]
    outcomes = outcomes_of(7, assess_runs(ended, ("*",)), ended[:1], NOON)
    assert [one.workflow_id for one in outcomes] == [1]
