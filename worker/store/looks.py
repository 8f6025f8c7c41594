"""`worker.ports.History`: what pages read, at a cost that does not grow with the past."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from sqlalchemy import Select, and_, func, or_, select

from worker.core.refs import Repository
from worker.ports.records import ConclusionRecord, PointRecord, PullRecord
from worker.store.engine import reading, writing
from worker.store.ledger import override_of
from worker.store.rows import Rows
from worker.store.schema import overrides, points, pulls, repositories, storable, verdicts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Row

    from worker.core.refs import Sha
    from worker.ports.records import OverrideRecord

__all__ = ["Looks"]

_MOST_NUMBERS = 20
_CONCLUSION = tuple(verdicts.c[field.name] for field in fields(ConclusionRecord))


class Looks(Rows):
    """Repositories, pull requests and what became of them, for those who look at pages."""

    def record_pull(self, record: PullRecord) -> None:
        """Keep how a pull request is now, instead of how it was."""
        row = {field.name: getattr(record, field.name) for field in fields(PullRecord)}
        with writing(self._engine) as connection:
            self._upsert_in(connection, pulls, row)

    def list_repositories(
        self, *, after: str = "", most: int, private: Collection[int] | None = None
    ) -> tuple[Repository, ...]:
        """Return the repositories whose names come after that one, by name in lower case.

        Of the private ones, those that `private` has the ids of (None: all).
        """
        name = func.lower(repositories.c.full_name)
        some = select(repositories).where(name > storable(after).lower())
        if private is not None:
            open_to_all = repositories.c.private.is_(other=False)
            some = some.where(or_(open_to_all, repositories.c.id.in_(sorted(private))))
        with reading(self._engine) as connection:
            rows = connection.execute(some.order_by(name).limit(most)).all()
        return tuple(Repository(**row._asdict()) for row in rows)

    def find_repository(self, full_name: str) -> Repository | None:
        """Return the repository that has a name now, whatever its letters' case."""
        named = func.lower(repositories.c.full_name) == storable(full_name).lower()
        # Of two that had a name one after the other, the younger one has it now.
        one = select(repositories).where(named).order_by(repositories.c.id.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(one).one_or_none()
        return None if row is None else Repository(**row._asdict())

    def points_of(
        self, places: Sequence[tuple[int, str]], *, most: int
    ) -> Mapping[int, tuple[PointRecord, ...]]:
        """Return the newest points of several repositories' branches, without their data."""
        table = points.c
        columns = [column for column in table if column.name != "data"]
        found: dict[int, tuple[PointRecord, ...]] = {}
        with reading(self._engine) as connection:
            # One after the other: a window over all of them would read every point there is.
            for repository_id, branch in places:
                mine = (table.repository_id == repository_id, table.branch == storable(branch))
                newest = (table.recorded_at.desc(), table.commit)
                some = select(*columns).where(*mine).order_by(*newest).limit(most)
                rows = connection.execute(some).all()
                found[repository_id] = tuple(_point(row) for row in reversed(rows))
        return found

    def pull(self, repository_id: int, number: int) -> PullRecord | None:
        """Return a pull request as it was seen last."""
        mine = (pulls.c.repository_id == repository_id, pulls.c.number == number)
        with reading(self._engine) as connection:
            row = connection.execute(select(pulls).where(*mine)).one_or_none()
        return None if row is None else PullRecord(**row._asdict())

    def open_pulls(
        self, repository_id: int, *, most: int
    ) -> tuple[tuple[PullRecord, ConclusionRecord | None], ...]:
        """Return the open pull requests, newest first, each with what its head ended with."""
        table, told = pulls.c, verdicts.c
        on_head = and_(
            told.repository_id == table.repository_id,
            told.number == table.number,
            told.head_sha == table.head_sha,
        )
        some = (
            select(pulls, told.conclusion, told.title.label("told"), told.recorded_at)
            .join_from(pulls, verdicts, on_head, isouter=True)
            .where(table.repository_id == repository_id, table.state == "open")
            .order_by(table.number.desc())
            .limit(most)
        )
        with reading(self._engine) as connection:
            return tuple(_open_pull(row) for row in connection.execute(some))

    def conclusions(
        self, repository_id: int, number: int | None = None, *, most: int
    ) -> tuple[ConclusionRecord, ...]:
        """Return what heads ended with, the newest first: of a repository, or a pull request."""
        with reading(self._engine) as connection:
            rows = connection.execute(_newest_conclusions(repository_id, number, most)).all()
        return tuple(ConclusionRecord(**row._asdict()) for row in rows)

    def conclusions_of(self, repository_ids: Sequence[int]) -> Mapping[int, ConclusionRecord]:
        """Return the newest conclusion of each repository that has one."""
        found: dict[int, ConclusionRecord] = {}
        with reading(self._engine) as connection:
            for repository_id in repository_ids:
                for row in connection.execute(_newest_conclusions(repository_id, None, 1)):
                    found[repository_id] = ConclusionRecord(**row._asdict())
        return found

    def numbers_of(self, repository_id: int, head_sha: Sha) -> tuple[int, ...]:
        """Return the pull requests that had a commit as their head, at most 20, by number."""
        table = verdicts.c
        mine = (table.repository_id == repository_id, table.head_sha == head_sha)
        some = select(table.number).where(*mine).order_by(table.number).limit(_MOST_NUMBERS)
        with reading(self._engine) as connection:
            return tuple(connection.scalars(some))

    def latest_overrides(
        self, repository_id: int, number: int | None = None, *, most: int
    ) -> tuple[OverrideRecord, ...]:
        """Return the newest overrides of a repository, or of a pull request, newest first."""
        table = overrides.c
        some = select(overrides).where(table.repository_id == repository_id)
        if number is not None:
            some = some.where(table.number == number)
        newest = (table.made_at.desc(), table.comment_id.desc(), table.place.desc())
        with reading(self._engine) as connection:
            rows = connection.execute(some.order_by(*newest).limit(most)).all()
        return tuple(override_of(row) for row in rows)


def _newest_conclusions(
    repository_id: int, number: int | None, most: int
) -> Select[tuple[object, ...]]:
    """Return the statement; the verdicts' JSON, which may be long, is left where it is."""
    table = verdicts.c
    some = select(*_CONCLUSION).where(table.repository_id == repository_id)
    if number is not None:
        some = some.where(table.number == number)
    newest = (table.recorded_at.desc(), table.number.desc(), table.head_sha)
    return some.order_by(*newest).limit(most)


def _point(row: Row[tuple[object, ...]]) -> PointRecord:
    return PointRecord(**row._asdict(), data="{}")


def _open_pull(
    row: Row[tuple[object, ...]],
) -> tuple[PullRecord, ConclusionRecord | None]:
    values = row._asdict()
    conclusion, told, at = (values.pop(name) for name in ("conclusion", "told", "recorded_at"))
    pull = PullRecord(**values)
    if conclusion is None:
        return pull, None
    place = pull.repository_id, pull.number, pull.head_sha
    return pull, ConclusionRecord(*place, conclusion, told, at)
