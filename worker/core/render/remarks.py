"""What a reader should know beside a verdict, though nothing is wrong: Markdown sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.numbers import format_count
from worker.core.render.markdown import code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.paths import PathMatch
    from worker.core.refs import WorkflowRun

__all__ = ["behind_remark", "path_remarks", "run_remarks"]


def path_remarks(match: PathMatch) -> list[str]:
    """Return what is to be said of paths that are no files, or may be several."""
    texts = []
    if match.unmatched:
        count = format_count(len(match.unmatched), "file")
        texts.append(
            f"The reports name {count} that are not in the repository, and were left out: "
            f"{code(match.unmatched[0])}{', …' if len(match.unmatched) > 1 else ''}"
        )
    if match.ambiguous:
        first = match.ambiguous[0]
        texts.append(
            f"{format_count(len(match.ambiguous), 'path')} of the reports may mean several "
            f"files, and none was guessed: {code(first.path)} may be "
            f"{' or '.join(code(path) for path in first.candidates[:3])}."
        )
    return texts


def run_remarks(
    failed: Sequence[WorkflowRun], read: Sequence[WorkflowRun], aside: Sequence[WorkflowRun]
) -> list[str]:
    """Return what is to be said of runs: `read` are those whose reports were."""
    texts = []
    partial = [code(run.name) for run in failed if run in read]
    if partial:
        names = ", ".join(partial)
        texts.append(f"{names} did not succeed: the numbers may be of a part of the tests.")
    other = [code(run.name) for run in failed if run not in read]
    if other:
        texts.append(f"{', '.join(other)} did not succeed and left no report.")
    if aside:
        names = ", ".join(f"{code(run.name)} ({run.conclusion or run.status})" for run in aside)
        texts.append(f"Not waited for: {names}.")
    return texts


def behind_remark(commits: int) -> str:
    """Return what is to be said where the base moved on and CI tested the merge with it."""
    return (
        f"The head is {format_count(commits, 'commit')} behind its base, and CI may have tested it "
        "merged with them: where these touch the same files, line numbers may differ. Update the "
        "branch to be sure."
    )
