"""Who is who among the processes under test: read from /proc, without asking them."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Family", "end", "family_of", "is_alive", "parent_of", "pid_of_port"]

_ESTABLISHED = "01"


@dataclass(frozen=True, slots=True)
class Family:
    """A `covgate worker`: its supervisor, its RQ workers, and the fork of each job by worker."""

    supervisor: int
    workers: tuple[int, ...]
    jobs: dict[int, int]

    @property
    def all(self) -> tuple[int, ...]:
        """Every process of it, parents first."""
        return (self.supervisor, *self.workers, *self.jobs.values())


def parent_of(pid: int) -> int:
    """Return a process's parent; 0 where it has ended."""
    return _stat(pid)[1]


def is_alive(pid: int) -> bool:
    """Return whether a process runs or is stopped (a dead one nobody waited for is neither)."""
    return _stat(pid)[0] not in {"", "Z", "X"}


def family_of(supervisor: int) -> Family:
    """Return who belongs to a supervisor now."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        state, parent = _stat(pid)
        if state not in {"", "Z", "X"}:
            children.setdefault(parent, []).append(pid)
    workers = tuple(sorted(children.get(supervisor, ())))
    jobs = {worker: found[0] for worker in workers if (found := children.get(worker))}
    return Family(supervisor, workers, jobs)


def pid_of_port(port: int, candidates: tuple[int, ...]) -> int | None:
    """Return which of the processes has the local TCP port of this machine.

    That is how a server learns who asks: it sees the port that the connection comes from.
    """
    inode = _inode_of(port)
    if inode is None:
        return None
    for pid in candidates:
        try:
            for link in Path(f"/proc/{pid}/fd").iterdir():
                if link.readlink().name == f"socket:[{inode}]":
                    return pid
        except OSError:  # it has ended meanwhile
            continue
    return None


def end(pid: int, number: signal.Signals = signal.SIGKILL) -> bool:
    """Send a signal; False where nobody is there to get it."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _stat(pid: int) -> tuple[str, int]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", 0
    state, parent = text.rpartition(")")[2].split()[:2]
    return state, int(parent)


def _inode_of(port: int) -> str | None:
    """Return the socket's inode, from the table described in proc_net_tcp.txt of the kernel."""
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == _ESTABLISHED:
            return fields[9]
    return None
