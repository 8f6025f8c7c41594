"""The verdict as plain text, for `covgate check` and for logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.model import format_lines
from worker.core.numbers import format_count
from worker.core.render.elsewhere import elsewhere_lines
from worker.core.render.headline import headline, sign
from worker.core.render.insights import insight_lines
from worker.core.render.novelty import class_lines, unmeasured_lines
from worker.core.render.paths import path_lines
from worker.core.verdict import Outcome

if TYPE_CHECKING:
    from worker.core.render.context import Context
    from worker.core.verdict import Verdict

__all__ = ["render_terminal"]

_WORDS = {"pass": "pass", "fail": "FAIL", "neutral": "–"}


def render_terminal(verdict: Verdict, context: Context) -> str:
    """Return the verdict as lines of text; control characters in names are made visible."""
    lines = [f"{sign(verdict, context)} {headline(verdict, context)}", ""]
    lines += [_plain(text) for text in path_lines(context.unfound)]
    width = max(len(_plain(result.title)) for result in verdict.results)
    for result in verdict.results:
        word = _WORDS[result.outcome]
        judged = result.outcome is not Outcome.NEUTRAL
        advice = "" if result.blocking else ", advice only"
        must = f"must be {result.required}" if result.required[:1] in "≥≤" else result.required
        limit = f"  ({must}{advice})" if judged else ""
        lines.append(f"  {word:4}  {_plain(result.title):{width}}  {result.actual}{limit}")
        if not judged:
            lines.append(f"        {'':{width}}  not judged: {_plain(result.summary)}")
    lines += _uncovered(verdict)
    lines += [_plain(text) for text in unmeasured_lines(verdict) + class_lines(verdict)]
    changed = elsewhere_lines(verdict)
    lines += ["", *map(_plain, changed)] if changed else []
    found = insight_lines(verdict)
    lines += ["", *map(_plain, found)] if found else []
    if context.problems or context.unclear:
        lines += ["", "Not read, and so not counted:"]
        lines += [f"  {_plain(text)}" for text in (*context.problems, *context.unclear)]
    lines += [f"note: {_plain(text)}" for text in context.notes]
    return "\n".join(lines) + "\n"


def _uncovered(verdict: Verdict) -> list[str]:
    files = sorted(
        (file for file in verdict.evidence.new_code.files if file.missed),
        key=lambda file: (-file.missed.bit_count(), file.path),
    )
    if not files:
        return []
    total = sum(file.missed.bit_count() for file in files)
    lines = ["", f"{format_count(total, 'uncovered line')} in the new code:"]
    lines += [f"  {_plain(file.path)}: {format_lines(file.missed)}" for file in files]
    return lines


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
