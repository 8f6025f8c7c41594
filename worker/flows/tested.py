"""Find out which commit CI tested, and what it is to be compared with.

Nothing is asked of GitHub as long as the base has not moved on: then the merge's files are
the head's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from worker.core.diff import FileDiff, LineMap, fill
from worker.core.errors import DiffIncompleteError, GitHubError
from worker.core.refs import Sha
from worker.core.tested import MERGING_EVENTS, Doubt, Kind, Tested, choose, count_misfits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.model import Report
    from worker.core.refs import Comparison, PullRequest
    from worker.flows.change import Change
    from worker.flows.deps import Look
    from worker.flows.sources import Sources

__all__ = ["MOST_MAPPED", "MOST_MERGES", "MOST_PROBED", "Testing", "note_merge"]

MOST_MERGES = 4
"""How many test merges of one head are kept: GitHub makes one for each push to the base."""
MOST_PROBED = 10
"""How many files are read, in each of them, to tell commits apart."""
MOST_MAPPED = 20
"""How many files' lines are looked up at the head."""
PLAIN = 3
"""So many more misfits leave no doubt: the rest is not looked at."""

_MERGES = "merges"
"""Holds a head and the test merges that were seen of it, the first one first."""


def note_merge(look: Look, pull: PullRequest) -> None:
    """Remember GitHub's test merge of now: it moves, and a run tests that of its start."""
    merge = pull.merge_commit_sha
    if merge is None or pull.state != "open":
        return
    known = _known_merges(look, pull.head_sha)
    if merge not in known:
        kept = known[:1] + known[1:][-(MOST_MERGES - 2) :] + [merge]
        look.effects.put(_MERGES, " ".join([pull.head_sha, *kept]))


def _known_merges(look: Look, head_sha: Sha) -> list[Sha]:
    head, *merges = (look.effects.get(_MERGES) or "-").split()
    return [Sha(merge) for merge in merges] if head == head_sha else []


