"""`worker.ports.Store` on SQLite and PostgreSQL."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from datetime import timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Engine, Table, and_, delete, func, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from worker.core.errors import CovgateError
from worker.core.habits import Outcome
from worker.core.numbers import Ratio
from worker.ports import (
    BaselineRecord,
    FlagRecord,
    FlappingRecord,
    ObservationRecord,
    OverrideRecord,
    VerdictRecord,
)
from worker.store.engine import open_engine, reading, writing
from worker.store.ledger import override_of, row_of, select_ledger, select_overrides
from worker.store.migrate import migrate
from worker.store.schema import (
    baseline_flags,
    baselines,
    flapping,
    observations,
    overrides,
    repositories,
    storable,
    verdict_inputs,
    verdicts,
)
from worker.store.schema import outcomes as all_outcomes
from worker.store.schema import trees as all_trees

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Select

    from worker.core.refs import Repository, Sha

__all__ = ["SqlStore", "open_store"]

_BATCH = 500
"""Commits asked for in one statement; SQLite's builds take at least 999 values."""
KEEP_OBSERVATIONS = timedelta(days=30)
"""How long a tree's report waits for another one of the same tree."""
KEEP_FLAPPING = timedelta(days=90)
"""How long a line counts as flapping after it was last seen to."""
_MOST_FLAPPING = 10_000
KEEP_OUTCOMES = timedelta(days=90)
"""How long it is remembered what a workflow left."""
MOST_OUTCOMES = 200
"""Five pull requests of forty workflows."""
_OF_OUTCOME = tuple(field.name for field in fields(Outcome))


def open_store(url: str) -> SqlStore:
    """Return the store of a database, its schema brought up to date.

    Raises as `worker.store.migrate.migrate` does.
    """
    migrate(url)
    return SqlStore(open_engine(url))


