"""Which runs a verdict waits for, and whose artifacts it reads."""

from __future__ import annotations

from tests.support.runs import run
from worker.core.runs import assess_runs


def test_a_verdict_waits_for_every_workflow() -> None:
    """The first of two suites to end would decide, and the second would flip it."""
    runs = assess_runs([run(1), run(2, workflow=2, status="in_progress")], ("*",))
    assert [r.id for r in runs.awaited] == [2]
    assert [r.id for r in runs.ended] == [1]


def test_only_the_configured_workflows_count() -> None:
    """A nightly job that runs for hours would hold every pull request."""
    slow = run(2, workflow=2, name="Nightly", status="in_progress")
    assert not assess_runs([run(1), slow], ("CI",)).awaited


def test_the_pull_requests_run_speaks_where_a_push_run_exists_too() -> None:
    """Reports of two different commits would be merged into one wrong number."""
    runs = assess_runs([run(1, event="push"), run(2)], ("*",))
    assert [r.id for r in runs.ended] == [2]


def test_a_workflow_that_only_runs_on_push_is_read_apart() -> None:
    """A team whose tests run on push, beside a linter on pull_request, would have no report."""
    runs = assess_runs([run(1, event="push"), run(2, workflow=2, name="Lint")], ("*",))
    assert [[r.id for r in group] for group in runs.by_event()] == [[2], [1]]


def test_the_newest_run_of_a_workflow_counts() -> None:
    """After closing and re-opening, the old run's report would be judged."""
    assert [r.id for r in assess_runs([run(1), run(5), run(3)], ("*",)).ended] == [5]


def test_runs_that_wait_for_a_person_or_were_skipped_do_not_hold_the_verdict() -> None:
    """A check would be pending for ever beside a deployment that nobody approves."""
    aside = [
        run(1, workflow=1, status="waiting"),
        run(2, workflow=2, conclusion="skipped"),
        run(3, workflow=3, event="dynamic", status="in_progress"),
        run(4, workflow=4, conclusion="action_required"),
    ]
    runs = assess_runs([*aside, run(5, workflow=5)], ("*",))
    assert not runs.awaited
    assert [r.id for r in runs.aside] == [1, 2, 3, 4]
    assert [r.id for r in runs.ended] == [5]


def test_failed_runs_are_known_as_such() -> None:
    """Half of a test suite would be compared with the whole of the baseline."""
    runs = assess_runs([run(1, conclusion="failure"), run(2, workflow=2)], ("*",))
    assert [r.id for r in runs.failed] == [1]


def test_the_order_of_the_list_does_not_matter() -> None:
    """The same facts would give two verdicts."""
    runs = [run(1, event="push"), run(2), run(3, workflow=2), run(4, workflow=2, event="push")]
    assert assess_runs(runs, ("*",)) == assess_runs(reversed(runs), ("*",))
