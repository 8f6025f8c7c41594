"""What became of a repository over time: points, snapshots, pushes, and tests that flake."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table, delete, select, update

from worker.core.flaky import merge_states
from worker.ports.records import FlakyRecord, PointRecord, SnapshotRecord
from worker.store.engine import reading, writing
from worker.store.rows import Rows
from worker.store.schema import flakes, points, pushes, snapshots, storable, suites

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from worker.ports.records import PushRecord, SuiteRecord

__all__ = [
    "KEEP_FLAKES",
    "KEEP_POINTS",
    "KEEP_PUSHES",
    "KEEP_STATES",
    "MOST_FLAKES",
    "Past",
    "count_flakes",
]

KEEP_POINTS = timedelta(days=3 * 366)
"""How long a commit's figures are kept."""
KEEP_PUSHES = timedelta(days=90)
"""How long a push counts as a change of its files."""
KEEP_FLAKES = timedelta(days=90)
"""How long a flake counts."""
KEEP_STATES = timedelta(days=30)
"""How long it is kept how tests went on a tree: GitHub runs nothing again that is older.
https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs"""
MOST_FLAKES = 10_000

_MAX_PATHS = 2**24


class Past(Rows):
    """Trends, churn and flaky tests."""

    def record_point(self, record: PointRecord) -> None:
        """Keep a commit's figures instead of earlier ones; those of three years ago are dropped."""
        row = {column.name: getattr(record, column.name) for column in points.columns}
        with writing(self._engine) as connection:
            self._upsert_in(connection, points, row)
            _drop(connection, points, record.repository_id, record.recorded_at - KEEP_POINTS)

    def points(self, repository_id: int, branch: str, *, most: int) -> tuple[PointRecord, ...]:
        """Return the newest points of a branch, at most so many, the oldest first."""
        table = points.c
        some = (
            select(points)
            .where(table.repository_id == repository_id, table.branch == storable(branch))
            .order_by(table.recorded_at.desc(), table.commit)
            .limit(most)
        )
        with reading(self._engine) as connection:
            found = [PointRecord(**row._asdict()) for row in connection.execute(some)]
        return tuple(reversed(found))

    def record_snapshot(self, record: SnapshotRecord) -> None:
        """Keep the analysis of a branch instead of an earlier one."""
        row = {column.name: getattr(record, column.name) for column in snapshots.columns}
        with writing(self._engine) as connection:
            self._upsert_in(connection, snapshots, row)

    def snapshot(self, repository_id: int, branch: str) -> SnapshotRecord | None:
        """Return the newest analysis of a branch."""
        table = snapshots.c
        one = select(snapshots).where(
            table.repository_id == repository_id, table.branch == storable(branch)
        )
        with reading(self._engine) as connection:
            row = connection.execute(one).one_or_none()
        return None if row is None else SnapshotRecord(**row._asdict())

    def record_push(self, record: PushRecord) -> None:
        """Keep which files a push changed; pushes of more than 90 days ago are dropped."""
        row = {
            "repository_id": record.repository_id,
            "commit": record.commit,
            "recorded_at": record.recorded_at,
            "paths": zlib.compress(json.dumps(record.paths).encode()),
        }
        with writing(self._engine) as connection:
            self._upsert_in(connection, pushes, row)
            _drop(connection, pushes, record.repository_id, record.recorded_at - KEEP_PUSHES)

    def churn(self, repository_id: int, since: datetime) -> Mapping[str, int] | None:
        """Return in how many pushes since then each file changed; None where none is known."""
        table = pushes.c
        some = select(table.paths, table.recorded_at).where(table.repository_id == repository_id)
        with reading(self._engine) as connection:
            rows = connection.execute(some).all()
        if not rows:
            return None
        counts: Counter[str] = Counter()
        for packed, at in rows:
            if at >= since:
                counts.update(_paths(packed))
        return MappingProxyType({path: counts[path] for path in sorted(counts)})

    def note_tests(self, records: Sequence[SuiteRecord]) -> None:
        """Add how tests of one repository went, and remember those that flaked."""
        if not records:
            return
        # In the order of their keys, so that two workers never wait for one another.
        ordered = sorted(records, key=lambda record: (record.tree, record.suite))
        with writing(self._engine) as connection:
            for record in ordered:
                self._note_suite(connection, record)
            now = max(record.recorded_at for record in records)
            _drop(connection, flakes, records[0].repository_id, now - KEEP_FLAKES)
            _drop(connection, suites, records[0].repository_id, now - KEEP_FLAKES)
            table = suites.c
            old = (
                table.repository_id == records[0].repository_id,
                table.recorded_at < now - KEEP_STATES,
                table.states != b"",
            )
            connection.execute(update(suites).where(*old).values(states=b""))

    def _note_suite(self, connection: Connection, record: SuiteRecord) -> None:
        suite, table = _hash(record.suite), suites.c
        row = {
            "repository_id": record.repository_id,
            "tree": record.tree,
            "suite": suite,
            "states": b"",
            "recorded_at": record.recorded_at,
        }
        self._insert_new(connection, suites, row)  # what is to be locked has to be there
        known = connection.scalar(
            select(table.states)
            .where(
                table.repository_id == record.repository_id,
                table.tree == record.tree,
                table.suite == suite,
            )
            .with_for_update()
        )
        states, flaky = merge_states(known or b"", record.states)
        self._upsert_in(connection, suites, row | {"states": states})
        for test in flaky:
            flake = {
                "repository_id": record.repository_id,
                "key": _hash(record.tree, suite, test),
                "test": test,
                "tree": record.tree,
                "suite": suite,
                "recorded_at": record.recorded_at,
            }
            self._upsert_in(connection, flakes, flake)

    def flaky(self, repository_id: int) -> tuple[FlakyRecord, ...]:
        """Return the tests that are known to flake, by name; of the newest 10,000 flakes."""
        table = flakes.c
        newest = (
            select(table.test, table.tree, table.suite, table.recorded_at)
            .where(table.repository_id == repository_id)
            .order_by(table.recorded_at.desc(), table.key)
            .limit(MOST_FLAKES)
        )
        ran = select(suites.c.suite, suites.c.tree).where(suites.c.repository_id == repository_id)
        with reading(self._engine) as connection:
            found = [tuple(row) for row in connection.execute(newest)]
            trees = [tuple(row) for row in connection.execute(ran)] if found else []
        return count_flakes(found, trees)

    def clear_flaky(self, repository_id: int, test: str) -> int:
        """Forget the flakes of a test, as it is mended; return how many there were."""
        table = flakes.c
        mine = (table.repository_id == repository_id, table.test == storable(test))
        with writing(self._engine) as connection:
            return connection.execute(delete(flakes).where(*mine)).rowcount


