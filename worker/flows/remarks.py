"""What a reader should know beside a verdict, though nothing is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.numbers import format_count
from worker.core.render.markdown import code

if TYPE_CHECKING:
    from worker.core.refs import Comparison
    from worker.core.runs import Runs
    from worker.flows.reports import Gathered

__all__ = ["remarks"]


def remarks(runs: Runs, gathered: Gathered, comparison: Comparison) -> tuple[str, ...]:
    """Return the remarks in Markdown, one or two sentences each."""
    texts = [*_of_runs(runs, gathered), *gathered.remarks]
    if gathered.unmatched:
        count = format_count(len(gathered.unmatched), "file")
        texts.append(f"The reports name {count} that this repository does not have: left out.")
    if gathered.ambiguous:
        first = gathered.ambiguous[0]
        texts.append(
            f"{format_count(len(gathered.ambiguous), 'path')} of the reports may mean several "
            f"files, and none was guessed: {code(first.path)} may be "
            f"{' or '.join(code(path) for path in first.candidates)}."
        )
    if comparison.behind_by and any(run.event == "pull_request" for run in gathered.runs):
        count = format_count(comparison.behind_by, "commit")
        texts.append(
            f"The head is {count} behind its base, and CI may have tested it merged with them: "
            "where these touch the same files, line numbers may differ. Update the branch to be "
            "sure."
        )
    return tuple(texts)


def _of_runs(runs: Runs, gathered: Gathered) -> list[str]:
    texts = []
    read = [run for run in runs.failed if run in gathered.runs]
    if read:
        names = ", ".join(code(run.name) for run in read)
        texts.append(f"{names} did not succeed: the numbers may be of a part of the tests.")
    other = [run for run in runs.failed if run not in gathered.runs]
    if other:
        names = ", ".join(code(run.name) for run in other)
        texts.append(f"{names} did not succeed and left no report.")
    if runs.aside:
        names = ", ".join(
            f"{code(run.name)} ({run.conclusion or run.status})" for run in runs.aside
        )
        texts.append(f"Not waited for: {names}.")
    return texts
