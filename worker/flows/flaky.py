"""Learn from the test reports of one tree's runs which tests are flaky."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.flaky import states_of
from worker.core.junit import NO_TESTS, TestRun
from worker.core.runs import assess_runs
from worker.flows.reports import gather_reports
from worker.ports import SuiteRecord

if TYPE_CHECKING:
    from collections.abc import Collection

    from worker.core.config import Config
    from worker.core.refs import Sha, WorkflowRun
    from worker.flows.deps import Look
    from worker.flows.reports import Gathered

__all__ = ["note_failed", "note_suites"]

_SEEN = "failed tests"


def note_suites(look: Look, tree: Sha, gathered: Gathered) -> None:
    """Remember how the tests went on a tree, by the artifact and the flag of their reports.

    The same tests on another system come in another artifact, and may fail there for a
    reason. Runs of forks teach nothing: a stranger would choose what is forgiven.
    """
    own = look.repository.full_name
    if not gathered.runs or any(run.head_repository != own for run in gathered.runs):
        return
    suites: dict[str, TestRun] = {}
    for artifact, (flag, run) in zip(gathered.test_artifacts, gathered.tests, strict=True):
        suite = f"{artifact}\n{flag or ''}"
        suites[suite] = suites.get(suite, NO_TESTS).merge(run)
    now = look.deps.clock.now()
    look.deps.store.note_tests(
        [
            SuiteRecord(look.repository.id, tree, suite, states, now)
            for suite, run in sorted(suites.items())
            if (states := states_of(run))
        ]
    )


def note_failed(look: Look, sha: Sha, pushed: Collection[WorkflowRun], config: Config) -> None:
    """Read the test reports of a push that failed, once for each attempt.

    Nothing else is made of them; but a test that passes when they are run again is flaky.
    """
    failed = [run for run in pushed if run.conclusion == "failure"]
    if not failed:
        return
    newest = max(failed, key=lambda run: (run.id, run.attempt))
    seen = f"{newest.id} {newest.attempt}"
    if newest.tree is None or look.effects.get(_SEEN) == seen:
        return
    runs = assess_runs(list(pushed), config.workflows)
    note_suites(look, newest.tree, gather_reports(look, runs, config, lambda _event: sha))
    look.effects.put(_SEEN, seen)
