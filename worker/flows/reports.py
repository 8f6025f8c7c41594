"""Fetch what CI uploaded and read it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, cast

from worker.core.artifact import FoundReport, NoReport, read_artifact
from worker.core.errors import GoneError, PostponedError, ReportError
from worker.core.model import EMPTY_REPORT, FileCoverage, Report
from worker.core.names import matches_any
from worker.core.paths import Ambiguous, Glob, match_paths
from worker.core.render import Source
from worker.core.render.markdown import code, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from worker.core.config import Config, ReportSource
    from worker.core.formats import Parsed
    from worker.core.refs import Artifact, WorkflowRun
    from worker.core.runs import Runs
    from worker.ports import Effects, GitHub

__all__ = ["MAX_ARCHIVE", "Gathered", "gather_reports"]

MAX_ARCHIVE = 512 * 2**20
"""The longest artifact that is downloaded, in bytes."""

_IN_MEMORY = 16 * 2**20
_DOWNLOAD_TRIES = 3
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found in the artifacts of a commit's runs."""

    report: Report = EMPTY_REPORT
    """All reports merged, under the repository's own paths."""
    sources: tuple[Source, ...] = ()
    problems: tuple[str, ...] = ()
    """What could not be had or read, in Markdown, one sentence each."""
    unmatched: tuple[str, ...] = ()
    """Paths of the reports that are no file of the repository."""
    ambiguous: tuple[Ambiguous, ...] = ()
    """Paths of the reports that may be several files of the repository: not guessed."""
    runs: tuple[WorkflowRun, ...] = ()
    """The runs that the reports are from."""
    artifacts: tuple[Artifact, ...] = ()
    """All artifacts that were listed, matching or not."""
    matched: bool = False
    """Whether an artifact's name matched the configuration, expired or not."""

    @property
    def reported(self) -> int:
        """How many files the reports name, matched or not."""
        return len(self.report) + len(self.unmatched) + len(self.ambiguous)


def gather_reports(
    github: GitHub,
    runs: Runs,
    config: Config,
    repository_paths: Callable[[], frozenset[str]],
    effects: Effects,
    keep_lease: Callable[[], None],
) -> Gathered:
    """Read the matching artifacts of the preferred event's runs that have any.

    `keep_lease` is called between the long steps. `repository_paths` is asked once, and
    only if a report was read. A report that can't be read is a problem, never an exception.
    """
    listed: list[Artifact] = []
    for group in runs.by_event():
        artifacts = [artifact for run in group for artifact in github.artifacts(run.id)]
        listed += artifacts
        wanted = _choose(artifacts, config.reports)
        if wanted:
            reader = _Reader(github, effects, keep_lease)
            for artifact, source in wanted:
                reader.read(artifact, source)
            gathered = reader.gathered(repository_paths)
            return replace(gathered, runs=group, artifacts=tuple(listed), matched=True)
    return Gathered(runs=runs.ended, artifacts=tuple(listed))


def _choose(
    artifacts: Iterable[Artifact], sources: Sequence[ReportSource]
) -> list[tuple[Artifact, ReportSource]]:
    """Return the artifacts that some source asks for, each with the first such source.

    Of two with one name in one run (attempts), the newer one counts.
    """
    newest = {(artifact.run_id, artifact.name): artifact for artifact in sorted(artifacts, key=_id)}
    chosen = []
    for artifact in sorted(newest.values(), key=lambda artifact: (artifact.name, artifact.id)):
        for source in sources:
            if matches_any((source.artifact,), artifact.name):
                chosen.append((artifact, source))
                break
    return chosen


def _id(artifact: Artifact) -> int:
    return artifact.id


class _Reader:
    """Collects the reports, artifact by artifact."""

    def __init__(self, github: GitHub, effects: Effects, keep_lease: Callable[[], None]) -> None:
        self._github = github
        self._effects = effects
        self._keep_lease = keep_lease
        self._read: list[tuple[Parsed, Source]] = []
        self._problems: list[str] = []

    def read(self, artifact: Artifact, source: ReportSource) -> None:
        """Download an artifact and read the reports in it."""
        name = code(artifact.name)
        if artifact.expired:
            self._problems.append(f"artifact {name} has expired: re-run the workflow")
            return
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as archive:
            self._keep_lease()
            try:
                self._github.download(artifact, cast("BinaryIO", archive), limit=MAX_ARCHIVE)
                self._read_archive(artifact, source, cast("BinaryIO", archive))
            except GoneError:
                self._problems.append(f"artifact {name} has expired: re-run the workflow")
            except ReportError as error:
                self._problems.append(f"artifact {name}: {plain(error.reason)}")
            except PostponedError as error:
                self._give_up_or_raise(artifact, error)

    def _read_archive(self, artifact: Artifact, source: ReportSource, archive: BinaryIO) -> None:
        recognised = False
        passed_over: list[str] = []
        archive.seek(0)
        for member in read_artifact(archive, [Glob(pattern) for pattern in source.files]):
            self._keep_lease()
            match member:
                case FoundReport(name, known, parsed):
                    recognised = True
                    made = Source(artifact.name, name, known.name, len(parsed.report), source.flag)
                    self._read.append((parsed, made))
                case NoReport(name):
                    passed_over.append(name)
                case ReportError() as error:
                    recognised = True
                    place = f"{code(artifact.name)}, {code(error.name)}"
                    self._problems.append(f"artifact {place}: {plain(error.reason)}")
        if not recognised:
            found = ", ".join(code(name) for name in passed_over[:_MOST_NAMES])
            self._problems.append(
                f"artifact {code(artifact.name)} holds no coverage report of a known format"
                + (f" (found: {found})" if found else "")
            )

    def _give_up_or_raise(self, artifact: Artifact, error: PostponedError) -> None:
        """Postpone a download that failed, but not for ever: a cut archive stays cut."""
        name = f"download:{artifact.id}"
        tries = int(self._effects.get(name) or 0) + 1
        if error.gate or tries < _DOWNLOAD_TRIES:
            if not error.gate:
                self._effects.put(name, str(tries))
            raise error
        self._effects.remove(name)
        self._problems.append(
            f"artifact {code(artifact.name)} could not be downloaded in {tries} tries: "
            f"{plain(str(error))}"
        )

    def gathered(self, repository_paths: Callable[[], frozenset[str]]) -> Gathered:
        """Match the paths of all reports and merge them."""
        if not self._read:
            return Gathered(problems=tuple(self._problems))
        paths = repository_paths()
        matched: list[FileCoverage] = []
        unmatched: set[str] = set()
        ambiguous: set[Ambiguous] = set()
        for parsed, _source in self._read:
            match = match_paths(parsed.report, parsed.sources, paths)
            matched += match.report
            unmatched |= set(match.unmatched)
            ambiguous |= set(match.ambiguous)
        self._keep_lease()
        return Gathered(
            report=Report.of(matched),
            sources=tuple(sorted((source for _, source in self._read), key=str)),
            problems=tuple(self._problems),
            unmatched=tuple(sorted(unmatched)),
            ambiguous=tuple(sorted(ambiguous, key=lambda one: one.path)),
        )
