"""`status`: what is awaited, what there is, and what is overridden."""

from __future__ import annotations

from worker.core.config import DEFAULT_CONFIG
from worker.core.overrides import Override
from worker.core.render.situation import Situation, render_situation
from worker.core.runs import assess_runs
from worker.flows.asking import Answer, Call, CommandKind

__all__ = ["COMMAND"]


def _run(call: Call) -> Answer:
    look, pull = call.look, call.pull
    config = call.config or DEFAULT_CONFIG
    records = look.deps.store.overrides(look.repository.id, pull.number)
    held = tuple(
        Override(one.who, one.reason, one.made_at, one.gate, one.until)
        for one in records
        if one.ended_at is None and one.head_sha == pull.head_sha
    )
    verdict = look.deps.store.verdict(look.repository.id, pull.number, pull.head_sha)
    situation = Situation(
        head=pull.head_sha,
        base_ref=pull.base_ref,
        runs=assess_runs(look.github.runs(pull.head_sha), config.workflows),
        conclusion=verdict.conclusion if verdict is not None else "",
        title=verdict.title if verdict is not None else "",
        overrides=held,
        config_is_broken=call.config is None,
    )
    return Answer(done=True, text=render_situation(situation))


COMMAND = CommandKind("status", "", "Tells what is awaited, and what there is so far.", _run)
