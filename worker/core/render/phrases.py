"""The parts that several messages say: runs, workflows, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.numbers import format_count
from worker.core.render.markdown import code, link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.refs import WorkflowRun
    from worker.core.runs import Runs

__all__ = [
    "MOST_NAMES",
    "absent_workflows",
    "aside_runs",
    "failed_runs",
    "indented",
    "listed",
    "plain_name",
    "progress",
    "quoted_runs",
    "run_link",
    "yaml_string",
]

MOST_NAMES = 10
"""How many names a message lists."""


def plain_name(name: str) -> str:
    """Return a name for a check's title, which GitHub shows as plain text."""
    shown = "".join(c if c.isprintable() else "�" for c in name)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


def run_link(run: WorkflowRun) -> str:
    """Return a run with its link, its event and when it started."""
    started = f", started {run.started_at:%H:%M} UTC" if run.started_at else ""
    return f"{link(code(run.name), run.url)} ({code(run.event)}{started})"


def quoted_runs(runs: Sequence[WorkflowRun]) -> str:
    """Return the names of runs for a title, the first three."""
    names = sorted({run.name for run in runs})
    quoted = ", ".join(f"“{plain_name(name)}”" for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"the {'run' if len(names) == 1 else 'runs'} {quoted}{more}"


def failed_runs(runs: Sequence[WorkflowRun]) -> str:
    """Return which runs did not succeed; "" where all did."""
    failed = [run for run in runs if run.conclusion != "success"]
    if not failed:
        return ""
    items = "\n".join(f"- {run_link(run)}: {run.conclusion}" for run in failed)
    return f"Not every run succeeded, which may be why:\n\n{items}"


def aside_runs(runs: Runs) -> str:
    """Return which runs were not waited for; "" where there are none."""
    if not runs.aside:
        return ""
    items = "\n".join(f"- {run_link(run)}: {run.conclusion or run.status}" for run in runs.aside)
    return f"Not waited for (skipped, waiting for an approval, or GitHub's own):\n\n{items}"


def absent_workflows(runs: Runs) -> str:
    """Return which expected workflows did not run; "" where there are none."""
    if not runs.absent:
        return ""
    return f"Expected, and not run on this commit: {listed(runs.absent)}."


def progress(run: WorkflowRun, seconds: Mapping[int, int]) -> str:
    """Return how far a run is, and how long its workflow usually takes."""
    usual = seconds.get(run.workflow_id, 0)
    minutes = format_count(max(1, round(usual / 60)), "minute")
    return run.status.replace("_", " ") + (f", usually takes {minutes}" if usual else "")


def listed(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    shown = ", ".join(code(name) for name in names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def indented(text: str) -> str:
    """Return a text as an indented code block: nothing in it is Markdown."""
    lines = ["".join(c if c.isprintable() else "�" for c in line) for line in text.splitlines()]
    return "\n".join(f"    {line}" for line in lines) or "    (no reason given)"


def yaml_string(name: str) -> str:
    """Return a name as it stands in YAML."""
    shown = "".join(c if c.isprintable() and c != "`" else "?" for c in name)
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
