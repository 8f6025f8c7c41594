"""`covgate check`: the engine of the pull requests, on a local checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.analysis import analyze, count_as_configured
from worker.core.config import DEFAULT_CONFIG, Config, parse_config
from worker.core.errors import CovgateError, DiffIncompleteError, ReportError
from worker.core.formats import read
from worker.core.numbers import format_count
from worker.core.paths import PathMatch, RepositoryPaths, match_reports
from worker.core.render import Context, Source
from worker.core.render.messages import CONFIG_PATH
from worker.core.render.remarks import path_remarks
from worker.core.verdict import Baseline, Inputs, Verdict
from worker.localgit import LocalGit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from worker.core.diff import Diff
    from worker.core.model import Report

__all__ = ["check_checkout", "read_file"]


def check_checkout(
    folder: Path,
    reports: Sequence[Path],
    base: str | None,
    head: str | None,
    baseline: Sequence[Path],
    config: Path | None,
) -> tuple[Verdict, Context]:
    """Judge reports of `head` (None: the working tree) against the merge base with `base`.

    Raises `CovgateError` where an input can't be used.
    """
    git = LocalGit(folder)
    base_ref = base or git.default_base()
    merge_base = git.merge_base(base_ref, head)
    rules = _config(git, base_ref, config)
    match, sources = _read_reports(reports, git, head)
    before = None
    if baseline:
        before = Baseline(merge_base, 0, _read_reports(baseline, git, merge_base)[0].report)
    diff = git.diff(base_ref, head)
    _check_whole(diff, count_as_configured(match.report, rules))
    verdict = analyze(
        Inputs(
            report=match.report,
            diff=diff,
            config=rules,
            baseline=before,
            no_baseline="no report of the base was given (--baseline FILE)",
        )
    )
    context = Context(
        head=git.sha(head or "HEAD"),
        merge_base=merge_base,
        base_ref=base_ref,
        sources=sources,
        notes=tuple(path_remarks(match)),
    )
    return verdict, context


def _check_whole(diff: Diff, report: Report) -> None:
    unseen = [path for path in diff.incomplete if path in report.files]
    if unseen:
        raise DiffIncompleteError(
            f"git shows no lines of {unseen[0]}, which the reports measure: it is taken for binary "
            "and too long to look into; shorten it, or leave it out of the reports"
        )


def read_file(path: Path) -> bytes:
    """Return a file's bytes; `CovgateError` says which could not be read and why."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CovgateError(f"{path} can't be read: {error.strerror or error}") from error


def _config(git: LocalGit, base_ref: str, file: Path | None) -> Config:
    """Return the configuration of a file, or of the base as a pull request would have it."""
    data = read_file(file) if file is not None else git.file(CONFIG_PATH, base_ref)
    if data is None:
        return DEFAULT_CONFIG
    try:
        return parse_config(data)
    except CovgateError as error:
        place = str(file) if file is not None else f"{CONFIG_PATH} of {base_ref}"
        raise CovgateError(f"{place}: {error}") from error


def _read_reports(
    files: Sequence[Path], git: LocalGit, commit: str | None
) -> tuple[PathMatch, tuple[Source, ...]]:
    """Return the reports as one under the paths at `commit` (None: the working tree).

    Raises `CovgateError` where a report can't be read, or nothing is left of them.
    """
    repository = RepositoryPaths(git.paths(commit))

    def read_source(path: str) -> bytes | None:
        found = repository.find(path)
        if len(found) != 1:
            return None
        return git.file(found[0], commit) if commit else (git.root / found[0]).read_bytes()

    pairs: list[tuple[Report, Sequence[str]]] = []
    sources: list[Source] = []
    for path in files:
        try:
            known, parsed = read(read_file(path), read_source)
        except ReportError as error:
            raise error.named(str(path)) from error
        pairs.append((parsed.report, parsed.sources))
        sources.append(Source("", str(path), known.name, len(parsed.report)))
    match = match_reports(pairs, repository)
    if not match.report.lines.total:
        raise CovgateError(_why_nothing(files, match, commit[:7] if commit else str(git.root)))
    return match, tuple(sources)


def _why_nothing(files: Sequence[Path], match: PathMatch, place: str) -> str:
    names = ", ".join(str(path) for path in files)
    if match.unmatched:
        count = format_count(len(match.unmatched), "file")
        return (
            f"none of the {count} in {names} is in {place}: run the tests there, or make paths "
            f"relative (for example {match.unmatched[0]!r})"
        )
    if match.ambiguous:
        first = match.ambiguous[0]
        return (
            f"{names}: {first.path!r} may be {' or '.join(first.candidates)} of {place}: make "
            "the paths relative to the top of the checkout"
        )
    return f"{names}: no line is measured; did the tests run with coverage?"
