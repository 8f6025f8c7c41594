"""The reports that pull requests are compared with: find the right one, or make it.

A commit's own report comes first. Where it has none, one of a commit with the same tree
serves: a squash or a fast-forward makes a new commit of files that were tested already.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.contracts import SubjectKind
from worker.core.codec import encode_report
from worker.core.codec_details import encode_details
from worker.core.errors import GitHubError
from worker.core.junit import NO_TESTS, TestRun
from worker.core.runs import Runs, assess_runs
from worker.flows.ancestry import Ancestry, read_baseline
from worker.flows.deps import timed
from worker.flows.flaky import note_suites
from worker.flows.flapping import observe
from worker.flows.reports import Gathered, gather_reports
from worker.flows.vigil import habits_of, note_outcomes
from worker.ports import BaselineRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from worker.core.config import Config
    from worker.core.refs import Repository, Sha, WorkflowRun
    from worker.core.verdict import Baseline
    from worker.flows.deps import Look

__all__ = [
    "Built",
    "artifact_names",
    "build_baseline",
    "build_same_tree",
    "find_baseline",
    "is_own_push",
    "merge_tests",
    "remember_tree",
    "split_tests",
]

MOST_ALIKE = 3
"""How many commits of the same tree are looked at for reports of theirs."""


class Built(Enum):
    """How the making of a baseline went."""

    RECORDED = "recorded"
    WAITING = "waiting"
    """Its runs have not ended: later."""
    NOTHING = "nothing"
    """No run of the repository's own left a whole report."""


@timed("baseline")
def find_baseline(look: Look, merge_base: Sha, config: Config) -> tuple[Baseline | None, str]:
    """Return the baseline of the merge base or of its nearest first-parent ancestor.

    Where there is none, the text says why. Distances count along first parents, which is
    the branch's own history (`git log --first-parent`).
    """
    ancestry = Ancestry(look, merge_base)
    baseline = read_baseline(ancestry, config)
    if baseline is not None:
        return baseline, ""
    if not look.deps.store.has_baseline(look.repository.id):
        return None, "no baseline yet (the first run on a push to the base branch makes one)"
    return None, (
        f"no report of the merge base {merge_base[:7]} nor of the {len(ancestry.chain) - 1} "
        "commits before it (run the workflow on pushes to the base branch)"
    )


@timed("making a baseline")
def build_baseline(
    look: Look,
    sha: Sha,
    branches: frozenset[str] | None,
    config: Config,
    then: Callable[[Gathered], None] = lambda _gathered: None,
) -> Built:
    """Make the baseline of a commit from what its own push runs left.

    Only pushes to one of `branches` are trusted (None: to any). Runs of forks never count,
    whatever their branch is called: a stranger would choose what others are compared with. A
    run that failed is not recorded, nor is a report that could not be read whole. Once it is
    recorded, `then` is given what it was made of.
    """
    own = [
        run
        for run in look.github.runs(sha)
        if is_own_push(run, look.repository) and (branches is None or run.head_branch in branches)
    ]
    runs = assess_runs(own, config.workflows)
    if _may_report(look, runs):
        return Built.WAITING if _alive(look, runs) else Built.NOTHING
    gathered = gather_reports(look, runs, config, lambda _event: sha, of_failed=False)
    if not _is_whole(gathered):
        return Built.NOTHING
    _record(look, sha, gathered)
    branch = gathered.runs[0].head_branch
    note_outcomes(look, branch, SubjectKind.COMMIT, 0, runs, gathered.runs)
    then(gathered)
    return Built.RECORDED


def build_same_tree(look: Look, sha: Sha, tree: Sha | None, config: Config) -> Built:
    """Make a baseline of another commit that has the very files of `sha`: its `tree`.

    Of its own push runs, on whatever branch: the same files, the workflow among them, were
    tested by the same repository. A squash of a branch that was up to date is such a commit.
    """
    if tree is None:
        return Built.NOTHING
    alike = look.deps.store.commits_of(look.repository.id, [tree]).get(tree, ())
    try:
        for commit in [one for one in alike if one != sha][:MOST_ALIKE]:
            look.keep_lease()
            if build_baseline(look, commit, None, config) is Built.RECORDED:
                return Built.RECORDED
    except GitHubError:  # collected since, with a branch that was deleted
        return Built.NOTHING
    return Built.NOTHING


def remember_tree(look: Look, run: WorkflowRun) -> None:
    """Remember the tree of the commit that the repository itself pushed and a run tested."""
    if run.tree is not None:
        look.deps.store.record_tree(look.repository.id, run.head_sha, run.tree)


def is_own_push(run: WorkflowRun, repository: Repository) -> bool:
    """Return whether a run came from a push to the repository itself."""
    return run.event == "push" and run.head_repository == repository.full_name


def artifact_names(gathered: Gathered) -> tuple[str, ...]:
    """Return the names of the artifacts that the reports came in, sorted."""
    return tuple(sorted({source.artifact for source in gathered.sources}))


def merge_tests(gathered: Gathered) -> TestRun:
    """Return the tests of all the test reports as one run."""
    merged = NO_TESTS
    for _, run in gathered.tests:
        merged = merged.merge(run)
    return merged


def split_tests(gathered: Gathered) -> Mapping[str, TestRun]:
    """Return the tests by the flag of their report, "" for none, sorted by flag."""
    suites: dict[str, TestRun] = {}
    for flag, run in gathered.tests:
        suites[flag or ""] = suites.get(flag or "", NO_TESTS).merge(run)
    return MappingProxyType({flag: suites[flag] for flag in sorted(suites)})


def _may_report(look: Look, runs: Runs) -> bool:
    """Return whether a run that has not ended may leave a report; a deployment never did."""
    if not runs.awaited:
        return False
    habits = habits_of(look, runs.awaited[0].head_branch, SubjectKind.COMMIT)
    return any(habits.reports.get(run.workflow_id, True) for run in runs.awaited)


def _alive(look: Look, runs: Runs) -> bool:
    last = runs.last_sign_of_life
    return last is not None and look.deps.clock.now() - last < look.deps.deadline


def _is_whole(gathered: Gathered) -> bool:
    """Return whether the reports may stand for the commit."""
    measured = gathered.report.lines.total > 0
    return bool(gathered.sources and measured and not gathered.problems)


def _record(look: Look, sha: Sha, gathered: Gathered) -> None:
    lines = gathered.report.lines
    newest = max(gathered.runs, key=lambda run: (run.id, run.attempt))
    look.deps.store.record_baseline(
        BaselineRecord(
            repository_id=look.repository.id,
            commit=sha,
            branch=newest.head_branch,
            covered=lines.covered,
            total=lines.total,
            report=encode_report(gathered.report),
            run_id=newest.id,
            attempt=newest.attempt,
            recorded_at=look.deps.clock.now(),
            flags={flag: encode_report(report) for flag, report in gathered.flags.items()},
            details=encode_details(
                merge_tests(gathered), artifact_names(gathered), gathered.report
            ),
        )
    )
    remember_tree(look, newest)
    if newest.tree is not None:
        note_suites(look, newest.tree, gathered)
        observe(look, newest.tree, gathered)
