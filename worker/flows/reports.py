"""Fetch what CI uploaded and read it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, cast

from worker.cage import read_report
from worker.core.analysis import merge_flags
from worker.core.artifact import FoundReport, FoundTests, NoReport, NoTests, read_artifact
from worker.core.errors import (
    GoneError,
    NotFoundError,
    PostponedError,
    RefusedError,
    ReportError,
)
from worker.core.model import EMPTY_REPORT, weigh
from worker.core.names import matches_any
from worker.core.paths import Glob, PathMatch, RepositoryPaths, match_reports
from worker.core.render import Source, Unfound
from worker.core.render.markdown import code, plain
from worker.flows.deps import timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from worker.core.config import Config, ReportSource
    from worker.core.formats import Parsed
    from worker.core.junit import TestRun
    from worker.core.model import Report
    from worker.core.paths import PathFix
    from worker.core.refs import Artifact, Sha, WorkflowRun
    from worker.core.runs import Runs
    from worker.flows.deps import Look

__all__ = ["MAX_ARCHIVE", "MAX_REPORTS", "MOST_SOURCES", "MOST_TESTS", "Gathered", "gather_reports"]

MAX_ARCHIVE = 512 * 2**20
"""The longest artifact that is downloaded, in bytes."""

MAX_REPORTS = 192 * 2**20
"""How many bytes the reports of one commit may take together, as they are kept."""

MOST_SOURCES = 300
"""How many source files are fetched for a report that needs them."""

MOST_TESTS = 300_000
"""How many test cases are kept of one commit, over all of its JUnit reports."""

_LONGEST_SOURCE = 2**20
_IN_MEMORY = 16 * 2**20
_MOST_NAMES = 5
_MOST_PROBLEMS = 20


_NOTHING = PathMatch(EMPTY_REPORT)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found in the artifacts of a commit's runs."""

    match: PathMatch = _NOTHING
    """All reports merged, under the repository's own paths."""
    flags: Mapping[str, Report] = field(default_factory=lambda: MappingProxyType({}))
    """The same by flag, of those that have one."""
    sources: tuple[Source, ...] = ()
    unfound: tuple[Unfound, ...] = ()
    """Those of the reports whose paths are not the repository's."""
    problems: tuple[str, ...] = ()
    """What could not be had or read, in Markdown, one sentence each."""
    remarks: tuple[str, ...] = ()
    """What was passed over and is no harm, in Markdown, one sentence each."""
    expired: tuple[str, ...] = ()
    """Names of the artifacts that matched, where all of these have expired."""
    runs: tuple[WorkflowRun, ...] = ()
    """The runs that left an artifact that matched."""
    artifacts: tuple[Artifact, ...] = ()
    """All artifacts that were listed, matching or not."""
    tests: tuple[tuple[str | None, TestRun], ...] = ()
    """The JUnit reports that lay beside them, each with its flag, by artifact and name."""
    test_artifacts: tuple[str, ...] = ()
    """The names of the artifacts that each of `tests` came in."""
    matched: bool = False
    """Whether an artifact's name matched the configuration, expired or not."""

    @property
    def report(self) -> Report:
        """All reports merged, under the repository's own paths."""
        return self.match.report


@timed("reports")
def gather_reports(
    look: Look,
    runs: Runs,
    config: Config,
    tested: Callable[[str], Sha],
    *,
    of_failed: bool = True,
) -> Gathered:
    """Read the matching artifacts of the preferred event's runs that have any.

    The reports' paths are matched with the files at the commit that runs of that event
    `tested`. A report that can't be read is a
    problem, never an exception. Unless `of_failed`, nothing is read where one of the runs
    that left a report did not succeed.
    """
    listed: list[Artifact] = []
    for group in runs.by_event():
        artifacts = [artifact for run in group for artifact in look.github.artifacts(run.id)]
        listed += artifacts
        wanted = _choose(artifacts, config.reports)
        if wanted:
            by_id = {run.id: run for run in group}
            if not of_failed and any(by_id[a.run_id] in runs.failed for a, _ in wanted):
                return Gathered(artifacts=tuple(listed), matched=True)
            reader = _Reader(look, tested(group[0].event), config)
            for artifact, source in wanted:
                reader.read(artifact, source, by_id[artifact.run_id])
            used = {artifact.run_id for artifact, _ in wanted}
            return replace(
                reader.gathered(),
                runs=tuple(run for run in group if run.id in used),
                artifacts=tuple(listed),
                matched=True,
            )
    return Gathered(artifacts=tuple(listed))


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


