"""The schema's versions: made once, whoever starts first, and never stepped back from."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from worker.core.errors import CovgateError, PostponedError, SettingError
from worker.core.refs import Sha
from worker.store import migrate, open_store
from worker.store.engine import open_engine, reading, writing
from worker.store.migrate import _config
from worker.store.schema import METADATA

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

# Python 3.12 warns of forks beside threads, and pytest-xdist has one; the children here
# use nothing of it.
FORKS = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/history.db"
    return request.getfixturevalue("postgres_url")


def test_the_migrations_make_the_schema_that_the_code_uses(url: str) -> None:
    """A column that only the code knows would fail at the first pull request."""
    migrate(url)
    with reading(open_engine(url)) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


@FORKS
def test_processes_that_start_together_migrate_once(url: str) -> None:
    """Receiver and workers start at once; all but one would stop with "table exists"."""
    processes = multiprocessing.get_context("fork")
    barrier, outcomes = processes.Barrier(4), processes.SimpleQueue()
    starters = [processes.Process(target=_start, args=(url, barrier, outcomes)) for _ in range(4)]
    for starter in starters:
        starter.start()
    assert [outcomes.get() for _ in starters] == ["ready"] * 4
    for starter in starters:
        starter.join()
        starter.close()
    outcomes.close()


def _start(url: str, barrier: Barrier, outcomes: SimpleQueue[str]) -> None:
    barrier.wait()
    try:
        open_store(url).ping()
    except Exception as error:  # noqa: BLE001 -- the parent shows whatever it was
        outcomes.put(repr(error))
    else:
        outcomes.put("ready")


def test_a_second_start_needs_no_lock(url: str) -> None:
    """A worker would not start while another one writes."""
    migrate(url)
    engine = open_engine(url)
    with writing(engine) as connection:
        connection.exec_driver_sql("DELETE FROM verdicts")
        migrate(url)


def test_a_newer_schema_stops_the_process(url: str) -> None:
    """An older Covgate would write into tables that it does not understand."""
    migrate(url)
    with writing(open_engine(url)) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CovgateError, match=r"\(9999\) is newer than this Covgate") as caught:
        open_store(url)
    assert not isinstance(caught.value, PostponedError)


def test_a_failed_migration_leaves_nothing_half_done(url: str) -> None:
    """A process killed or refused while migrating would leave a database nobody can start."""
    engine = open_engine(url)
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE verdicts (a INTEGER)")  # in the third's way
    with pytest.raises(CovgateError, match="exists"):
        migrate(url)
    with reading(engine) as connection:
        assert inspect(connection).get_table_names() == ["verdicts"]


def test_folders_may_have_any_name(tmp_path: Path) -> None:
    """A checkout below a folder with a space or a per cent sign could not start."""
    folder = tmp_path / "50% done & more"
    folder.mkdir()
    open_store(f"sqlite:///{folder}/history.db").ping()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The operator would read "unable to open database file" and search."""
    with pytest.raises(SettingError, match=r"COVGATE_DATABASE_URL .*/no/where, which is no folder"):
        open_store(f"sqlite:///{tmp_path}/no/where/history.db")


def test_another_file_is_not_taken_for_a_database(tmp_path: Path) -> None:
    """A wrong path would be retried for ever, or worse, written over."""
    other = tmp_path / "notes.txt"
    other.write_text("not a database, but long enough to look at\n" * 100)
    with pytest.raises(CovgateError, match="file is not a database") as caught:
        open_store(f"sqlite:///{other}")
    assert not isinstance(caught.value, PostponedError)
    assert other.read_text().startswith("not a database")


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://x/y", "sqlite+aiosqlite:///x", "x"])
def test_other_databases_are_refused(url: str) -> None:
    """A driver that is not installed would end in a traceback."""
    with pytest.raises(SettingError, match="COVGATE_DATABASE_URL"):
        open_store(url)


def test_a_baseline_of_the_first_version_is_read_after_the_upgrade(tmp_path: Path) -> None:
    """Every repository would be without a baseline until its next push."""
    url = f"sqlite:///{tmp_path}/old.db"
    engine = open_engine(url)
    with writing(engine) as connection:
        command.upgrade(_config(connection), "0001")
        connection.exec_driver_sql(
            "INSERT INTO repositories VALUES (70, 7, 'acme/rockets', 'main', 0, '')"
        )
        connection.exec_driver_sql(
            "INSERT INTO baselines VALUES "
            "(70, 'aaaa', 'main', 81, 100, x'00ff', 1000, 1, '2030-01-01 12:00:00')"
        )
    found = open_store(url).baseline(70, [Sha("aaaa")])
    assert found is not None
    assert (found.report, found.flags, found.details) == (b"\0\xff", {}, None)