class SqlStore:
    """History and baselines in a database.

    It holds no connection between calls, so it may be opened before a fork and used from
    several threads. Every method is one transaction, and may raise `PostponedError` (the
    database is down, locked or full: try later) or `CovgateError`. What belongs to a
    repository that is not remembered (or was forgotten meanwhile) is refused, so that
    nothing of a forgotten one comes back.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def remember_repository(self, repository: Repository) -> None:
        """Record a repository (or its new name, installation, visibility)."""
        self._upsert(repositories, repository)

    def record_baseline(self, record: BaselineRecord) -> None:
        """Keep a baseline; an older run or attempt never replaces a newer one's."""
        row = {column.name: getattr(record, column.name) for column in baselines.columns}
        mine = and_(
            baseline_flags.c.repository_id == record.repository_id,
            baseline_flags.c.commit == record.commit,
        )
        flags = [
            {
                "repository_id": record.repository_id,
                "commit": record.commit,
                "flag": flag,
                "report": report,
            }
            for flag, report in sorted(record.flags.items())
        ]
        with writing(self._engine) as connection:
            if self._upsert_in(connection, baselines, row):
                connection.execute(delete(baseline_flags).where(mine))
                if flags:
                    connection.execute(insert(baseline_flags), flags)

    def baseline(self, repository_id: int, commits: Sequence[Sha]) -> BaselineRecord | None:
        """Return the baseline of the first of `commits` that has one."""
        table, of_flags = baselines.c, baseline_flags.c
        mine = table.repository_id == repository_id
        with reading(self._engine) as connection:
            first = _first(connection, select(table.commit).where(mine), table.commit, commits)
            row = connection.execute(
                select(baselines).where(mine, table.commit == first)
            ).one_or_none()
            if row is None:
                return None
            flags = connection.execute(
                select(of_flags.flag, of_flags.report)
                .where(of_flags.repository_id == repository_id, of_flags.commit == first)
                .order_by(of_flags.flag)
            ).all()
        known = MappingProxyType({str(flag): bytes(report) for flag, report in flags})
        return BaselineRecord(**row._asdict(), flags=known)

    def flag(self, repository_id: int, flag: str, commits: Sequence[Sha]) -> FlagRecord | None:
        """Return the flag's report of the first of `commits` that has one."""
        table = baseline_flags.c
        mine = and_(table.repository_id == repository_id, table.flag == storable(flag))
        recorded = and_(
            baselines.c.repository_id == table.repository_id, baselines.c.commit == table.commit
        )
        with reading(self._engine) as connection:
            first = _first(connection, select(table.commit).where(mine), table.commit, commits)
            row = connection.execute(
                select(table.commit, table.flag, table.report, baselines.c.recorded_at)
                .join_from(baseline_flags, baselines, recorded)
                .where(mine, table.commit == first)
            ).one_or_none()
        return None if row is None else FlagRecord(**row._asdict())

    def record_tree(self, repository_id: int, commit: Sha, tree: Sha) -> None:
        """Remember the tree of a commit that the repository's own push run tested."""
        with writing(self._engine) as connection:
            row = {"repository_id": repository_id, "commit": commit, "tree": tree}
            self._upsert_in(connection, all_trees, row)

    def commits_of(self, repository_id: int, trees: Sequence[Sha]) -> Mapping[Sha, Sequence[Sha]]:
        """Return the remembered commits of those trees that have some, sorted."""
        found: dict[Sha, list[Sha]] = {}
        table = all_trees.c
        with reading(self._engine) as connection:
            for start in range(0, len(trees), _BATCH):
                some = select(table.tree, table.commit).where(
                    table.repository_id == repository_id,
                    table.tree.in_(trees[start : start + _BATCH]),
                )
                for tree, commit in connection.execute(some.order_by(table.commit)):
                    found.setdefault(tree, []).append(commit)
        return found

    def record_observation(self, record: ObservationRecord) -> None:
        """Keep an observation instead of an earlier one; those of a month ago are dropped."""
        row = {column.name: getattr(record, column.name) for column in observations.columns}
        with writing(self._engine) as connection:
            _drop_old(connection, observations, record, KEEP_OBSERVATIONS)
            self._upsert_in(connection, observations, row)

    def observation(self, repository_id: int, tree: Sha) -> ObservationRecord | None:
        """Return what was observed of a tree."""
        table = observations.c
        one = select(observations).where(table.repository_id == repository_id, table.tree == tree)
        with reading(self._engine) as connection:
            row = connection.execute(one).one_or_none()
        return None if row is None else ObservationRecord(**row._asdict())

    def record_flapping(self, records: Sequence[FlappingRecord]) -> None:
        """Add to what is known to flap in one repository; what was long not seen is dropped."""
        # In the order of their keys, so that two workers never wait for one another.
        by_key = {_key(record): record for record in records}
        with writing(self._engine) as connection:
            for key in sorted(by_key):
                self._add_flapping(connection, key, by_key[key])
            if records:
                _drop_old(connection, flapping, records[0], KEEP_FLAPPING)

    def _add_flapping(self, connection: Connection, key: str, record: FlappingRecord) -> None:
        table = flapping.c
        known = connection.scalar(
            select(table.lines)
            .where(table.repository_id == record.repository_id, table.key == key)
            .with_for_update()
        )
        lines = record.lines | int.from_bytes(known or b"", "little")
        row = {
            "repository_id": record.repository_id,
            "key": key,
            "path": record.path,
            "shape": record.shape,
            "lines": lines.to_bytes((lines.bit_length() + 7) // 8, "little"),
            "recorded_at": record.recorded_at,
        }
        self._upsert_in(connection, flapping, row)

    def flapping(self, repository_id: int) -> tuple[FlappingRecord, ...]:
        """Return what is known to flap in a repository, the newest 10,000 files, by path."""
        table = flapping.c
        some = (
            select(table.path, table.shape, table.lines, table.recorded_at)
            .where(table.repository_id == repository_id)
            .order_by(table.recorded_at.desc(), table.key)
            .limit(_MOST_FLAPPING)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(some).all()
        records = [
            FlappingRecord(repository_id, path, shape, int.from_bytes(lines, "little"), at)
            for path, shape, lines, at in rows
        ]
        return tuple(sorted(records, key=lambda record: (record.path, record.shape)))

    def record_outcomes(
        self, repository_id: int, branch: str, kind: str, outcomes: Sequence[Outcome]
    ) -> None:
        """Keep what workflows left, instead of what they left before for the same number."""
        place = _place(branch, kind)
        with writing(self._engine) as connection:
            for one in sorted(outcomes, key=lambda one: (one.number, one.workflow_id)):
                row = {name: getattr(one, name) for name in _OF_OUTCOME}
                row |= {"repository_id": repository_id, "place": place}
                self._upsert_in(connection, all_outcomes, row)
            if outcomes:
                before = max(one.recorded_at for one in outcomes) - KEEP_OUTCOMES
                table = all_outcomes.c
                mine = and_(table.repository_id == repository_id, table.recorded_at < before)
                connection.execute(delete(all_outcomes).where(mine))

    def outcomes(self, repository_id: int, branch: str, kind: str) -> tuple[Outcome, ...]:
        """Return the newest 200 outcomes of a branch, the newest first."""
        table = all_outcomes.c
        some = (
            select(*(table[name] for name in _OF_OUTCOME))
            .where(table.repository_id == repository_id, table.place == _place(branch, kind))
            .order_by(table.recorded_at.desc(), table.number, table.workflow_id)
            .limit(MOST_OUTCOMES)
        )
        with reading(self._engine) as connection:
            return tuple(Outcome(**row._asdict()) for row in connection.execute(some))

    def best(self, repository_id: int, branch: str) -> Ratio | None:
        """Return the highest coverage of the branch's baselines, as it was counted for each."""
        table = baselines.c
        # Distinct, or a branch without a change of code would have thousands.
        some = (
            select(table.covered, table.total)
            .where(table.repository_id == repository_id, table.branch == storable(branch))
            .where(table.total > 0)
            .distinct()
        )
        with reading(self._engine) as connection:
            ratios = [Ratio(covered, total) for covered, total in connection.execute(some)]
        return max(ratios, key=_share, default=None)

    def has_baseline(self, repository_id: int) -> bool:
        """Return whether the repository has any baseline."""
        one = select(baselines.c.commit).where(baselines.c.repository_id == repository_id).limit(1)
        with reading(self._engine) as connection:
            return connection.scalar(one) is not None

    def has_report(self, repository_id: int) -> bool:
        """Return whether any report of the repository was ever read."""
        judged = select(verdicts.c.number).where(
            verdicts.c.repository_id == repository_id, verdicts.c.details != "{}"
        )
        with reading(self._engine) as connection:
            if connection.scalar(judged.limit(1)) is not None:
                return True
        return self.has_baseline(repository_id)

    def record_verdict(self, record: VerdictRecord) -> None:
        """Keep a verdict; the same head's later one replaces it."""
        self._upsert(verdicts, record)

    def record_inputs(self, repository_id: int, number: int, head_sha: Sha, inputs: bytes) -> None:
        """Keep what a verdict was made from; that of a pull request's later one replaces it."""
        row = {
            "repository_id": repository_id,
            "number": number,
            "head_sha": head_sha,
            "inputs": inputs,
        }
        with writing(self._engine) as connection:
            self._upsert_in(connection, verdict_inputs, row)

    def inputs(self, full_name: str, number: int) -> tuple[Sha, bytes] | None:
        """Return the head and the inputs of a pull request's latest verdict."""
        table = verdict_inputs.c
        named = func.lower(repositories.c.full_name) == storable(full_name).lower()
        one = (
            select(table.head_sha, table.inputs)
            .join_from(verdict_inputs, repositories, repositories.c.id == table.repository_id)
            .where(named, table.number == number)
            .order_by(table.repository_id.desc())
            .limit(1)
        )
        with reading(self._engine) as connection:
            row = connection.execute(one).one_or_none()
        return None if row is None else (row.head_sha, bytes(row.inputs))

    def record_override(self, record: OverrideRecord) -> None:
        """Enter an override into the ledger, or how it went on, by its comment and place."""
        with writing(self._engine) as connection:
            self._upsert_in(connection, overrides, row_of(record))

    def overrides(
        self, repository_id: int, number: int | None = None
    ) -> tuple[OverrideRecord, ...]:
        """Return the overrides of a repository, or of one pull request, the oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select_overrides(repository_id, number)).all()
        return tuple(override_of(row) for row in rows)

    def ledger(self, full_name: str = "") -> tuple[tuple[str, OverrideRecord], ...]:
        """Return all overrides with their repositories' names, or of one, the oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select_ledger(full_name)).all()
        return tuple((str(row.full_name), override_of(row)) for row in rows)

    def verdict(self, repository_id: int, number: int, head_sha: Sha) -> VerdictRecord | None:
        """Return the verdict on a head."""
        table = verdicts.c
        one = select(verdicts).where(
            table.repository_id == repository_id,
            table.number == number,
            table.head_sha == head_sha,
        )
        with reading(self._engine) as connection:
            row = connection.execute(one).one_or_none()
        return None if row is None else VerdictRecord(**row._asdict())

    def is_judged(self, repository_id: int, number: int) -> bool:
        """Return whether a pull request has a verdict, on whatever head."""
        table = verdicts.c
        mine = and_(table.repository_id == repository_id, table.number == number)
        with reading(self._engine) as connection:
            return connection.scalar(select(table.number).where(mine).limit(1)) is not None

    def verdicts(self, repository_id: int, head_sha: Sha) -> tuple[VerdictRecord, ...]:
        """Return the verdicts on a head, of all pull requests that share it, by number."""
        table = verdicts.c
        some = select(verdicts).where(
            table.repository_id == repository_id, table.head_sha == head_sha
        )
        with reading(self._engine) as connection:
            rows = connection.execute(some.order_by(table.number)).all()
        return tuple(VerdictRecord(**row._asdict()) for row in rows)

    def forget(self, installation_id: int, repository_id: int | None = None) -> None:
        """Delete all of an installation, or of one of its repositories.

        A repository that meanwhile came in through another installation stays. Baselines
        and verdicts go with their repository (the schema's cascade).
        """
        statement = delete(repositories).where(repositories.c.installation_id == installation_id)
        if repository_id is not None:
            statement = statement.where(repositories.c.id == repository_id)
        with writing(self._engine) as connection:
            connection.execute(statement)

    def ping(self) -> None:
        """Raise `CovgateError` where the database, or a table in it, does not answer."""
        with reading(self._engine) as connection:
            connection.execute(select(repositories.c.id).limit(1))

    def _upsert(self, table: Table, record: Repository | VerdictRecord) -> None:
        """Insert a row, or replace that of the same key, in one transaction."""
        row = {column.name: getattr(record, column.name) for column in table.columns}
        with writing(self._engine) as connection:
            self._upsert_in(connection, table, row)

    def _upsert_in(self, connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
        """Insert a row, or replace that of the same key; False where a newer one stays."""
        dialect = self._engine.dialect.name
        upserting = postgresql_insert if dialect == "postgresql" else sqlite_insert
        statement = upserting(table).values(row)
        new, old = statement.excluded, table.c
        no_older = None
        if table is baselines:
            no_older = or_(
                new.run_id > old.run_id,
                and_(new.run_id == old.run_id, new.attempt >= old.attempt),
            )
        upsert = statement.on_conflict_do_update(
            index_elements=table.primary_key.columns,
            set_={column.name: new[column.name] for column in old if not column.primary_key},
            where=no_older,
        ).returning(next(iter(old)))
        try:
            return connection.scalar(upsert) is not None
        except IntegrityError as error:
            raise CovgateError(
                f"{table.name}: the repository is not remembered, or was forgotten meanwhile; "
                "call remember_repository first."
            ) from error


def _first(
    connection: Connection, some: Select[Any], column: Column[str], commits: Sequence[Sha]
) -> Sha | None:
    """Return the first of `commits` that is among `some`, which selects the column."""
    for start in range(0, len(commits), _BATCH):
        batch = commits[start : start + _BATCH]
        found = set(connection.scalars(some.where(column.in_(batch))))
        first = next((commit for commit in batch if commit in found), None)
        if first is not None:
            return first
    return None


def _drop_old(
    connection: Connection,
    table: Table,
    newest: ObservationRecord | FlappingRecord,
    keep: timedelta,
) -> None:
    before: datetime = newest.recorded_at - keep
    old = and_(table.c.repository_id == newest.repository_id, table.c.recorded_at < before)
    connection.execute(delete(table).where(old))


def _place(branch: str, kind: str) -> str:
    return hashlib.sha256(f"{kind} {storable(branch)}".encode()).hexdigest()


def _key(record: FlappingRecord) -> str:
    text = f"{record.shape} {storable(record.path)}"
    return hashlib.sha256(text.encode()).hexdigest()


def _share(ratio: Ratio) -> tuple[Fraction, int]:
    return Fraction(ratio.covered, ratio.total), ratio.total
