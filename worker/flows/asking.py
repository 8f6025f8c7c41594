"""What a slash-command is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.core.config import Config
    from worker.core.refs import Comment, PullRequest
    from worker.flows.deps import Look
    from worker.flows.effects import Publisher
    from worker.flows.rights import Rights

__all__ = ["READERS", "Answer", "Call", "CommandKind"]

READERS = ("read",)
"""Who may ask for what changes nothing: everybody who may see the repository."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How it went: `done` or not, and Markdown where there is something to say."""

    done: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One command of one comment. `config` is None where the file has a mistake."""

    look: Look
    pull: PullRequest
    publisher: Publisher
    comment: Comment
    place: int
    """Which of the comment's commands it is, from 0."""
    argument: str
    config: Config | None
    rights: Rights
    head_is_new: bool
    """Whether the head came in since the comment was written, or may have."""


@dataclass(frozen=True, slots=True)
class CommandKind:
    """A command: one file in `worker/commands/` each, one registry.

    `usage` is what follows the prefix; `help` one line of Markdown; `allow` who may give it
    where the repository's configuration does not say, as there. `not_author` keeps the pull
    request's own author from it. `run` may raise what the ports raise, and `UsageError`.
    """

    name: str
    usage: str
    help: str
    run: Callable[[Call], Answer]
    allow: tuple[str, ...] = READERS
    not_author: bool = False
    reads_verdict: bool = False
    """Whether it takes a stored verdict up again, which may be more than a worker can hold."""
