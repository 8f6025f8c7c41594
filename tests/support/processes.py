"""Which processes are alive, told by the folder that they work in.

However a process came to be, and whoever its parent is by now: those that `covgate up`
starts in a folder work there or below.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["command_of", "processes_in"]


def processes_in(folder: Path) -> list[int]:
    """Return the ids of the living processes whose working folder is this one or below."""
    top = folder.resolve()
    return sorted(pid for pid, place in _places().items() if place.is_relative_to(top))


def command_of(pid: int) -> str:
    """Return a process's command line, "" where it has ended."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""
    command = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _places() -> dict[int, Path]:
    """Return each process's working folder, from /proc or, without one, from lsof (macOS)."""
    found = {}
    if Path("/proc/self/cwd").exists():
        for link in Path("/proc").glob("[0-9]*/cwd"):
            try:
                found[int(link.parent.name)] = link.readlink()
            except OSError:  # it has ended, or is somebody else's
                continue
        return found
    pid = 0
    command = ["lsof", "-a", "-d", "cwd", "-F", "pn"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        if line.startswith("p"):
            pid = int(line[1:])
        elif line.startswith("n"):
            found[pid] = Path(line[1:])
    return found
