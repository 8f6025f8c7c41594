"""What a local checkout tells beside its reports: files, their history, tests, thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.given import read_file
from bot.kept_facts import KeptFacts
from worker.core.analysis import count_as_configured
from worker.core.errors import ReportError
from worker.core.junit import NO_TESTS, TestRun, parse_junit
from worker.core.material import Material
from worker.core.static import rank_files, resolve_versions
from worker.core.static.choosing import MOST_BYTES
from worker.core.thresholds import (
    MAX_CHARACTERS,
    MOST_FILES,
    find_thresholds,
    is_threshold_path,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from bot.given import Given
    from worker.core.config import Config
    from worker.core.diff import Diff
    from worker.core.material import Threshold
    from worker.core.model import Report
    from worker.core.refs import Sha
    from worker.core.static import FileFacts
    from worker.localgit import LocalGit

__all__ = ["CHURN_DAYS", "merge_suites", "read_material", "read_suites"]

CHURN_DAYS = 90
"""So many days of history tell how often files change."""


def read_material(
    git: LocalGit,
    head: str | None,
    report: Report,
    config: Config,
    today: date,
    change: tuple[Sha, Diff] | None = None,
) -> Material:
    """Return what the analyses read of the files at `head` (None: the working tree).

    `change` is the merge base and what changed since, of whose files the facts at the merge
    base are read, too. Links are not followed, and nothing outside the checkout is read.
    """
    sizes = git.sizes(head)
    measured = count_as_configured(report, config).files
    reading = _Reading(git, KeptFacts(git.own_folder()), measured, config)
    old_facts: dict[str, FileFacts] = {}
    if change is not None:
        start, diff = change
        before = {file.old_path for file in diff if file.old_path is not None}
        old = {path: size for path, size in git.sizes(start).items() if path in before}
        old_facts = reading.facts(old, start)
    facts, base_facts = resolve_versions(reading.facts(sizes, head), old_facts)
    reading.kept.save()
    return Material(
        paths=frozenset(sizes),
        facts=facts,
        base_facts=base_facts,
        # Where nothing changed for so long, a column of zeros would tell nobody anything.
        churn=git.changes(today - timedelta(days=CHURN_DAYS), head) or None,
        thresholds=_thresholds(git, head, sizes),
        today=today,
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """How files are read: from where, which of them, and what is known already."""

    git: LocalGit
    kept: KeptFacts
    measured: Collection[str]
    config: Config

    def facts(self, sizes: Mapping[str, int], head: str | None) -> dict[str, FileFacts]:
        readable = [path for path, size in sizes.items() if size <= MOST_BYTES]
        chosen = sorted(rank_files(readable, self.measured, ignore=self.config.ignore))
        return {path: self.kept.read(path, data) for path, data in self.git.contents(chosen, head)}


def _thresholds(git: LocalGit, head: str | None, sizes: Mapping[str, int]) -> tuple[Threshold, ...]:
    wanted = sorted(filter(is_threshold_path, sizes))[:MOST_FILES]
    return tuple(
        one
        for path, data in git.contents(wanted, head)
        for one in find_thresholds(path, data[:MAX_CHARACTERS].decode("utf-8", "replace"))
    )


def read_suites(files: Sequence[Given]) -> Mapping[str, TestRun]:
    """Return the tests of JUnit reports by their flag, "" for none, sorted.

    Raises `CovgateError` where one can't be read.
    """
    suites: dict[str, TestRun] = {}
    for one in files:
        try:
            run = parse_junit(read_file(one.path))
        except ReportError as error:
            raise error.named(str(one.path)) from error
        flag = one.flag or ""
        suites[flag] = suites.get(flag, NO_TESTS).merge(run)
    return MappingProxyType({flag: suites[flag] for flag in sorted(suites)})


def merge_suites(suites: Mapping[str, TestRun]) -> TestRun:
    """Return the tests of all suites as one run."""
    merged = NO_TESTS
    for run in suites.values():
        merged = merged.merge(run)
    return merged
