"""Texts for when there is no verdict: what is awaited or missing, and what to do about it.

Each function returns a `Message`, ready to be published as a check and, where a person has
to do something, as the comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.core.names import matches_any
from worker.core.numbers import format_count
from worker.core.render.check import Page
from worker.core.render.comment import MARKER
from worker.core.render.headline import SIGNS, overridden_by
from worker.core.render.markdown import code, plain, truncate_bytes, visible
from worker.core.render.overrides import overrides_text
from worker.core.render.paths import candidates, path_todo
from worker.core.render.phrases import (
    MOST_NAMES,
    absent_workflows,
    aside_runs,
    failed_runs,
    indented,
    listed,
    plain_name,
    progress,
    quoted_runs,
    run_link,
    yaml_string,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from worker.core.config import Config
    from worker.core.overrides import Override
    from worker.core.paths import Shortfall
    from worker.core.refs import Artifact, Sha
    from worker.core.render.context import Conclusion
    from worker.core.runs import Runs

__all__ = [
    "CONFIG_PATH",
    "Message",
    "broken_config",
    "deadline_passed",
    "diff_incomplete",
    "expired",
    "internal_error",
    "never_reported",
    "no_artifact",
    "no_group_base",
    "no_path_matched",
    "nothing_measured",
    "nothing_readable",
    "overridden",
    "reading",
    "refused",
    "superseded",
    "unreachable",
    "waiting",
    "waiting_for_base",
]

CONFIG_PATH = ".github/covgate.yml"

_REPORT_LIKE = re.compile("cov|lcov|report|jacoco|clover", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Message:
    """A check without a verdict. `conclusion` is None while it waits."""

    conclusion: Conclusion | None
    page: Page
    comments: bool = True
    """Whether the pull request's comment says it too."""

    @property
    def comment(self) -> str:
        """The comment's Markdown."""
        mark = SIGNS[self.conclusion or "neutral"]
        text = f"{MARKER}\n### {mark} {plain(self.page.title)}\n\n{self.page.summary}\n"
        return truncate_bytes(text, 65_000)


def waiting(
    runs: Runs, deadline: datetime, seconds: Mapping[int, int] = MappingProxyType({})
) -> Message:
    """Say which runs a verdict waits for, and when it stops to wait.

    `seconds` is how long a workflow usually takes. Times of day are told, for a check's text
    stays as it was written.
    """
    names = [*(run.name for run in runs.awaited), *runs.absent]
    total = len(names) + len(runs.ended)
    if names:
        quoted = ", ".join(f"“{plain_name(name)}”" for name in names[:MOST_NAMES])
        title = f"Waiting for {len(names)} of {format_count(total, 'workflow')}: {quoted}"
        items = [f"- {run_link(run)}: {progress(run, seconds)}" for run in runs.awaited]
        items += [
            f"- {code(name)}: no run yet. If none begins within a few minutes after all others "
            "have ended, the verdict is made without it."
            for name in runs.absent
        ]
        body = "\n".join(items)
    else:
        title = "Waiting for CI"
        body = (
            "No workflow of this commit had started when this was written. When every one has "
            "ended, its reports are judged."
        )
    end = (
        f"At {deadline:%H:%M} UTC ({deadline:%d %b}), or later while CI shows signs of life, this "
        "check ends and says what is missing."
    )
    parts = (body, aside_runs(runs), end)
    return Message(None, _page(title, *parts), comments=False)


def overridden(message: Message, overrides: Sequence[Override], head: Sha) -> Message:
    """Say that a person lets it in, on top of what keeps a verdict away."""
    who = overridden_by(overrides)
    page = _page(
        f"{who[0].upper()}{who[1:]}; {message.page.title}",
        overrides_text(overrides, head),
        message.page.summary,
    )
    return Message("success", page, comments=message.comments)


def reading(runs: Runs) -> Message:
    """Say that CI has ended, while its reports are being read."""
    ended = "\n".join(f"- {run_link(run)}: {run.conclusion}" for run in runs.ended)
    page = _page("CI has ended: reading its coverage reports", ended, aside_runs(runs))
    return Message(None, page, comments=False)


def waiting_for_base(merge_base: Sha, base_ref: str) -> Message:
    """Say that the baseline is not made yet."""
    page = _page(
        "Waiting for CI on the commit that this is compared with",
        f"The runs of {code(base_ref)} at `{merge_base[:7]}` have not ended; the report that they "
        "leave is the baseline.",
    )
    return Message(None, page, comments=False)


