"""Who may speak on the page, and what there is to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox.samples import VISITOR
from worker.commands import COMMANDS
from worker.core.commands import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sandbox.pulls import Pull

__all__ = ["READER", "Speaker", "commands_to_try", "speakers"]

READER = "a-reader"
"""Somebody who may do no more than read."""

_ARGUMENTS: Mapping[str, str] = {
    "explain": "new code",
    "override": "The release must go",
}
"""What a command says on the page, where it needs more than its name."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who may comment, and what he is."""

    login: str
    role: str


def speakers(pull: Pull) -> tuple[Speaker, ...]:
    """Return who may comment on a pull request: the visitor first."""
    author = pull.author.login
    role_of = pull.repo.role_of
    found = {
        VISITOR: role_of(VISITOR),
        author: f"the author, {role_of(author)}",
        READER: role_of(READER),
    }
    return tuple(Speaker(login, role) for login, role in found.items())


def commands_to_try(pull: Pull) -> tuple[str, ...]:
    """Return a line for each slash-command that there is, to be said as it stands."""
    changes = [change for change in pull.changes() if change.new is not None]
    changes.sort(key=lambda change: ("test" in change.path, -change.additions, change.path))
    path = changes[0].path if changes else ""
    return tuple(
        f"{PREFIXES[0]} {name} {_ARGUMENTS.get(name, path if name == 'show' else '')}".strip()
        for name in COMMANDS
    )
