"""The store in memory: the same behaviour as `worker.store.SqlStore`, by one contract suite."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from worker.core.errors import CovgateError
from worker.core.flaky import merge_states
from worker.core.numbers import Ratio
from worker.ports import ConclusionRecord, FlagRecord
from worker.store.facts import KEEP_FACTS, NOTE_USE
from worker.store.habits import KEEP_FLAPPING, KEEP_OBSERVATIONS, KEEP_OUTCOMES, MOST_OUTCOMES
from worker.store.past import (
    KEEP_FLAKES,
    KEEP_POINTS,
    KEEP_PUSHES,
    KEEP_STATES,
    count_flakes,
)
from worker.store.schema import storable
from worker.store.sources import KEEP_SOURCES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

    from worker.core.habits import Outcome
    from worker.core.refs import Repository, Sha
    from worker.ports import (
        BaselineRecord,
        FlakyRecord,
        FlappingRecord,
        ObservationRecord,
        OverrideRecord,
        PointRecord,
        PullRecord,
        PushRecord,
        SnapshotRecord,
        SuiteRecord,
        VerdictRecord,
    )


class MemoryStore:
    """What a flow stored, open to a test's eyes.

    `broken` is an error that every call raises, as a database that is down would.
    """

    def __init__(self) -> None:
        self.repositories: dict[int, Repository] = {}
        self.baselines: dict[tuple[int, Sha], BaselineRecord] = {}
        self.verdicts_by_key: dict[tuple[int, int, Sha], VerdictRecord] = {}
        self.trees: dict[tuple[int, Sha], Sha] = {}
        self.observations: dict[tuple[int, Sha], ObservationRecord] = {}
        self.flapping_by_key: dict[tuple[int, str, str], FlappingRecord] = {}
        self.overrides_by_key: dict[tuple[int, int, int], OverrideRecord] = {}
        self.inputs_by_pull: dict[tuple[int, int], tuple[Sha, bytes]] = {}
        self.outcomes_by_key: dict[tuple[int, str, str, int, int], Outcome] = {}
        self.points_by_key: dict[tuple[int, str, Sha], PointRecord] = {}
        self.snapshots: dict[tuple[int, str], SnapshotRecord] = {}
        self.pushes: dict[tuple[int, Sha], PushRecord] = {}
        self.suites: dict[tuple[int, Sha, str], tuple[bytes, datetime]] = {}
        self.flakes: dict[tuple[int, str, Sha, str], datetime] = {}
        self.pulls: dict[tuple[int, int], PullRecord] = {}
        self.facts_by_key: dict[tuple[int, str], tuple[bytes, date]] = {}
        self.sources_by_blob: dict[tuple[int, str], tuple[bytes, date]] = {}
        self.broken: CovgateError | None = None

    def remember_repository(self, repository: Repository) -> None:
        self.ping()
        self.repositories[repository.id] = repository

    def record_baseline(self, record: BaselineRecord) -> None:
        self._demand(record.repository_id)
        key = (record.repository_id, record.commit)
        old = self.baselines.get(key)
        if old is None or (old.run_id, old.attempt) <= (record.run_id, record.attempt):
            self.baselines[key] = replace(record, recorded_at=record.recorded_at.astimezone(UTC))

    def baseline(self, repository_id: int, commits: Sequence[Sha]) -> BaselineRecord | None:
        self.ping()
        found = (self.baselines.get((repository_id, commit)) for commit in commits)
        return next((record for record in found if record is not None), None)

    def flag(self, repository_id: int, flag: str, commits: Sequence[Sha]) -> FlagRecord | None:
        self.ping()
        for commit in commits:
            record = self.baselines.get((repository_id, commit))
            if record is not None and flag in record.flags:
                return FlagRecord(commit, flag, record.flags[flag], record.recorded_at)
        return None

    def record_tree(self, repository_id: int, commit: Sha, tree: Sha) -> None:
        self._demand(repository_id)
        self.trees[repository_id, commit] = tree

    def commits_of(self, repository_id: int, trees: Sequence[Sha]) -> Mapping[Sha, Sequence[Sha]]:
        self.ping()
        found: dict[Sha, list[Sha]] = {}
        for (repository, commit), tree in sorted(self.trees.items()):
            if repository == repository_id and tree in trees:
                found.setdefault(tree, []).append(commit)
        return found

    def record_observation(self, record: ObservationRecord) -> None:
        self._demand(record.repository_id)
        self.observations = {
            key: known
            for key, known in self.observations.items()
            if key[0] != record.repository_id
            or known.recorded_at >= record.recorded_at - KEEP_OBSERVATIONS
        }
        self.observations[record.repository_id, record.tree] = record

    def observation(self, repository_id: int, tree: Sha) -> ObservationRecord | None:
        self.ping()
        return self.observations.get((repository_id, tree))

    def record_flapping(self, records: Sequence[FlappingRecord]) -> None:
        for record in records:
            self._demand(record.repository_id)
            key = (record.repository_id, record.path, record.shape)
            known = self.flapping_by_key.get(key)
            lines = record.lines | (known.lines if known is not None else 0)
            self.flapping_by_key[key] = replace(record, lines=lines)
        if records:
            self.flapping_by_key = {
                key: known
                for key, known in self.flapping_by_key.items()
                if key[0] != records[0].repository_id
                or known.recorded_at >= records[0].recorded_at - KEEP_FLAPPING
            }

    def flapping(self, repository_id: int) -> tuple[FlappingRecord, ...]:
        self.ping()
        found = sorted(self.flapping_by_key.items(), key=lambda item: item[0])
        return tuple(record for key, record in found if key[0] == repository_id)

    def record_outcomes(
        self, repository_id: int, branch: str, kind: str, outcomes: Sequence[Outcome]
    ) -> None:
        for one in outcomes:
            self._demand(repository_id)
            key = (repository_id, branch, kind, one.number, one.workflow_id)
            self.outcomes_by_key[key] = replace(one, name=storable(one.name))
        if outcomes:
            before = max(one.recorded_at for one in outcomes) - KEEP_OUTCOMES
            self.outcomes_by_key = {
                key: one
                for key, one in self.outcomes_by_key.items()
                if key[0] != repository_id or one.recorded_at >= before
            }

    def outcomes(self, repository_id: int, branch: str, kind: str) -> tuple[Outcome, ...]:
        self.ping()
        found = [
            one
            for key, one in sorted(self.outcomes_by_key.items())
            if key[:3] == (repository_id, branch, kind)
        ]
        found.sort(key=lambda one: one.recorded_at, reverse=True)
        return tuple(found[:MOST_OUTCOMES])

    def record_point(self, record: PointRecord) -> None:
        self._demand(record.repository_id)
        key = (record.repository_id, record.branch, record.commit)
        self.points_by_key[key] = record
        self._drop(self.points_by_key, record.repository_id, record.recorded_at - KEEP_POINTS)

    def points(self, repository_id: int, branch: str, *, most: int) -> tuple[PointRecord, ...]:
        self.ping()
        found = [p for key, p in self.points_by_key.items() if key[:2] == (repository_id, branch)]
        # Of one moment, the greater commit is the older one, as in the database.
        found.sort(key=lambda point: point.commit, reverse=True)
        found.sort(key=lambda point: point.recorded_at)
        return tuple(found[len(found) - most :] if len(found) > most else found)

    def record_snapshot(self, record: SnapshotRecord) -> None:
        self._demand(record.repository_id)
        self.snapshots[record.repository_id, record.branch] = record

    def snapshot(self, repository_id: int, branch: str) -> SnapshotRecord | None:
        self.ping()
        return self.snapshots.get((repository_id, branch))

    def record_push(self, record: PushRecord) -> None:
        self._demand(record.repository_id)
        self.pushes[record.repository_id, record.commit] = record
        self._drop(self.pushes, record.repository_id, record.recorded_at - KEEP_PUSHES)

    def churn(self, repository_id: int, since: datetime) -> Mapping[str, int] | None:
        self.ping()
        mine = [push for key, push in self.pushes.items() if key[0] == repository_id]
        counts = Counter(path for push in mine if push.recorded_at >= since for path in push.paths)
        return dict(sorted(counts.items())) if mine else None

    def note_tests(self, records: Sequence[SuiteRecord]) -> None:
        for record in records:
            self._demand(record.repository_id)
            key = (record.repository_id, record.tree, record.suite)
            known, _ = self.suites.get(key, (b"", None))
            states, flaky = merge_states(known, record.states)
            self.suites[key] = states, record.recorded_at
            for test in flaky:
                self.flakes[record.repository_id, storable(test), *key[1:]] = record.recorded_at
        if records:
            repository, now = records[0].repository_id, max(one.recorded_at for one in records)
            self.suites = {
                key: (states if at >= now - KEEP_STATES else b"", at)
                for key, (states, at) in self.suites.items()
                if key[0] != repository or at >= now - KEEP_FLAKES
            }
            self.flakes = {
                key: at
                for key, at in self.flakes.items()
                if key[0] != repository or at >= now - KEEP_FLAKES
            }

    def flaky(self, repository_id: int) -> tuple[FlakyRecord, ...]:
        self.ping()
        mine = {key: at for key, at in self.flakes.items() if key[0] == repository_id}
        found = [(test, tree, suite, at) for (_, test, tree, suite), at in mine.items()]
        ran = [(suite, tree) for one, tree, suite in self.suites if one == repository_id]
        return count_flakes(found, ran)

    def clear_flaky(self, repository_id: int, test: str) -> int:
        self.ping()
        gone = [key for key in self.flakes if key[:2] == (repository_id, storable(test))]
        for key in gone:
            del self.flakes[key]
        return len(gone)

    def best(self, repository_id: int, branch: str) -> Ratio | None:
        self.ping()
        ratios = [
            Ratio(record.covered, record.total)
            for record in self.baselines.values()
            if (record.repository_id, record.branch) == (repository_id, branch) and record.total
        ]
        return max(
            ratios, key=lambda one: (Fraction(one.covered, one.total), one.total), default=None
        )

    def record_inputs(self, repository_id: int, number: int, head_sha: Sha, inputs: bytes) -> None:
        self._demand(repository_id)
        self.inputs_by_pull[repository_id, number] = head_sha, inputs

    def inputs(self, full_name: str, number: int) -> tuple[Sha, bytes] | None:
        self.ping()
        named = [
            one.id
            for one in self.repositories.values()
            if one.full_name.lower() == full_name.lower()
        ]
        return next(
            (self.inputs_by_pull.get((one, number)) for one in sorted(named, reverse=True)), None
        )

    def record_override(self, record: OverrideRecord) -> None:
        self._demand(record.repository_id)
        key = (record.repository_id, record.comment_id, record.place)
        self.overrides_by_key[key] = replace(record, reason=storable(record.reason))

    def overrides(
        self, repository_id: int, number: int | None = None
    ) -> tuple[OverrideRecord, ...]:
        self.ping()
        return tuple(
            one
            for _, one in self.ledger()
            if one.repository_id == repository_id and number in {None, one.number}
        )

    def ledger(self, full_name: str = "") -> tuple[tuple[str, OverrideRecord], ...]:
        self.ping()
        found = sorted(self.overrides_by_key.items(), key=lambda pair: (pair[1].made_at, pair[0]))
        names = {one.id: one.full_name for one in self.repositories.values()}
        return tuple(
            (names[record.repository_id], record)
            for _, record in found
            if full_name.lower() in {"", names[record.repository_id].lower()}
        )

    def record_pull(self, record: PullRecord) -> None:
        self._demand(record.repository_id)
        self.pulls[record.repository_id, record.number] = replace(
            record, title=storable(record.title)
        )

    def list_repositories(
        self, *, after: str = "", most: int, private: Collection[int] | None = None
    ) -> tuple[Repository, ...]:
        self.ping()
        shown = [
            one
            for one in self.repositories.values()
            if private is None or not one.private or one.id in private
        ]
        found = sorted(shown, key=lambda one: one.full_name.lower())
        return tuple(one for one in found if one.full_name.lower() > after.lower())[:most]

    def find_repository(self, full_name: str) -> Repository | None:
        self.ping()
        found = (one for _, one in sorted(self.repositories.items(), reverse=True))
        return next((one for one in found if one.full_name.lower() == full_name.lower()), None)

    def points_of(
        self, places: Sequence[tuple[int, str]], *, most: int
    ) -> Mapping[int, tuple[PointRecord, ...]]:
        return {
            repository_id: tuple(
                replace(point, data="{}") for point in self.points(repository_id, branch, most=most)
            )
            for repository_id, branch in places
        }

    def pull(self, repository_id: int, number: int) -> PullRecord | None:
        self.ping()
        return self.pulls.get((repository_id, number))

    def open_pulls(
        self, repository_id: int, *, most: int
    ) -> tuple[tuple[PullRecord, ConclusionRecord | None], ...]:
        self.ping()
        found = [
            pull
            for (repository, _), pull in sorted(self.pulls.items(), reverse=True)
            if repository == repository_id and pull.state == "open"
        ]
        heads = ((pull, (pull.repository_id, pull.number, pull.head_sha)) for pull in found[:most])
        verdicts = self.verdicts_by_key
        return tuple(
            (pull, _conclusion(verdicts[head]) if head in verdicts else None)
            for pull, head in heads
        )

    def conclusions(
        self, repository_id: int, number: int | None = None, *, most: int
    ) -> tuple[ConclusionRecord, ...]:
        self.ping()
        found = [
            _conclusion(verdict)
            for _, verdict in sorted(self.verdicts_by_key.items(), key=lambda pair: pair[0][2])
            if verdict.repository_id == repository_id and number in {None, verdict.number}
        ]
        found.sort(key=lambda one: (one.recorded_at, one.number), reverse=True)
        return tuple(found[:most])

    def conclusions_of(self, repository_ids: Sequence[int]) -> Mapping[int, ConclusionRecord]:
        newest = {one: self.conclusions(one, most=1) for one in repository_ids}
        return {one: found[0] for one, found in newest.items() if found}

    def numbers_of(self, repository_id: int, head_sha: Sha) -> tuple[int, ...]:
        return tuple(one.number for one in self.verdicts(repository_id, head_sha))[:20]

    def latest_overrides(
        self, repository_id: int, number: int | None = None, *, most: int
    ) -> tuple[OverrideRecord, ...]:
        return self.overrides(repository_id, number)[::-1][:most]

    def has_baseline(self, repository_id: int) -> bool:
        self.ping()
        return any(repository == repository_id for repository, _ in self.baselines)

    def record_verdict(self, record: VerdictRecord) -> None:
        self._demand(record.repository_id)
        self.verdicts_by_key[record.repository_id, record.number, record.head_sha] = replace(
            record,
            title=storable(record.title),
            details=storable(record.details),
            recorded_at=record.recorded_at.astimezone(UTC),
        )

    def verdict(self, repository_id: int, number: int, head_sha: Sha) -> VerdictRecord | None:
        self.ping()
        return self.verdicts_by_key.get((repository_id, number, head_sha))

    def has_report(self, repository_id: int) -> bool:
        judged = (v for v in self.verdicts_by_key.values() if v.repository_id == repository_id)
        return any(v.details != "{}" for v in judged) or self.has_baseline(repository_id)

    def is_judged(self, repository_id: int, number: int) -> bool:
        self.ping()
        return any(key[:2] == (repository_id, number) for key in self.verdicts_by_key)

    def verdicts(self, repository_id: int, head_sha: Sha) -> tuple[VerdictRecord, ...]:
        self.ping()
        found = (v for v in self.verdicts_by_key.values() if v.repository_id == repository_id)
        return tuple(sorted((v for v in found if v.head_sha == head_sha), key=lambda v: v.number))

    def facts(self, repository_id: int, keys: Sequence[str], day: date) -> Mapping[str, bytes]:
        self.ping()
        found = {}
        for key in sorted(set(keys)):
            known = self.facts_by_key.get((repository_id, key))
            if known is not None:
                found[key], used_on = known
                if used_on <= day - NOTE_USE:
                    self.facts_by_key[repository_id, key] = found[key], day
        return found

    def keep_facts(self, repository_id: int, facts: Mapping[str, bytes], day: date) -> None:
        self.ping()
        if facts:
            self._demand(repository_id)
        for key, data in facts.items():
            self.facts_by_key[repository_id, key] = data, day
        self.facts_by_key = {
            key: (data, used_on)
            for key, (data, used_on) in self.facts_by_key.items()
            if key[0] != repository_id or used_on >= day - KEEP_FACTS
        }

    def known_sources(self, repository_id: int, blobs: Sequence[str], day: date) -> Collection[str]:
        self.ping()
        found = [
            blob for blob in sorted(set(blobs)) if (repository_id, blob) in self.sources_by_blob
        ]
        for blob in found:
            data, used_on = self.sources_by_blob[repository_id, blob]
            if used_on <= day - NOTE_USE:
                self.sources_by_blob[repository_id, blob] = data, day
        return tuple(found)

    def sources(self, repository_id: int, blobs: Sequence[str], day: date) -> Mapping[str, bytes]:
        known = self.known_sources(repository_id, blobs, day)
        found = {blob: self.sources_by_blob[repository_id, blob][0] for blob in known}
        return {blob: data for blob, data in found.items() if data}

    def keep_sources(
        self, repository_id: int, sources: Mapping[str, bytes], day: date, *, room: int
    ) -> None:
        self.ping()
        if sources:
            self._demand(repository_id)
        kept = self.sources_by_blob
        kept |= {(repository_id, blob): (data, day) for blob, data in sources.items()}
        ours = [key for key in kept if key[0] == repository_id]
        for key in sorted(ours, key=lambda key: (-kept[key][1].toordinal(), key)):
            data, used_on = kept[key]
            room -= len(data)
            if room < 0:
                kept[key] = b"", used_on
        for key, (_, used_on) in list(kept.items()):
            if used_on < day - KEEP_SOURCES:
                del kept[key]

    def drop_sources(self) -> None:
        self.ping()
        self.sources_by_blob.clear()

    def forget(self, installation_id: int, repository_id: int | None = None) -> None:
        self.ping()
        gone = {
            known.id
            for known in self.repositories.values()
            if known.installation_id == installation_id and repository_id in {None, known.id}
        }
        self.repositories = {k: v for k, v in self.repositories.items() if k not in gone}
        self.baselines = {k: v for k, v in self.baselines.items() if k[0] not in gone}
        self.verdicts_by_key = {k: v for k, v in self.verdicts_by_key.items() if k[0] not in gone}
        self.trees = {k: v for k, v in self.trees.items() if k[0] not in gone}
        self.observations = {k: v for k, v in self.observations.items() if k[0] not in gone}
        self.flapping_by_key = {k: v for k, v in self.flapping_by_key.items() if k[0] not in gone}
        self.overrides_by_key = {k: v for k, v in self.overrides_by_key.items() if k[0] not in gone}
        self.inputs_by_pull = {k: v for k, v in self.inputs_by_pull.items() if k[0] not in gone}
        self.outcomes_by_key = {k: v for k, v in self.outcomes_by_key.items() if k[0] not in gone}
        self.points_by_key = {k: v for k, v in self.points_by_key.items() if k[0] not in gone}
        self.snapshots = {k: v for k, v in self.snapshots.items() if k[0] not in gone}
        self.pushes = {k: v for k, v in self.pushes.items() if k[0] not in gone}
        self.suites = {k: v for k, v in self.suites.items() if k[0] not in gone}
        self.flakes = {k: v for k, v in self.flakes.items() if k[0] not in gone}
        self.pulls = {k: v for k, v in self.pulls.items() if k[0] not in gone}
        self.facts_by_key = {k: v for k, v in self.facts_by_key.items() if k[0] not in gone}
        self.sources_by_blob = {k: v for k, v in self.sources_by_blob.items() if k[0] not in gone}

    def ping(self) -> None:
        if self.broken is not None:
            raise self.broken

    @staticmethod
    def _drop(records: dict[Any, Any], repository_id: int, before: datetime) -> None:
        for key, record in list(records.items()):
            if key[0] == repository_id and record.recorded_at < before:
                del records[key]

    def _demand(self, repository_id: int) -> None:
        self.ping()
        if repository_id not in self.repositories:
            raise CovgateError("the repository is not remembered; call remember_repository first")


def _conclusion(verdict: VerdictRecord) -> ConclusionRecord:
    head = verdict.repository_id, verdict.number, verdict.head_sha
    return ConclusionRecord(*head, verdict.conclusion, verdict.title, verdict.recorded_at)
