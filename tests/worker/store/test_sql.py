"""What a database does to its users: locks, fails, fills up, and outlives forks."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from worker.core.errors import CovgateError, PostponedError
from worker.core.refs import Repository, Sha
from worker.ports import BaselineRecord
from worker.store import SqlStore, migrate, open_store
from worker.store.engine import open_engine, reading, writing
from worker.store.schema import METADATA

if TYPE_CHECKING:
    import sqlite3
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

ROCKETS = Repository(7, 70, "acme/rockets", "main")
BASELINE = BaselineRecord(
    70, Sha("a" * 40), "main", 81, 100, b"report", 1000, 1, datetime(2030, 1, 1, tzinfo=UTC)
)

# Python 3.12 warns of forks beside threads, and pytest-xdist has one; the children here
# use nothing of it.
FORKS = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the URL of a migrated SQLite file."""
    url = f"sqlite:///{tmp_path}/history.db"
    migrate(url)
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a database of each kind."""
    return request.getfixturevalue(f"{request.param}_url")


@FORKS
def test_forked_workers_share_a_store(url: str) -> None:
    """Workers fork for every job: a shared connection would mix up two jobs' answers."""
    store = open_store(url)
    store.remember_repository(ROCKETS)
    processes = multiprocessing.get_context("fork")
    barrier = processes.Barrier(4)
    workers = [
        processes.Process(target=_record, args=(store, barrier, number)) for number in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
        worker.close()
    for number in range(4):
        for step in range(10):
            assert store.baseline(70, [_commit(number, step)]) is not None
    shared = store.baseline(70, [BASELINE.commit])
    assert shared is not None
    assert (shared.run_id, shared.covered) == (39, 39)


def _record(store: SqlStore, barrier: Barrier, number: int) -> None:
    """Record commits of its own, and race with the others for one."""
    barrier.wait()
    for step in range(10):
        store.record_baseline(replace(BASELINE, commit=_commit(number, step)))
        run = step * 4 + number
        store.record_baseline(replace(BASELINE, run_id=run, covered=run))


def _commit(number: int, step: int) -> Sha:
    return Sha(f"{number:020x}{step:020x}")


def test_a_locked_database_postpones(sqlite_url: str) -> None:
    """A backup that holds the file for a while would fail checks instead of delaying them."""
    store = SqlStore(open_engine(sqlite_url, patience=0))
    with (
        writing(open_engine(sqlite_url)),
        pytest.raises(PostponedError, match="locked") as caught,
    ):
        store.remember_repository(ROCKETS)
    assert caught.value.seconds > 0
    store.remember_repository(ROCKETS)


@pytest.mark.postgres
def test_a_locked_table_postpones(postgres_url: str) -> None:
    """A forgotten transaction in somebody's console would hold workers for ever."""
    migrate(postgres_url)
    store = SqlStore(open_engine(postgres_url, patience=1))
    with writing(open_engine(postgres_url)) as connection:
        connection.exec_driver_sql("LOCK TABLE repositories")
        with pytest.raises(PostponedError, match="lock timeout"):
            store.remember_repository(ROCKETS)


def test_readers_do_not_wait_for_a_writer(url: str) -> None:
    """The dashboard and readiness would hang whenever a worker records."""
    store = open_store(url)
    store.remember_repository(ROCKETS)
    with writing(open_engine(url)) as connection:
        connection.exec_driver_sql("DELETE FROM repositories")
        assert not SqlStore(open_engine(url, patience=1)).has_baseline(70)


def test_a_full_disk_postpones_and_loses_nothing(sqlite_url: str) -> None:
    """Work that met a full disk would be lost instead of done after somebody made room."""
    engine = open_engine(sqlite_url)

    @event.listens_for(engine, "connect")
    def fill(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}").close()

    store = SqlStore(engine)
    store.remember_repository(ROCKETS)
    with pytest.raises(PostponedError, match="full"):
        store.record_baseline(replace(BASELINE, report=b"x" * 1_000_000))
    roomy = open_store(sqlite_url)
    roomy.record_baseline(BASELINE)
    assert roomy.baseline(70, [BASELINE.commit]) == BASELINE


def test_a_database_that_is_down_postpones_without_its_password() -> None:
    """An outage of PostgreSQL would fail checks, or write its password into the log."""
    store = SqlStore(open_engine("postgresql+psycopg://covgate:hunter2@127.0.0.1:1/covgate"))
    with pytest.raises(PostponedError, match="can't serve now") as caught:
        store.ping()
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_that_came_back_is_used_again(url: str) -> None:
    """A restart of PostgreSQL would need one of Covgate too."""
    store = open_store(url)
    store.ping()
    with writing(open_engine(url)) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
    store.ping()


def test_a_schema_broken_by_hand_is_said(url: str) -> None:
    """Readiness would be green over a database that can't take anything."""
    store = open_store(url)
    with writing(open_engine(url)) as connection:
        for table in reversed(METADATA.sorted_tables):
            connection.exec_driver_sql(f"DROP TABLE {table.name}")
    with pytest.raises(CovgateError, match="repositories"):
        store.ping()


def test_errors_show_no_statements_or_values(sqlite_url: str) -> None:
    """Reports of private code would stand in the log of every failed statement."""
    store = open_store(sqlite_url)
    with writing(open_engine(sqlite_url)) as connection:
        connection.exec_driver_sql("DROP TABLE baselines")
    with pytest.raises(CovgateError) as caught:
        store.record_baseline(replace(BASELINE, branch="secret-feature"))
    for error in (caught.value, caught.value.__cause__):
        assert "secret-feature" not in str(error)


def test_sqlite_is_set_up_for_several_processes(sqlite_url: str) -> None:
    """Without the write-ahead log readers block the writer; without keys rows are orphaned."""
    with reading(open_engine(sqlite_url)) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000


def test_a_time_without_a_zone_is_refused(sqlite_url: str) -> None:
    """A naive time would be read as UTC and shift the history by hours."""
    store = open_store(sqlite_url)
    store.remember_repository(ROCKETS)
    naive = replace(BASELINE, recorded_at=datetime(2030, 1, 1))  # noqa: DTZ001 -- the point
    with pytest.raises(CovgateError, match="without a zone"):
        store.record_baseline(naive)