@dataclass
class Testing:
    """The commits that the runs of a head may have tested."""

    look: Look
    change: Change
    sources: Sources

    @cached_property
    def _comparison(self) -> Comparison:
        known = self.change.comparison
        return known or self.look.github.compare(self.change.base, self.change.head_sha)

    def likely(self, event: str) -> Sha:
        """Return the commit that runs of an event test where nobody says otherwise."""
        return self._candidates(event)[0].commit

    def settle(self, report: Report, event: str) -> Tested:
        """Return the commit that a report is of; its paths are those of the `likely` one."""
        candidates = self._candidates(event)
        if len(candidates) == 1:
            return candidates[0]
        trees = [self.sources.tree(one.commit) for one in candidates]
        differing = [path for path in report.files if not _is_same(path, trees)]
        best = choose(self._weigh(report, candidates, differing))
        chosen = candidates[best[0]]
        alike = [candidates[index] for index in best]
        if len(alike) > 1 and self._are_shifted(differing, alike):
            return replace(chosen, doubt=Doubt.ALIKE)
        return chosen

    def compare(self, tested: Tested) -> tuple[Tested, Comparison]:
        """Return what the tested commit changes, and the commit with what its diff starts from.

        A merge's first parent, as long as the base branch holds it. After a push over it, or
        another base, what only the old one had is judged too: or else a pull request could
        bring code in by having it in its first base.
        """
        if tested.base == self._comparison.merge_base:
            return tested, self._comparison
        self.look.keep_lease()
        # A merged branch holds the head itself: nothing would be new.
        base = tested.base if self.change.closed else self.change.base
        comparison = self.look.github.compare(base, tested.commit)
        return replace(tested, base=comparison.merge_base), comparison

    def head_lines(
        self, tested: Tested, report: Report, shown: Sequence[str]
    ) -> dict[str, LineMap | None]:
        """Return where the lines of those files are at the head that differ there.

        Of the `shown` ones; None for all others, and where it can not be had.
        """
        if tested.kind is Kind.HEAD or self._has_files_of_head(tested.commit):
            return {}
        trees = [self.sources.tree(tested.commit), self.sources.tree(self.change.head_sha)]
        found: dict[str, LineMap | None] = {
            path: None for path in report.files if not _is_same(path, trees)
        }
        for path in [path for path in shown if path in found][:MOST_MAPPED]:
            found[path] = self._map(tested, path)
        return found

    def _has_files_of_head(self, merge: Sha) -> bool:
        """Return whether a merge was made when the base had not moved on."""
        start = self._comparison.merge_base
        return any(one.commit == merge and one.base == start for one in self._merges)

    def _map(self, tested: Tested, path: str) -> LineMap | None:
        try:
            ours = self.sources.read(tested.commit, path)
            heads = self.sources.read(self.change.head_sha, path)
            if ours is None or heads is None:
                return None
            return LineMap.of(fill(FileDiff(path, path, 0, 0, "modified"), ours, heads))
        except (DiffIncompleteError, GitHubError):
            return None

    def _candidates(self, event: str) -> list[Tested]:
        """Return the commits that may have been tested, the likeliest first."""
        head = Tested(self.change.head_sha, Kind.HEAD, self._comparison.merge_base)
        if event not in MERGING_EVENTS:
            return [head]
        known = _known_merges(self.look, self.change.head_sha)
        # A closed one is compared with an old tip, which tells nothing of where its base went.
        moved = bool(self._comparison.behind_by) or self.change.closed or len(known) > 1
        merges = self._merges if moved else []
        if not merges:
            return [replace(head, doubt=Doubt.GONE) if self._comparison.behind_by else head]
        if any(merge.base == head.base for merge in merges):
            return merges  # made when the base had not moved on: its files are the head's
        return [*merges, head] if event == "pull_request" else [head, *merges]

    @cached_property
    def _merges(self) -> list[Tested]:
        """The known merges of this very head into its base, as far as GitHub has them yet."""
        found: dict[Sha, Tested] = {}
        for merge in _known_merges(self.look, self.change.head_sha):
            self.look.keep_lease()
            try:
                parents = self.look.github.commit(merge).parents
                if len(parents) == 2 and parents[1] == self.change.head_sha:
                    self.sources.tree(merge)
                    found.setdefault(parents[0], Tested(merge, Kind.MERGE, parents[0]))
            except GitHubError:  # collected since, or of a base that was pushed over
                continue
        return list(found.values())

    def _weigh(
        self, report: Report, candidates: Sequence[Tested], differing: Sequence[str]
    ) -> list[int]:
        """Return each candidate's misfits with a report, by the files that tell them apart."""
        trees = [self.sources.tree(one.commit) for one in candidates]
        misfits = [sum(PLAIN for path in differing if path not in tree) for tree in trees]
        probed = [path for path in differing if all(path in tree for tree in trees)]
        for path in probed[:MOST_PROBED]:
            if _is_plain(misfits):
                break
            for index, one in enumerate(candidates):
                source = self._source(one.commit, path)
                if source is not None:
                    misfits[index] += count_misfits(report.files[path], source)
        return misfits

    def _are_shifted(self, differing: Sequence[str], candidates: Sequence[Tested]) -> bool:
        """Return whether a file has its lines elsewhere in one candidate than in another.

        A line that was changed where it stands makes no difference.
        """
        trees = [self.sources.tree(one.commit) for one in candidates]
        unlike = [path for path in differing if not _is_same(path, trees)]
        for path in unlike[:MOST_PROBED]:
            found = [self._source(one.commit, path) for one in candidates]
            if len({None if source is None else source.count(b"\n") for source in found}) > 1:
                return True
        return len(unlike) > MOST_PROBED

    def _source(self, commit: Sha, path: str) -> bytes | None:
        try:
            return self.sources.read(commit, path)
        except (DiffIncompleteError, GitHubError):
            return None


def _is_same(path: str, trees: Sequence[Mapping[str, Sha]]) -> bool:
    return len({tree.get(path) for tree in trees}) == 1


def _is_plain(misfits: Sequence[int]) -> bool:
    first, second = sorted(misfits)[:2]
    return second - first >= PLAIN
