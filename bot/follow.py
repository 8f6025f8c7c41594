"""`python -m bot.follow PARENT …`: the `covgate` command, ended when its parent ends.

For the children of `covgate up` and `covgate sandbox`: however those die, nothing of theirs
goes on. Linux sends a signal by itself; elsewhere the end of standard input, a pipe that
only the parent holds, says it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from bot.cli import main
from worker.guard import die_with_parent

__all__: list[str] = []


def _follow_pipe() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    parent = int(sys.argv.pop(1))
    if sys.platform.startswith("linux"):
        die_with_parent(signal.SIGTERM, parent)
    else:
        # No worker is forked where this thread runs (`worker.supervisor` spawns there).
        threading.Thread(target=_follow_pipe, daemon=True).start()
    main()
