"""`help`: all commands, and which of them the caller may give."""

from __future__ import annotations

from worker.core.render import replies
from worker.flows.asking import Answer, Call, CommandKind

__all__ = ["COMMAND"]


def _run(call: Call) -> Answer:
    rights = call.rights
    rows = []
    for kind in call.look.deps.commands.values():
        may = "✅" if not rights.refusal(kind) else f"needs {replies.who(rights.allowed(kind))}"
        if kind.not_author and rights.is_author and may != "✅":
            may = "not for your own pull request"
        rows.append((f"{kind.name} {kind.usage}".strip(), kind.help, may))
    return Answer(done=True, text=replies.help_table(rows, rights.login, rights.role.name))


COMMAND = CommandKind("help", "", "Lists the commands, and which of them you may give.", _run)