def _place(found: tuple[str, str, str | None, TestRun]) -> tuple[str, str]:
    return found[0], found[1]


def _id(artifact: Artifact) -> int:
    return artifact.id


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why an artifact, or a report in it, was not read."""

    text: str
    excusable: bool = False
    """Whether it is no harm where other reports were read."""
    expired: str = ""
    """The artifact's name, where it has expired."""
    quiet: bool = False
    """Whether it is not even worth a remark where other reports were read."""


class _Reader:
    """Collects the reports, artifact by artifact."""

    def __init__(self, look: Look, sha: Sha, config: Config) -> None:
        self._look = look
        self._files = _Files(look, sha, config.path_fixes)
        self._ignore = [Glob(pattern) for pattern in config.ignore]
        self._read: list[tuple[Parsed, Source]] = []
        self._problems: list[_Problem] = []
        self._room = MAX_REPORTS
        self._tests: list[tuple[str, str, str | None, TestRun]] = []
        self._tests_left = MOST_TESTS
        self._remarks: list[str] = []

    def read(self, artifact: Artifact, source: ReportSource, run: WorkflowRun) -> None:
        """Download an artifact and read the reports in it."""
        name = code(artifact.name)
        # An earlier attempt's is no problem where a later one left a report, whatever its name.
        old = bool(
            run.attempt > 1
            and artifact.created_at
            and run.started_at
            and artifact.created_at < run.started_at
        )
        if artifact.expired:
            self._note_expired(artifact, old=old)
            return
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spooled:
            archive = cast("BinaryIO", spooled)
            if not self._download(artifact, archive, old=old):
                return
            try:
                self._read_archive(artifact, source, archive, old=old)
            except ReportError as error:
                self._note(f"artifact {name}: {plain(error.reason)}", excusable=old)

    def _download(self, artifact: Artifact, archive: BinaryIO, *, old: bool) -> bool:
        """Fetch an artifact; False where it is noted that it can't be had."""
        self._look.keep_lease()
        try:
            self._look.github.download(artifact, archive, limit=MAX_ARCHIVE)
        except (GoneError, NotFoundError):
            self._note_expired(artifact, old=old)
        except ReportError as error:
            self._note(f"artifact {code(artifact.name)}: {plain(error.reason)}", excusable=old)
        except PostponedError as error:
            self._give_up_or_raise(artifact, error)
        else:
            self._look.effects.remove(f"download:{artifact.id}")
            return True
        return False

    def _read_archive(
        self, artifact: Artifact, source: ReportSource, archive: BinaryIO, *, old: bool
    ) -> None:
        recognised = False
        tests = len(self._tests)
        passed_over: list[str] = []
        archive.seek(0)
        globs = [Glob(pattern) for pattern in source.files]
        for member in read_artifact(archive, globs, self._files.read, read_report):
            self._look.keep_lease()
            match member:
                case FoundReport(name, known, parsed):
                    recognised = True
                    self._room -= weigh(parsed.report)
                    if self._room < 0:
                        raise ReportError(
                            f"{name}: the reports hold too much in sum, and what follows was not "
                            "read; merge them before the upload, or name them by `files`"
                        )
                    made = Source(artifact.name, name, known.name, len(parsed.report), source.flag)
                    self._read.append((parsed, made))
                case FoundTests(name, run):
                    self._keep_tests(artifact, name, source.flag, run)
                case NoTests(name, reason):
                    self._miss_tests(artifact, name, reason)
                case NoReport(name, ""):
                    passed_over.append(code(name))
                case NoReport(name, reason):
                    passed_over.insert(0, f"{code(name)}, which {plain(reason)}")
                case ReportError() as error:
                    recognised = True
                    place = f"{code(artifact.name)}, {code(error.name)}"
                    self._note(f"artifact {place}: {plain(error.reason)}", excusable=old)
        if not recognised:
            found = "; ".join(passed_over[:_MOST_NAMES])
            self._note(
                f"artifact {code(artifact.name)} holds no coverage report of a known format"
                + (f" (found: {found})" if found else ""),
                excusable=True,  # `coverage-html`, beside the report itself
                quiet=len(self._tests) > tests,
            )

    def _keep_tests(self, artifact: Artifact, name: str, flag: str | None, run: TestRun) -> None:
        if len(run) > self._tests_left:
            self._miss_tests(artifact, name, f"there are more than {MOST_TESTS:,} tests in sum")
            return
        self._tests_left -= len(run)
        self._tests.append((artifact.name, name, flag, run))

    def _miss_tests(self, artifact: Artifact, name: str, reason: str) -> None:
        """Remark that a test report was not read: no verdict on coverage hangs on it."""
        place = f"artifact {code(artifact.name)}, {code(name)}"
        self._remarks.append(f"Test report not counted: {place}: {plain(reason)}.")

    def _note(self, text: str, *, excusable: bool, quiet: bool = False) -> None:
        self._problems.append(_Problem(text, excusable, quiet=quiet))

    def _note_expired(self, artifact: Artifact, *, old: bool) -> None:
        text = f"artifact {code(artifact.name)} has expired: re-run the workflow"
        self._problems.append(_Problem(text, old, expired=artifact.name))

    def _give_up_or_raise(self, artifact: Artifact, error: PostponedError) -> None:
        """Postpone a download that failed, but not for ever: a cut archive stays cut."""
        if error.gate:
            raise error
        name = f"download:{artifact.id}"
        now = self._look.deps.clock.now()
        first = self._look.effects.get(name)
        if first is None:
            self._look.effects.put(name, now.isoformat())
        if first is None or now - datetime.fromisoformat(first) < self._look.deps.deadline:
            raise error
        self._look.effects.remove(name)
        text = f"artifact {code(artifact.name)} could not be downloaded: {plain(str(error))}"
        self._note(text, excusable=False)

    def gathered(self) -> Gathered:
        """Match the paths of all reports and merge them."""
        excused = [problem for problem in self._problems if self._read and problem.excusable]
        blamed = [problem for problem in self._problems if problem not in excused]
        expired = tuple(problem.expired for problem in blamed if problem.expired)
        tests = sorted(self._tests, key=_place)
        gathered = Gathered(
            problems=_first([problem.text for problem in blamed]),
            remarks=_first(
                [f"Passed over: {problem.text}." for problem in excused if not problem.quiet]
                + self._remarks
            ),
            tests=tuple((flag, run) for _, _, flag, run in tests),
            test_artifacts=tuple(artifact for artifact, *_ in tests),
            expired=expired if len(expired) == len(blamed) and not self._read else (),
        )
        return self._match(gathered) if self._read else gathered

    def _match(self, gathered: Gathered) -> Gathered:
        pairs = [(parsed.report, parsed.sources) for parsed, _ in self._read]
        match = match_reports(pairs, self._files.paths, self._ignore)
        self._look.keep_lease()
        read = [source for _, source in self._read]
        return replace(
            gathered,
            match=match,
            sources=tuple(sorted(read, key=str)),
            flags=merge_flags(zip((source.flag for source in read), match.parts, strict=True)),
            unfound=tuple(Unfound(read[short.index], short) for short in match.shortfalls),
        )


