"""`covgate check`: the engine of the pull requests, on a local checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.checkout import merge_suites, read_material, read_suites
from bot.given import Files, read_file, read_reports, split_flags
from worker.core.analysis import analyze, count_as_configured
from worker.core.config import DEFAULT_CONFIG, Config, parse_config
from worker.core.errors import CovgateError, DiffIncompleteError
from worker.core.render import Context, Unfound
from worker.core.render.messages import CONFIG_PATH
from worker.core.render.paths import unclear_paths
from worker.core.render.remarks import path_remarks
from worker.core.replay import decode_replay, encode_replay
from worker.core.verdict import Baseline, Inputs, Verdict
from worker.localgit import LocalGit

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from worker.core.diff import Diff
    from worker.core.model import Report
    from worker.core.refs import Sha

__all__ = ["check_checkout", "read_config", "replay", "save"]


def save(file: Path, verdict: Verdict, context: Context) -> None:
    """Write the inputs of a verdict, from which `replay` makes it again."""
    file.write_bytes(encode_replay(verdict.evidence.inputs, context))


def replay(file: Path) -> tuple[Verdict, Context]:
    """Judge once more what `save` or `covgate export` kept; raises `CovgateError`."""
    try:
        inputs, context = decode_replay(read_file(file))
    except CovgateError as error:
        raise CovgateError(f"{file}: {error}") from error
    return analyze(inputs), context


def check_checkout(
    folder: Path,
    files: Files,
    base: str | None,
    head: str | None,
    before: Files,
    config: Path | None,
    today: date,
) -> tuple[Verdict, Context]:
    """Judge the reports of `head` (None: the working tree) against the merge base with `base`.

    `before` are the reports of the merge base. Raises `CovgateError` where an input can't be
    used.
    """
    git = LocalGit(folder)
    base_ref = base or git.default_base()
    merge_base = git.merge_base(base_ref, head)
    rules = read_config(git, base_ref, config)
    match, sources = read_reports(files.reports, git, head, rules)
    baseline = _baseline(before, git, merge_base, rules)
    diff = git.diff(base_ref, head)
    _check_whole(diff, count_as_configured(match.report, rules))
    unclear = unclear_paths(match.ambiguous, diff, rules.ignore)
    if unclear:
        raise CovgateError(f"the reports' path {unclear[0]}")
    suites = read_suites(files.tests)
    verdict = analyze(
        Inputs(
            report=match.report,
            flags=split_flags(files.reports, match),
            diff=diff,
            config=rules,
            baseline=baseline,
            no_baseline="no report of the base was given (--baseline FILE)",
            tests=merge_suites(suites),
            suites=suites,
            material=read_material(git, head, match.report, rules, today, (merge_base, diff)),
        )
    )
    context = Context(
        head=git.sha(head or "HEAD"),
        merge_base=merge_base,
        base_ref=base_ref,
        sources=sources,
        unfound=tuple(Unfound(sources[short.index], short) for short in match.shortfalls),
        notes=(*path_remarks(match), *_same(git, base_ref, merge_base, head, diff)),
        tests=tuple((flag or None, run) for flag, run in suites.items()),
    )
    return verdict, context


def _baseline(before: Files, git: LocalGit, merge_base: Sha, rules: Config) -> Baseline | None:
    if not before.reports:
        return None
    found = read_reports(before.reports, git, merge_base, rules)[0]
    return Baseline(
        merge_base,
        0,
        found.report,
        split_flags(before.reports, found),
        merge_suites(read_suites(before.tests)),
    )


def _same(
    git: LocalGit, base_ref: str, merge_base: str, head: str | None, diff: Diff
) -> tuple[str, ...]:
    """Say where nothing can be new: a clone of one branch has only itself to compare with."""
    if len(diff) or git.sha(head or "HEAD") != merge_base:
        return ()
    text = (
        f"{head or 'HEAD'} is in {base_ref} already, so nothing is new: name the branch that it "
        "is to be merged into by --base"
    )
    return (text,)


def _check_whole(diff: Diff, report: Report) -> None:
    unseen = [path for path in diff.incomplete if path in report.files]
    if unseen:
        raise DiffIncompleteError(
            f"git shows no lines of {unseen[0]}, which the reports measure: it is taken for binary "
            "and too long to look into; shorten it, or leave it out of the reports"
        )


def read_config(git: LocalGit, ref: str | None, file: Path | None) -> Config:
    """Return the configuration of a file, or of a commit (None: the working tree).

    Of the base, as a pull request has it. Raises `CovgateError`.
    """
    data = read_file(file) if file is not None else _config_of(git, ref)
    if data is None:
        return DEFAULT_CONFIG
    try:
        return parse_config(data)
    except CovgateError as error:
        place = f"{CONFIG_PATH} of {ref}" if ref is not None else CONFIG_PATH
        raise CovgateError(f"{file or place}: {error}") from error


def _config_of(git: LocalGit, ref: str | None) -> bytes | None:
    if ref is None:
        return next((data for _, data in git.contents([CONFIG_PATH])), None)
    data = git.file(CONFIG_PATH, ref)
    if data is None and git.holds(CONFIG_PATH, ref):
        raise CovgateError(
            f"{CONFIG_PATH} of {ref} is a folder, a link or a submodule: make it a "
            "plain file, or name one by --config"
        )
    return data
