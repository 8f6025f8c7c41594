"""The line of commits that a baseline is looked for on, and what is stored of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.core.carrying import carrying_flags
from worker.core.codec import decode_report
from worker.core.codec_details import decode_details, with_contexts
from worker.core.diff import EMPTY_DIFF, carry_report, diff_of
from worker.core.diff.trees import diff_of_trees
from worker.core.errors import CovgateError, GitHubError
from worker.core.verdict import Baseline, CarriedFlag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from worker.core.config import Config
    from worker.core.diff import Diff
    from worker.core.model import Report
    from worker.core.refs import Commit, Sha
    from worker.flows.deps import Look
    from worker.ports import BaselineRecord

__all__ = ["Ancestry", "Place", "first_parents", "read_baseline"]

SEARCHED = 100
"""How many commits before the merge base are looked through: one page of GitHub's list."""


@dataclass(frozen=True, slots=True)
class Place:
    """A commit whose report may serve, and the commit of the line that it serves for."""

    commit: Sha
    serves: Sha
    """Itself, or the commit that has the same tree."""
    distance: int
    """How many first-parent commits `serves` lies before the merge base."""


class Ancestry:
    """The merge base and its first-parent ancestors; asked for where it is needed."""

    def __init__(self, look: Look, merge_base: Sha) -> None:
        self.look = look
        self.merge_base = merge_base

    @cached_property
    def chain(self) -> list[Commit]:
        """The merge base and its line of first parents, as far as they are listed."""
        return first_parents(self.look.github.ancestors(self.merge_base, limit=SEARCHED))

    @cached_property
    def places(self) -> list[Place]:
        """Where to look, nearest first: each commit itself, then those of the same tree."""
        trees = [commit.tree for commit in self.chain if commit.tree is not None]
        alike = self.look.deps.store.commits_of(self.look.repository.id, trees)
        places = []
        for distance, commit in enumerate(self.chain):
            others = alike.get(commit.tree, ()) if commit.tree is not None else ()
            same = [commit.sha, *(other for other in others if other != commit.sha)]
            places += [Place(one, commit.sha, distance) for one in same]
        return places

    def changes(self, old: Sha, new: Sha) -> Diff | None:
        """Return what changed from one commit of the line to a later one; None if unknown."""
        if old == new:
            return EMPTY_DIFF
        self.look.keep_lease()
        try:
            comparison = self.look.github.compare(old, new)
            if comparison.merge_base != old:
                return None
            if comparison.complete:
                return diff_of(comparison.files)
            return diff_of_trees(self.look.github.tree(old), self.look.github.tree(new))
        except GitHubError:
            return None


def first_parents(commits: Sequence[Commit]) -> list[Commit]:
    """Return the first of `commits` and its line of first parents, as far as they are listed."""
    known = {commit.sha: commit for commit in commits}
    chain = []
    commit = commits[0] if commits else None
    while commit is not None:
        chain.append(commit)
        commit = known.get(commit.parents[0]) if commit.parents else None
    return chain


def read_baseline(ancestry: Ancestry, config: Config) -> Baseline | None:
    """Return the nearest baseline that can be read, its missing flags carried forward."""
    look, merge_base = ancestry.look, ancestry.merge_base
    own = [Place(merge_base, merge_base, 0)]
    found = _first_readable(look, own)
    if found is None and look.deps.store.has_baseline(look.repository.id):
        found = _first_readable(look, ancestry.places)
    if found is None:
        return None
    place, record, report = found
    details = decode_details(record.details)
    baseline = Baseline(
        commit=record.commit,
        distance=place.distance,
        report=with_contexts(report, details),
        flags=_flags_of(record),
        tests=details.tests,
        since=ancestry.changes(place.serves, merge_base),
        same_tree_as=place.serves if place.serves != place.commit else None,
        days=_days_since(look, record.recorded_at),
        artifacts=details.artifacts,
    )
    return _carry(ancestry, baseline, place, config)


def _first_readable(
    look: Look, places: Sequence[Place]
) -> tuple[Place, BaselineRecord, Report] | None:
    """Return the first of the places that has a baseline that can be read."""
    left = list(places)
    while left:
        record = look.deps.store.baseline(look.repository.id, [place.commit for place in left])
        if record is None:
            return None
        at = next(i for i, place in enumerate(left) if place.commit == record.commit)
        try:
            return left[at], record, decode_report(record.report)
        except CovgateError:
            # Of another version, or damaged: as good as none, and the next one may do.
            left = left[at + 1 :]
    return None


def _flags_of(record: BaselineRecord) -> MappingProxyType[str, Report]:
    flags = {}
    for flag, encoded in sorted(record.flags.items()):
        try:
            flags[flag] = decode_report(encoded)
        except CovgateError:
            continue
    return MappingProxyType(flags)


def _carry(ancestry: Ancestry, baseline: Baseline, place: Place, config: Config) -> Baseline:
    """Return the baseline with the flags that did not run for it, of commits before it.

    Otherwise a head whose slow suite ran would be compared with a base whose did not.
    """
    rules = carrying_flags(config)
    missing = [flag for flag in rules if flag not in baseline.flags]
    if not missing:
        return baseline
    flags, report, carried = dict(baseline.flags), baseline.report, []
    for flag in missing:
        rule = rules[flag]
        found = _find_flag(ancestry, flag, place.distance, rule.commits)
        if found is None or found[1].days > rule.days:
            continue
        older, origin = found
        since = ancestry.changes(_serves(ancestry, origin.commit), place.serves)
        if since is not None:
            flags[flag] = carry_report(older, since)
            report = report.merge(flags[flag])
            carried.append(origin)
    known = MappingProxyType({flag: flags[flag] for flag in sorted(flags)})
    return replace(baseline, flags=known, report=report, carried=tuple(carried))


def _find_flag(
    ancestry: Ancestry, flag: str, after: int, most: int
) -> tuple[Report, CarriedFlag] | None:
    look = ancestry.look
    places = [place for place in ancestry.places if after <= place.distance <= most]
    record = look.deps.store.flag(look.repository.id, flag, [place.commit for place in places])
    if record is None:
        return None
    place = next(place for place in places if place.commit == record.commit)
    days = _days_since(look, record.recorded_at)
    try:
        report = decode_report(record.report)
    except CovgateError:
        return None
    return report, CarriedFlag(flag, record.commit, place.distance, days)


def _serves(ancestry: Ancestry, commit: Sha) -> Sha:
    return next(place.serves for place in ancestry.places if place.commit == commit)


def _days_since(look: Look, then: datetime) -> int:
    return max(0, (look.deps.clock.now() - then).days)
