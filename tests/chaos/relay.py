"""A relay between workers and Redis that knows each caller, and what it calls."""

from __future__ import annotations

import hashlib
import select
import socket
import struct
import threading
from typing import TYPE_CHECKING, Self

from worker.inbox import lua

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chaos.points import Executioner

__all__ = ["Relay"]

_SCRIPTS = {hashlib.sha1(getattr(lua, name).encode()).hexdigest(): name for name in lua.__all__}
_CHUNK = 1 << 16


class Relay:
    """Listens on a Unix socket of its own, and passes everything on.

    One message of a client's is one call: a command, or all of a pipeline. Linux tells whose
    process made a connection (SO_PEERCRED). A context manager.
    """

    def __init__(self, path: Path, server: str, executioner: Executioner) -> None:
        self.path, self._server = path, server
        self._executioner = executioner
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        size = struct.calcsize("3i")
        raw = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        pid: int = struct.unpack("3i", raw)[0]
        counted = self._executioner.is_job(pid)
        with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
            try:
                server.connect(self._server)
                self._pump(client, server, pid if counted else 0)
            except OSError:  # one of the two is gone
                return

    def _pump(self, client: socket.socket, server: socket.socket, pid: int) -> None:
        """Pass on until one side ends; `pid` is 0 where nobody counts."""
        told = True
        while True:
            readable, _, _ = select.select([client, server], [], [])
            if client in readable:
                data = client.recv(_CHUNK)
                if not data or (pid and not self._executioner.begin(pid, _name(data))):
                    return
                told = False
                server.sendall(data)
            if server in readable:
                data = server.recv(_CHUNK)
                if not data:
                    return
                if pid and not told:
                    told = True
                    if not self._executioner.finish(pid):
                        return
                client.sendall(data)


def _name(data: bytes) -> str:
    """Return what a call is, from its bytes: "redis CLAIM", "redis HGET"."""
    parts = data[:400].split(b"\r\n")
    words = [part.decode("latin-1") for part in parts[2::2]]
    if not words:
        return "redis"
    if words[0].upper() == "EVALSHA" and len(words) > 1:
        return f"redis {_SCRIPTS.get(words[1], 'script')}"
    return f"redis {words[0].upper()}" + (f" {words[1]}" if len(words) > 1 else "")