def deadline_passed(runs: Runs) -> Message:
    """Say what did not come in time."""
    if runs.awaited:
        names = ", ".join(f"“{plain_name(run.name)}”" for run in runs.awaited[:MOST_NAMES])
        title = f"No verdict: {names} did not end in time"
        body = "\n".join(
            f"- {run_link(run)}: {run.status.replace('_', ' ')}" for run in runs.awaited
        )
        todo = "Cancel it or wait for it: when it ends, this check is made anew by itself."
    else:
        title = "No verdict: no workflow ran on this commit"
        body = "Covgate reads the coverage report that a GitHub Actions workflow uploads."
        todo = (
            "If a path filter skips the workflow, let it run for every pull request. If it needs "
            "an approval (first-time contributors), approve it. When a run ends, this check is "
            "made anew by itself."
        )
    return Message(
        "action_required", _page(title, body, absent_workflows(runs), aside_runs(runs), todo)
    )


def no_artifact(runs: Runs, found: Sequence[Artifact], config: Config, base_ref: str) -> Message:
    """Say that runs ended without a matching artifact, what they left, and how to name it."""
    patterns = ", ".join(code(source.artifact) for source in config.reports)
    names = sorted({artifact.name for artifact in found})
    wanted = " or ".join(f"“{plain_name(source.artifact)}”" for source in config.reports)
    left = f"Found: {listed(names)}." if names else "No artifact was uploaded at all."
    example = next((name for name in names if _REPORT_LIKE.search(name)), "NAME")
    return Message(
        "action_required",
        _page(
            f"No verdict: {quoted_runs(runs.ended)} ended without an artifact matching {wanted}",
            f"{left} Looked for: {patterns}.",
            failed_runs(runs.ended),
            absent_workflows(runs),
            aside_runs(runs),
            f"If the report has another name, add it to {code(CONFIG_PATH)} on "
            f"{code(base_ref)}, then press “Re-run” on this check:\n\n```yaml\nversion: 1\n"
            f"reports:\n  - artifact: {yaml_string(example)}\n```",
            "If no report is uploaded yet, add this step after the tests:\n\n"
            + _upload_step(config),
        ),
    )


def never_reported(runs: Runs, found: Sequence[Artifact], config: Config) -> Message:
    """Tell a repository that never had a report how to get one; the check stays neutral."""
    names = sorted({artifact.name for artifact in found})
    left = f" (found: {listed(names)})" if names else ""
    ended = ", ".join(run_link(run) for run in runs.ended[:MOST_NAMES])
    return Message(
        "neutral",
        _page(
            "No coverage report yet: five lines make CI upload one",
            f"These runs ended without an artifact that matches `coverage*`{left}: {ended}. "
            "Add this step after the tests:",
            _upload_step(config),
            aside_runs(runs),
            "From the first report on, every pull request is judged; nothing is blocked till then.",
        ),
        comments=False,
    )


def expired(names: Sequence[str]) -> Message:
    """Say that the reports were there and are no longer kept."""
    return Message(
        "action_required",
        _page(
            "No verdict: the coverage artifacts have expired",
            f"Expired: {listed(names)}.",
            "Re-run the workflow: it uploads them anew, and this check is made anew by itself.",
        ),
    )


def nothing_readable(problems: Sequence[str]) -> Message:
    """Say that reports were there and none could be read."""
    body = "\n".join(f"- {problem}" for problem in problems)
    return Message(
        "action_required",
        _page(
            f"No verdict: {format_count(len(problems), 'report')} could not be read",
            body,
            "Mend the step that makes or uploads the report, then re-run CI.",
        ),
    )


def nothing_measured(names: Sequence[str]) -> Message:
    """Say that the reports were read and measure nothing at all."""
    return Message(
        "action_required",
        _page(
            "No verdict: the coverage report measures no line",
            f"Read: {listed(names)}.",
            "Most often the tests did not run, or the tool was told to measure another folder. "
            "Mend that, then re-run CI.",
        ),
    )


