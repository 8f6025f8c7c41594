"""`covgate check`: the engine of the pull requests, on a local checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.analysis import analyze
from worker.core.config import DEFAULT_CONFIG, Config, parse_config
from worker.core.errors import CovgateError, DiffIncompleteError, ReportError
from worker.core.formats import read
from worker.core.model import Report
from worker.core.numbers import format_count
from worker.core.paths import match_paths
from worker.core.render import Context, Source
from worker.core.render.messages import CONFIG_PATH
from worker.core.verdict import Baseline, Verdict
from worker.localgit import LocalGit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
    report, sources, unmatched = _read_reports(reports, git.paths(head), str(git.root))
    before = None
    if baseline:
        place = f"{base_ref} at {merge_base[:7]}"
        before = Baseline(merge_base, 0, _read_reports(baseline, git.paths(merge_base), place)[0])
    diff = git.diff(base_ref, head)
    unseen = [path for path in diff.incomplete if path in report.files]
    if unseen:
        raise DiffIncompleteError(
            f"git shows no lines of {unseen[0]}, which the reports measure: it is taken for binary "
            "and too long to look into; shorten it, or leave it out of the reports"
        )
    verdict = analyze(
        report,
        diff,
        before,
        rules,
        no_baseline="no report of the base was given (--baseline FILE)",
    )
    notes: tuple[str, ...] = ()
    if unmatched:
        count = format_count(len(unmatched), "file")
        notes = (f"The reports name {count} that this checkout does not have: left out.",)
    context = Context(
        head=git.sha(head or "HEAD"),
        merge_base=merge_base,
        base_ref=base_ref,
        sources=sources,
        notes=notes,
    )
    return verdict, context


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
    files: Sequence[Path], paths: frozenset[str], place: str
) -> tuple[Report, tuple[Source, ...], list[str]]:
    """Return the reports as one, each one's origin, and the paths that `paths` has not.

    Raises `CovgateError` where nothing is left of them; `place` says where the paths are.
    """
    merged = Report()
    sources: list[Source] = []
    unmatched: set[str] = set()
    for path in files:
        data = read_file(path)
        try:
            known, parsed = read(data)
        except ReportError as error:
            raise error.named(str(path)) from error
        match = match_paths(parsed.report, parsed.sources, paths)
        merged = merged.merge(match.report)
        unmatched |= set(match.unmatched)
        sources.append(Source("", str(path), known.name, len(parsed.report)))
    if not merged.files:
        names = ", ".join(str(path) for path in files)
        raise CovgateError(
            f"none of the {format_count(len(unmatched), 'file')} in {names} is in {place}: run the "
            f"tests there, or make paths relative (for example {min(unmatched)!r})"
            if unmatched
            else f"{names}: no file is measured; did the tests run with coverage?"
        )
    return merged, tuple(sources), sorted(unmatched)
