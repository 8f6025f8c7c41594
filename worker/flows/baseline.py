"""Keep the reports that pull requests are compared with, and find the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.codec import decode_report
from worker.core.verdict import Baseline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.refs import Commit, Sha
    from worker.ports import BaselineRecord, GitHub, Store

__all__ = ["find_baseline", "first_parents"]

SEARCHED = 100
"""How many commits before the merge base are looked through: one page of GitHub's list."""


def find_baseline(
    github: GitHub, store: Store, repository_id: int, merge_base: Sha
) -> tuple[Baseline | None, str]:
    """Return the baseline of the merge base or of its nearest first-parent ancestor.

    Where there is none, the text says why. Distances count along first parents, which is
    the branch's own history (`git log --first-parent`).
    """
    record = store.baseline(repository_id, [merge_base])
    if record is not None:
        return _baseline(record, 0), ""
    if not store.has_baseline(repository_id):
        return None, ("no baseline yet (the first run on a push to the base branch makes one)")
    chain = first_parents(github.ancestors(merge_base, limit=SEARCHED))
    record = store.baseline(repository_id, chain)
    if record is None:
        return None, (
            f"no report of the merge base {merge_base[:7]} nor of the {len(chain) - 1} commits "
            "before it (run the workflow on pushes to the base branch)"
        )
    return _baseline(record, chain.index(record.commit)), ""


def first_parents(commits: Sequence[Commit]) -> list[Sha]:
    """Return the first of `commits` and its line of first parents, as far as they are listed."""
    known = {commit.sha: commit for commit in commits}
    chain = []
    commit = commits[0] if commits else None
    while commit is not None:
        chain.append(commit.sha)
        commit = known.get(commit.parents[0]) if commit.parents else None
    return chain


def _baseline(record: BaselineRecord, distance: int) -> Baseline:
    return Baseline(record.commit, distance, decode_report(record.report))