def _first(texts: list[str]) -> tuple[str, ...]:
    """Return the first few texts, and how many more there are."""
    more = len(texts) - _MOST_PROBLEMS
    return (*texts[:_MOST_PROBLEMS], f"and {more:,} more") if more > 0 else tuple(texts)


class _Files:
    """The repository's files at the tested commit, asked for when they are needed."""

    def __init__(self, look: Look, sha: Sha, fixes: Sequence[PathFix]) -> None:
        self._look = look
        self._sha = sha
        self._fixes = fixes
        self._asked = 0

    @cached_property
    def paths(self) -> RepositoryPaths:
        """All paths, one request."""
        return RepositoryPaths(self._look.github.paths(self._sha), self._fixes, self._read_module)

    def _read_module(self, path: str) -> bytes | None:
        """Return a `go.mod`; None where there is none that a person would have written."""
        self._look.keep_lease()
        try:
            return self._look.github.file(path, self._sha, limit=_LONGEST_SOURCE)
        except RefusedError:
            return None

    def read(self, path: str) -> bytes | None:
        """Return a source file by the path that a report has for it; None where there is none.

        Some reports hold what was executed only, and the sources say what could have been.
        Raises `ReportError` where that takes too many requests, one for each file.
        """
        found = self.paths.find(path)
        if len(found) != 1:
            return None
        self._asked += 1
        if self._asked > MOST_SOURCES:
            raise ReportError(
                f"needs more than {MOST_SOURCES} source files to be read; upload what "
                "`coverage xml` or `coverage json` makes of it"
            )
        self._look.keep_lease()
        return self._look.github.file(found[0], self._sha, limit=_LONGEST_SOURCE)
