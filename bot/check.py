"""`covgate check`: the engine of the pull requests, on a local checkout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from worker.core.analysis import analyze, count_as_configured, merge_flags
from worker.core.config import DEFAULT_CONFIG, Config, parse_config
from worker.core.errors import CovgateError, DiffIncompleteError, ReportError
from worker.core.formats import read
from worker.core.numbers import format_count
from worker.core.paths import Glob, PathMatch, RepositoryPaths, match_reports
from worker.core.render import Context, Source, Unfound
from worker.core.render.messages import CONFIG_PATH
from worker.core.render.paths import fix_text, unclear_paths
from worker.core.render.remarks import path_remarks
from worker.core.replay import decode_replay, encode_replay
from worker.core.verdict import Baseline, Inputs, Verdict
from worker.localgit import LocalGit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.diff import Diff
    from worker.core.model import Report

__all__ = ["Given", "check_checkout", "given", "read_file", "replay", "save"]


@dataclass(frozen=True, slots=True)
class Given:
    """A report of the command line, with its flag where one was given."""

    path: Path
    flag: str | None = None


def given(argument: str) -> Given:
    """Return what `FILE` or `FLAG=FILE` says; a file whose own name has a "=" comes first."""
    flag, separator, name = argument.partition("=")
    if not separator or not flag or Path(argument).exists():
        return Given(Path(argument))
    return Given(Path(name), flag)


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
    reports: Sequence[Given],
    base: str | None,
    head: str | None,
    baseline: Sequence[Given],
    config: Path | None,
) -> tuple[Verdict, Context]:
    """Judge reports of `head` (None: the working tree) against the merge base with `base`.

    Raises `CovgateError` where an input can't be used.
    """
    git = LocalGit(folder)
    base_ref = base or git.default_base()
    merge_base = git.merge_base(base_ref, head)
    rules = _config(git, base_ref, config)
    match, sources = _read_reports(reports, git, head, rules)
    before = None
    if baseline:
        found = _read_reports(baseline, git, merge_base, rules)[0]
        before = Baseline(merge_base, 0, found.report, _flags(baseline, found))
    diff = git.diff(base_ref, head)
    _check_whole(diff, count_as_configured(match.report, rules))
    unclear = unclear_paths(match.ambiguous, diff, rules.ignore)
    if unclear:
        raise CovgateError(f"the reports' path {unclear[0]}")
    verdict = analyze(
        Inputs(
            report=match.report,
            flags=_flags(reports, match),
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
        unfound=tuple(Unfound(sources[short.index], short) for short in match.shortfalls),
        notes=(*path_remarks(match), *_same(git, base_ref, merge_base, head, diff)),
    )
    return verdict, context


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


def read_file(path: Path) -> bytes:
    """Return a file's bytes; `CovgateError` says which could not be read and why."""
    try:
        return path.read_bytes()
    except OSError as error:
        hint = "; name the file in it" if isinstance(error, IsADirectoryError) else ""
        raise CovgateError(f"{path} can't be read: {error.strerror or error}{hint}") from error


def _config(git: LocalGit, base_ref: str, file: Path | None) -> Config:
    """Return the configuration of a file, or of the base as a pull request would have it."""
    data = read_file(file) if file is not None else git.file(CONFIG_PATH, base_ref)
    if data is None:
        if git.holds(CONFIG_PATH, base_ref):
            raise CovgateError(
                f"{CONFIG_PATH} of {base_ref} is a folder, a link or a submodule: make it a "
                "plain file, or name one by --config"
            )
        return DEFAULT_CONFIG
    try:
        return parse_config(data)
    except CovgateError as error:
        place = str(file) if file is not None else f"{CONFIG_PATH} of {base_ref}"
        raise CovgateError(f"{place}: {error}") from error


def _read_reports(
    files: Sequence[Given], git: LocalGit, commit: str | None, rules: Config
) -> tuple[PathMatch, tuple[Source, ...]]:
    """Return the reports as one under the paths at `commit` (None: the working tree).

    Raises `CovgateError` where a report can't be read, or nothing is left of them.
    """

    def read_own(path: str) -> bytes | None:
        return git.file(path, commit) if commit else (git.root / path).read_bytes()

    repository = RepositoryPaths(git.paths(commit), rules.path_fixes, read_own)

    def read_source(path: str) -> bytes | None:
        found = repository.find(path)
        return read_own(found[0]) if len(found) == 1 else None

    pairs: list[tuple[Report, Sequence[str]]] = []
    sources: list[Source] = []
    for one in files:
        path = one.path
        try:
            known, parsed = read(read_file(path), read_source)
        except ReportError as error:
            raise error.named(str(path)) from error
        pairs.append((parsed.report, parsed.sources))
        sources.append(Source("", str(path), known.name, len(parsed.report), one.flag))
    ignore = [Glob(pattern) for pattern in rules.ignore]
    match = match_reports(pairs, repository, ignore)
    if not match.report.lines.total:
        raise CovgateError(_why_nothing(files, match, commit[:7] if commit else str(git.root)))
    return match, tuple(sources)


def _flags(files: Sequence[Given], match: PathMatch) -> Mapping[str, Report]:
    return merge_flags(zip((one.flag for one in files), match.parts, strict=True))


def _why_nothing(files: Sequence[Given], match: PathMatch, place: str) -> str:
    names = ", ".join(str(one.path) for one in files)
    if match.unmatched:
        count = format_count(len(match.unmatched), "file")
        fixes = [fix for short in match.shortfalls for fix in short.fixes]
        mend = f", or set path_fixes: [{fix_text(fixes[0])}]" if fixes else ""
        return (
            f"none of the {count} in {names} is in {place}: run the tests there, or make paths "
            f"relative (for example {match.unmatched[0]!r}){mend}"
        )
    if match.ambiguous:
        first = match.ambiguous[0]
        return (
            f"{names}: {first.path!r} may be {' or '.join(first.candidates)} of {place}: make "
            "the paths relative to the top of the checkout"
        )
    return f"{names}: no line is measured; did the tests run with coverage?"