def no_path_matched(paths: Sequence[str], shortfalls: Sequence[Shortfall] = ()) -> Message:
    """Say that none of the paths that the reports name is a file of the repository."""
    unclear = {one.path: one for short in shortfalls for one in short.ambiguous}
    shown = "\n".join(
        f"- {code(path)}"
        + (f", which may be {candidates(unclear[path], code)}" if path in unclear else "")
        for path in paths[:MOST_NAMES]
    )
    return Message(
        "action_required",
        _page(
            "No verdict: none of the report's files is in this repository"
            if not unclear
            else "No verdict: it is not clear which files the report means",
            f"It names {format_count(len(paths), 'file')}, for example:\n\n{shown}",
            *(path_todo(shortfalls[0]) if shortfalls and shortfalls[0].fixes else ()),
            "Make the test tool write paths relative to the repository's root (coverage.py: "
            "`relative_files = true`), then re-run CI.",
        ),
    )


def broken_config(reason: str, base_ref: str) -> Message:
    """Say where the configuration is wrong."""
    return Message(
        "action_required",
        _page(
            f"No verdict: {CONFIG_PATH} on the base branch cannot be used",
            f"{code(CONFIG_PATH)} on {code(base_ref)}:\n\n{indented(reason)}",
            "Mend it on the base branch: a pull request is judged by its base's configuration, so "
            "that it can't loosen its own gate. `covgate config FILE` checks one before it is "
            "pushed. Then press “Re-run” on this check.",
        ),
    )


def diff_incomplete(reason: str) -> Message:
    """Say that the diff could not be had whole."""
    return Message(
        "action_required",
        _page(
            "No verdict: the diff could not be had whole",
            indented(reason),
            "Split the pull request, or leave generated files out of it: what can't be seen "
            "can't be judged, and is never taken for covered.",
        ),
    )


def refused(reason: str) -> Message:
    """Say what GitHub does not give."""
    return Message(
        "action_required",
        _page(
            "No verdict: GitHub did not give what is needed",
            indented(reason),
            "Something was deleted, or the App may not see it: somebody who administers the "
            "installation has to look at the App's permissions. Then press “Re-run” on this check.",
        ),
    )


def no_group_base() -> Message:
    """Say that nobody knows what a merge queue's commit goes into."""
    return Message(
        "action_required",
        _page(
            "No verdict: GitHub did not tell what this merge group is based on",
            "Its delivery does not name the base, and no workflow has run for it.",
            "Take the pull request out of the merge queue and queue it again. A workflow takes "
            "part in a merge queue where it has `on: merge_group`.",
        ),
        comments=False,
    )


def unreachable(reason: str) -> Message:
    """Say that GitHub has not answered for a long time; it is still tried."""
    return Message(
        "action_required",
        _page(
            "No verdict yet: GitHub has not answered for a long time",
            indented(reason),
            "Covgate tries again by itself. If GitHub works for everybody else, this pull request "
            "may be too large for it to compare: split it.",
        ),
    )


def superseded(head: Sha) -> Message:
    """Close the check of a commit that is no longer a pull request's head."""
    return Message(
        "action_required",
        _page(
            f"Superseded by {head[:7]}: only the newest commit is judged",
            f"The pull request's head is `{head}` now; the verdict stands there.",
        ),
        comments=False,
    )


def internal_error(tries: int) -> Message:
    """Say that judging this commit failed again and again, and stop trying."""
    return Message(
        "action_required",
        _page(
            "No verdict: Covgate failed on this commit",
            f"It was tried {tries} times and no try came to an end. That is a defect of Covgate "
            "or a report that is too large for the machine it runs on.",
            "Re-run CI or push again to have it tried once more. The log of the worker has the "
            "cause; whoever runs Covgate can look there.",
        ),
    )


def _upload_step(config: Config) -> str:
    """Return the step that uploads a report under a name that the configuration looks for."""
    pattern = config.reports[0].artifact
    name = next(
        (
            name
            for name in ("coverage", *(pattern.replace("*", part) for part in ("unit", "")))
            if matches_any((pattern,), name)
        ),
        pattern,
    )
    return f"""```yaml
- uses: actions/upload-artifact@v4
  if: always()
  with:
    name: {yaml_string(name)}
    path: coverage.xml   # or lcov.info, coverage.json, …
```"""


def _page(title: str, *parts: str) -> Page:
    title = visible(title)
    title = title if len(title) <= 255 else f"{title[:254]}…"
    return Page(title, truncate_bytes("\n\n".join(part for part in parts if part), 65_000))
