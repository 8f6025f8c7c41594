"""A private PostgreSQL for a test session, from the machine's own programs.

The data lies in a temporary folder and the server listens on a socket there, so it meets
no other one. Tests that ask for it are skipped, with the reason, where the programs are
absent (Debian: `apt-get install postgresql`).
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 30


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """Run a server; the value is its socket's folder."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's programs (initdb, postgres) are not installed")
    # Not pytest's own folder: the server's user may not enter it. And a short path, since
    # that of a socket may have 104 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="covgate-pg-", dir="/tmp"))
    identity = _unprivileged()
    if identity:
        os.chown(folder, identity["user"], identity["group"])
    try:
        _initialise(programs / "initdb", folder / "data", identity)
        with _serving(programs / "postgres", folder, identity):
            yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def _database_numbers() -> Iterator[int]:
    return count(1)


@pytest.fixture
def postgres_url(postgres_server: Path, _database_numbers: Iterator[int]) -> Iterator[str]:
    """Make an empty database and return its URL."""
    name = f"test{next(_database_numbers)}"
    with _connect(postgres_server) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield f"postgresql+psycopg://covgate@/{name}?host={postgres_server}"
    with _connect(postgres_server) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _programs() -> Path | None:
    """Return the folder of the newest installed server's programs; Debian keeps several."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: [int(part) for part in folder.parent.name.split(".")],
    )
    on_path = shutil.which("postgres")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    usable = [f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()]
    return usable[-1] if usable else None


def _unprivileged() -> dict[str, Any]:
    """Return whom the server runs as; PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _initialise(initdb: Path, data: Path, identity: dict[str, Any]) -> None:
    subprocess.run(
        [initdb, "-D", data, "-U", "covgate", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
        check=True,
        capture_output=True,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        **identity,
    )


@contextmanager
def _serving(postgres: Path, folder: Path, identity: dict[str, Any]) -> Iterator[None]:
    """Run a server until the end of the `with` block."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [postgres, "-D", folder / "data", "-k", folder, "-c", "listen_addresses=", "-F"],
            stdout=output,
            stderr=output,
            cwd="/",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            **identity,
        )
        try:
            _await(process, folder)
            yield
        finally:
            process.send_signal(signal.SIGINT)  # "fast": it does not wait for clients
            process.wait(timeout=_START_SECONDS)


def _await(process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            _connect(folder).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail((folder / "log").read_text())
            time.sleep(0.05)
        else:
            return


def _connect(folder: Path) -> psycopg.Connection:
    return psycopg.connect(
        host=str(folder), user="covgate", dbname="postgres", autocommit=True, connect_timeout=5
    )
