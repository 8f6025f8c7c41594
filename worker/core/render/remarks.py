"""What a reader should know beside a verdict, though nothing is wrong: Markdown sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.numbers import format_count
from worker.core.render.markdown import code, plain
from worker.core.tested import Doubt, Kind, Tested

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.paths import PathMatch
    from worker.core.refs import WorkflowRun
    from worker.core.runs import Runs

__all__ = ["material_remarks", "path_remarks", "run_remarks", "tested_remarks"]


def path_remarks(match: PathMatch) -> list[str]:
    """Return what is to be said of paths that are no files."""
    texts = []
    if match.unmatched:
        count = format_count(len(match.unmatched), "file")
        texts.append(
            f"The reports name {count} that are not in the repository, and were left out: "
            f"{code(match.unmatched[0])}{', …' if len(match.unmatched) > 1 else ''}"
        )
    return texts


def run_remarks(runs: Runs, read: Sequence[WorkflowRun]) -> list[str]:
    """Return what is to be said of runs: `read` are those whose reports were."""
    failed, aside = runs.failed, runs.aside
    texts = []
    if runs.absent:
        names = ", ".join(code(name) for name in runs.absent)
        texts.append(
            f"{names} did not run on this commit, though it usually leaves a report or the "
            "configuration names it: what it would have covered is not counted. Where a path "
            "filter skips it on purpose, give its reports a `flag` with `carry_forward`."
        )
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


def tested_remarks(tested: Tested, base_ref: str) -> list[str]:
    """Return what is to be said where it is not certain which commit was tested."""
    if tested.doubt is None:
        return []
    branch = code(base_ref)
    one, other = f"the head merged into {branch}", "the head itself"
    taken, left = (one, other) if tested.kind is Kind.MERGE else (other, one)
    text = (
        f"The report fits both {taken} and {left}, whose lines differ, and GitHub does not tell "
        f"which of them CI tested: it is taken for {taken}. Update the branch to be sure."
    )
    if tested.doubt is Doubt.GONE:
        text = (
            f"{branch} has moved on, and GitHub no longer has a merge of this head with it, "
            "which CI may have tested: the report's lines are taken for the head's own. Update "
            "the branch to be sure."
        )
    return [text]


def material_remarks(left: int | None, refusal: str) -> tuple[str, ...]:
    """Return what is to be said where files were not read: so many, None for all of them.

    `refusal` is what GitHub said.
    """
    if left == 0:
        return ()
    files = "the files" if left is None else format_count(left, "file")
    why = (
        f"GitHub did not give them ({plain(refusal)})"
        if refusal
        else "they are too many or too long for one look, and the next one reads on"
    )
    return (f"The analyses of the tests miss what is in {files}: {why}.",)
