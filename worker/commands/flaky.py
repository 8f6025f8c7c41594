"""`flaky`: which tests passed and failed on the same files; `flaky clear`: one is mended."""

from __future__ import annotations

from worker.commands._stored import check_length
from worker.core.errors import UsageError
from worker.core.render import replies
from worker.flows.asking import Answer, Call, CommandKind

__all__ = ["COMMAND"]


def _run(call: Call) -> Answer:
    store, repository = call.look.deps.store, call.look.repository.id
    words = check_length(call).split(maxsplit=1)
    if not words:
        rows = [(one.test, one.flakes, one.runs, one.last) for one in store.flaky(repository)]
        return Answer(done=True, text=replies.flaky_tests(rows))
    if words[0].lower() != "clear" or len(words) == 1:
        raise UsageError(replies.clear_what())
    refusal = call.rights.refusal(_CLEAR)
    if refusal:
        return Answer(done=False, text=refusal)
    test = words[1].strip("`")
    known = [one.test for one in store.flaky(repository)]
    name = f"cleared:{call.comment.id}:{call.place}"
    if test not in known and call.look.effects.get(name) is None:
        raise UsageError(replies.no_flaky_test(test, known))
    call.look.effects.put(name, "cleared")  # what is killed below is done again, and told
    store.clear_flaky(repository, test)
    return Answer(done=True, text=replies.flaky_cleared(test))


_CLEAR = CommandKind("flaky clear", "", "", _run, allow=("write",))
"""By whom `clear` may be given, beside what the repository says of `flaky`."""

COMMAND = CommandKind(
    "flaky",
    "[clear TEST]",
    "Lists the tests that passed and failed on the same files; `clear` forgets one that was "
    "mended (`write` and higher).",
    _run,
)