def count_flakes(
    found: Iterable[tuple[str, str, str, datetime]], ran: Iterable[tuple[str, str]]
) -> tuple[FlakyRecord, ...]:
    """Return the flaky tests by (test, tree, suite, time) of their flakes.

    `ran` is (suite, tree) of all that ran; the runs of a test are the trees of its suites.
    """
    trees_of: dict[str, set[str]] = {}
    for suite, tree in ran:
        trees_of.setdefault(suite, set()).add(tree)
    by_test: dict[str, list[tuple[str, str, datetime]]] = {}
    for test, tree, suite, at in found:
        by_test.setdefault(test, []).append((tree, suite, at))
    records = []
    for test in sorted(by_test):
        some = by_test[test]
        flaked = {tree for tree, _, _ in some}
        runs = flaked.union(*(trees_of.get(suite, ()) for _, suite, _ in some))
        records.append(FlakyRecord(test, len(runs), len(flaked), max(at for *_, at in some)))
    return tuple(records)


def _drop(connection: Connection, table: Table, repository_id: int, before: datetime) -> None:
    old = (table.c.repository_id == repository_id, table.c.recorded_at < before)
    connection.execute(delete(table).where(*old))


def _paths(packed: bytes) -> list[str]:
    paths: list[str] = json.loads(zlib.decompressobj().decompress(packed, _MAX_PATHS))
    return paths


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(map(storable, parts)).encode()).hexdigest()
