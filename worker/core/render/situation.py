"""How a pull request stands: what is awaited, what there is, what is overridden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.numbers import format_count
from worker.core.render.headline import SIGNS
from worker.core.render.markdown import code, link, plain
from worker.core.render.overrides import overrides_text

if TYPE_CHECKING:
    from worker.core.overrides import Override
    from worker.core.refs import Sha, WorkflowRun
    from worker.core.runs import Runs

__all__ = ["Situation", "render_situation"]

_MOST = 20


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a head; `conclusion` and `title` are "" while it was never concluded."""

    head: Sha
    base_ref: str
    runs: Runs
    conclusion: str = ""
    title: str = ""
    overrides: tuple[Override, ...] = ()
    config_is_broken: bool = False


def render_situation(situation: Situation) -> str:
    """Return the reply to `status`."""
    runs = situation.runs
    parts = [f"Head `{situation.head[:7]}` against {code(situation.base_ref)}: {_first(situation)}"]
    items = [f"- awaited: {_run(run)}, {run.status.replace('_', ' ')}" for run in runs.awaited]
    items += [f"- ended: {_run(run)}, {run.conclusion}" for run in runs.ended]
    items += [
        f"- not waited for: {_run(run)}, {(run.conclusion or run.status).replace('_', ' ')}"
        for run in runs.aside
    ]
    if len(items) > _MOST:
        items = [*items[:_MOST], f"- … and {format_count(len(items) - _MOST, 'more run')}"]
    if items:
        parts.append("\n".join(items))
    if situation.title:
        sign = SIGNS.get(situation.conclusion, "")
        parts.append(f"So far: {sign} {plain(situation.title)}")
    if situation.config_is_broken:
        parts.append(
            "The configuration on the base branch has a mistake, which keeps from judging."
        )
    parts.append(overrides_text(situation.overrides, situation.head))
    return "\n\n".join(part for part in parts if part)


def _first(situation: Situation) -> str:
    runs = situation.runs
    total = len(runs.awaited) + len(runs.ended)
    if runs.awaited:
        return f"waiting for {len(runs.awaited)} of {format_count(total, 'workflow')}."
    if runs.ended:
        return "nothing is awaited, every workflow has ended."
    return "no workflow has started on it."


def _run(run: WorkflowRun) -> str:
    return link(code(run.name), run.url) if run.url else code(run.name)
