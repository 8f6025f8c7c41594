"""The store in memory: the same behaviour as `worker.store.SqlStore`, by one contract suite."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from worker.core.errors import CovgateError
from worker.store.schema import storable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.refs import Repository, Sha
    from worker.ports import BaselineRecord, VerdictRecord


class MemoryStore:
    """What a flow stored, open to a test's eyes.

    `broken` is an error that every call raises, as a database that is down would.
    """

    def __init__(self) -> None:
        self.repositories: dict[int, Repository] = {}
        self.baselines: dict[tuple[int, Sha], BaselineRecord] = {}
        self.verdicts_by_key: dict[tuple[int, int, Sha], VerdictRecord] = {}
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

    def verdicts(self, repository_id: int, head_sha: Sha) -> tuple[VerdictRecord, ...]:
        self.ping()
        found = (v for v in self.verdicts_by_key.values() if v.repository_id == repository_id)
        return tuple(sorted((v for v in found if v.head_sha == head_sha), key=lambda v: v.number))

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

    def ping(self) -> None:
        if self.broken is not None:
            raise self.broken

    def _demand(self, repository_id: int) -> None:
        self.ping()
        if repository_id not in self.repositories:
            raise CovgateError("the repository is not remembered; call remember_repository first")
