"""Slash-commands in comments: each has its effect exactly once, whatever is killed.

A command's comment is read afresh, for it may be gone or changed. What came of it is
recorded before anything is said, and a reply carries a mark that nobody sees, by which the
next one finds it where a job was killed in between.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import structlog

from worker.core.commands import PREFIXES, find_commands
from worker.core.errors import (
    ConfigError,
    GitHubError,
    LeaseLostError,
    NotFoundError,
    PostponedError,
    UsageError,
)
from worker.core.render import replies
from worker.flows.asking import Answer, Call
from worker.flows.configured import read_config
from worker.flows.rights import Rights

if TYPE_CHECKING:
    from worker.core.commands import Command
    from worker.core.config import Config
    from worker.core.refs import Comment, PullRequest
    from worker.flows.asking import CommandKind
    from worker.flows.deps import Look
    from worker.flows.effects import Publisher

__all__ = ["obey"]

_MAX_TRIES = 2
"""How many jobs may die of one comment before it is left alone; the claim has one more."""
_GIVE_UP = timedelta(days=1)
"""How long GitHub may not answer before a command is given up."""
_SKEW = timedelta(seconds=2)
_OLDEST = timedelta(days=3)
"""GitHub redelivers nothing that is older."""
_HEAD = "head"
"""Holds the head that was seen last, since when, and whether another one was before it."""

_log = structlog.get_logger(__name__)


def obey(look: Look, pull: PullRequest, publisher: Publisher) -> timedelta | None:
    """Do what the comments at hand ask for, in their order.

    Returns after how long to try again what GitHub could not answer for; None where nothing
    is left.
    """
    asked = _comments(look) if look.deps.commands else []
    conversation = _Conversation(look, pull, publisher)
    waits = [_Asked(conversation, number).settle() for number in asked]
    conversation.note_head()
    return min((wait for wait in waits if wait is not None), default=None)


def _comments(look: Look) -> list[int]:
    """Return the ids of the comments that may hold commands, the oldest first."""
    given = {notice.facts.get("comment", "") for notice in look.claim.notices.values()}
    return sorted(int(text) for text in given if text.isascii() and text.isdigit())


@dataclass
class _Conversation:
    """A pull request's conversation, during one look."""

    look: Look
    pull: PullRequest
    publisher: Publisher

    @cached_property
    def config(self) -> Config | None:
        """The configuration in force; None where it has a mistake."""
        try:
            return read_config(self.look.github, self.pull.base_ref)
        except ConfigError:
            return None

    @property
    def prefixes(self) -> tuple[str, ...]:
        own = self.config.commands.prefix if self.config is not None else ""
        return (*PREFIXES, own) if own else PREFIXES

    @cached_property
    def _seen(self) -> dict[str, Any]:
        known: dict[str, Any] = json.loads(self.look.effects.get(_HEAD) or "{}")
        return known

    def note_head(self) -> None:
        """Remember the head, for commands that are given from now on."""
        if self._seen.get("sha") == self.pull.head_sha:
            return
        now = self.look.deps.clock.now().isoformat()
        seen = {"sha": self.pull.head_sha, "since": now, "replaced": bool(self._seen)}
        self.look.effects.put(_HEAD, json.dumps(seen))

    def head_is_new(self, comment: Comment) -> bool:
        """Return whether a push may have come in after a comment was written.

        What a person lets in is what he has seen: else a push a second later would be let in
        unseen.
        """
        seen, head = self._seen, self.pull.head_sha
        known = seen.get("sha") == head
        if not seen or (known and not seen["replaced"]):
            return False
        # Of a push that was only answered with a check yet, this is when.
        since = seen["since"] if known else self.look.effects.get(f"seen:{head}")
        if since is None or comment.created_at is None:
            return not known
        before = datetime.fromisoformat(since) - comment.created_at
        return _SKEW < before < _OLDEST


