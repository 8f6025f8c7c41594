"""The verdict that a command tells from: the stored inputs, judged again as they were."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from worker.core.analysis import analyze
from worker.core.commands import MAX_ARGUMENT
from worker.core.errors import UsageError
from worker.core.render import replies
from worker.core.render.markdown import code
from worker.core.replay import decode_replay

if TYPE_CHECKING:
    from collections.abc import Collection

    from worker.core.render import Context
    from worker.core.verdict import Verdict
    from worker.flows.asking import Call

__all__ = ["check_length", "find_path", "stored_verdict"]

_MOST_COMPARED = 20_000


def stored_verdict(call: Call) -> tuple[Verdict, Context] | str:
    """Return the verdict on the head, or why there is none to tell from."""
    look, head = call.look, call.pull.head_sha
    kept = look.deps.store.inputs(look.repository.full_name, call.pull.number)
    if kept is None:
        return replies.no_verdict(head)
    sha, data = kept
    if sha != head:
        return replies.no_verdict(head, sha)
    look.keep_lease()
    inputs, context = decode_replay(data)
    return analyze(inputs), context


def check_length(call: Call) -> str:
    """Return the argument; raises `UsageError` where it was cut."""
    if len(call.argument) > MAX_ARGUMENT:
        raise UsageError(replies.too_long(MAX_ARGUMENT))
    return call.argument


def find_path(wanted: str, paths: Collection[str], *, folders: bool = False) -> tuple[str, ...]:
    """Return the path that is meant: whole, or the end of one alone; or all of a folder.

    Raises `UsageError`, which names the nearest one.
    """
    wanted = wanted.strip("`\"'").removeprefix("./")
    if wanted in paths:
        return (wanted,)
    ending = sorted(path for path in paths if path.endswith(f"/{wanted}"))
    if len(ending) == 1:
        return (ending[0],)
    below = sorted(path for path in paths if path.startswith(f"{wanted.rstrip('/')}/"))
    if folders and below:
        return tuple(below)
    if ending:
        some = ", ".join(code(path) for path in ending[:5])
        raise UsageError(f"{code(wanted)} may be any of {some}")
    close: list[str] = []
    if len(paths) <= _MOST_COMPARED:
        close = get_close_matches(wanted, sorted(paths), n=1, cutoff=0.6)
    hint = f"; did you mean {code(close[0])}?" if close else ""
    raise UsageError(f"there is no {code(wanted)} here{hint}")
