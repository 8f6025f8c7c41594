"""Baselines, the flags in them, and the trees of commits."""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, insert, select

from worker.core.numbers import Ratio
from worker.ports import (
    BaselineRecord,
    FlagRecord,
)
from worker.store.engine import reading, writing
from worker.store.rows import BATCH, Rows, first_of
from worker.store.schema import (
    baseline_flags,
    baselines,
    storable,
    verdicts,
)
from worker.store.schema import trees as all_trees

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.refs import Sha

__all__ = ["Baselines"]


class Baselines(Rows):
    """The reports that pull requests are compared with."""

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
            first = first_of(connection, select(table.commit).where(mine), table.commit, commits)
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
            first = first_of(connection, select(table.commit).where(mine), table.commit, commits)
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
            for start in range(0, len(trees), BATCH):
                some = select(table.tree, table.commit).where(
                    table.repository_id == repository_id,
                    table.tree.in_(trees[start : start + BATCH]),
                )
                for tree, commit in connection.execute(some.order_by(table.commit)):
                    found.setdefault(tree, []).append(commit)
        return found

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


def _share(ratio: Ratio) -> tuple[Fraction, int]:
    return Fraction(ratio.covered, ratio.total), ratio.total