@dataclass
class _Asked:
    """One comment. What is recorded of it: tries, since when, and what came of it."""

    conversation: _Conversation
    comment_id: int

    @property
    def look(self) -> Look:
        return self.conversation.look

    @property
    def _name(self) -> str:
        return f"command:{self.comment_id}"

    def settle(self) -> timedelta | None:
        """Bring it to its end; return after how long to try again."""
        known: dict[str, Any] = json.loads(self.look.effects.get(self._name) or "{}")
        if known.get("ended"):
            return None
        now = self.look.deps.clock.now()
        known.setdefault("since", now.isoformat())
        try:
            if "done" not in known:
                answer = self._answer(known)
                if answer is None:  # nothing that asks for anything
                    self._record({"ended": True})
                    return None
                known = {**known, "done": answer.done, "text": answer.text}
                self._record(known)
            self._tell(known)
        except PostponedError as error:
            if error.gate:
                raise  # a rate limit: all of the installation waits
            if now - datetime.fromisoformat(known["since"]) > _GIVE_UP:
                self._end("given up")
                return None
            self._record({**known, "tries": 0})
            return timedelta(seconds=max(error.seconds, 30.0))
        except GitHubError as error:  # a locked conversation, a right withdrawn
            _log.warning("command.refused", comment=self.comment_id, reason=str(error))
        self._end("done" if known.get("done") else "not done")
        return None

    def _end(self, how: str) -> None:
        _log.info("command", comment=self.comment_id, ending=how)
        self.look.deps.meter.count("covgate_commands", how)
        self._record({"ended": True})
        self.conversation.publisher.forget_reply(replies.mark(self.comment_id))

    def _record(self, known: dict[str, Any]) -> None:
        self.look.keep_lease()
        self.look.effects.put(self._name, json.dumps(known))

    def _answer(self, known: dict[str, Any]) -> Answer | None:
        """Do what the comment asks for; None where it asks for nothing."""
        conversation = self.conversation
        try:
            comment = self.look.github.comment(self.comment_id)
        except NotFoundError:
            return None
        pull = conversation.pull
        if comment.own or comment.bot or comment.edited or not comment.author:
            return None
        if pull.state != "open":
            return None
        if comment.number not in {0, pull.number}:
            return None
        commands = find_commands(comment.body, conversation.prefixes)
        if not commands:
            return None
        self.look.keep_lease()
        self.look.github.react(self.comment_id, "eyes")
        known["tries"] = int(known.get("tries", 0)) + 1
        self._record(known)
        rights = Rights(self.look, pull, comment.author, conversation.config)
        kills = known["tries"] > _MAX_TRIES
        answers = [
            self._one(comment, at, one, rights, kills=kills) for at, one in enumerate(commands)
        ]
        return Answer(all(one.done for one in answers), replies.joined(commands, answers))

    def _one(
        self, comment: Comment, place: int, command: Command, rights: Rights, *, kills: bool
    ) -> Answer:
        kinds = self.look.deps.commands
        kind = kinds.get(command.verb or "help")
        if kind is None:
            return Answer(done=False, text=replies.unknown(command.verb, tuple(kinds)))
        if kind.reads_verdict and kills:
            return Answer(done=False, text=replies.defect())
        conversation = self.conversation
        call = Call(
            look=self.look,
            pull=conversation.pull,
            publisher=conversation.publisher,
            comment=comment,
            place=place,
            argument=command.argument,
            config=conversation.config,
            rights=rights,
            head_is_new=conversation.head_is_new(comment),
        )
        return _run(kind, call)

    def _tell(self, known: dict[str, Any]) -> None:
        """Reply where there is something to say, and end with a reaction."""
        if known["text"]:
            mark = replies.mark(self.comment_id)
            number = self.conversation.pull.number
            self.conversation.publisher.reply(number, mark, f"{known['text']}\n\n{mark}\n")
        self.look.keep_lease()
        self.look.github.react(self.comment_id, "rocket" if known["done"] else "confused")


def _run(kind: CommandKind, call: Call) -> Answer:
    """Run a command, if the person may; a defect of it must not keep the verdict away."""
    refusal = call.rights.refusal(kind)
    if refusal:
        return Answer(done=False, text=refusal)
    try:
        return kind.run(call)
    except (PostponedError, LeaseLostError):
        raise
    except UsageError as error:
        return Answer(done=False, text=replies.misused(kind.name, kind.usage, str(error)))
    except GitHubError as error:
        return Answer(done=False, text=replies.refused_by_github(str(error)))
    except Exception:  # noqa: BLE001 - it is logged, and told
        _log.exception("command.failed", command=kind.name, comment=call.comment.id)
        return Answer(done=False, text=replies.defect())
