"""What people see here is what GitHub lets them read, asked with their own right."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec
from redis.exceptions import RedisError

from bot.signin.person import NOBODY, Sight, SignedOutError
from worker.core.errors import CovgateError, PostponedError
from worker.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis
    from starlette.requests import Request

    from bot.signin.person import PersonGitHub
    from bot.signin.sessions import Person, Sessions
    from bot.signin.tokens import ApiTokens
    from worker.core.refs import Repository

__all__ = ["MOST_LISTED", "Owner", "PersonSource", "SignedInViewer"]

FRESH = 300
"""Seconds that an answer of GitHub's holds: so long may a right that was lost go on."""
MOST_LISTED = 1_000
"""Private repositories of one person's that lists show; each has its page all the same."""
_LIMIT = 2**20
"""Bytes of a file that is shown."""
_T = TypeVar("_T")

_log = get_logger(__name__)


class Owner(Protocol):
    """The account that the App belongs to, as far as it is known."""

    @property
    def owner_id(self) -> int:
        """The account's id."""
        ...

    @property
    def organisation(self) -> str:
        """Its login where it is an organisation, else ""."""
        ...


class SignedInViewer:
    """Lets everybody see what is public, and people what they may read on GitHub.

    Every private or unknown name costs the same question, so that neither the answer nor
    its time tells what there is. `find_owner` asks GitHub whose the App is.
    """

    def __init__(
        self,
        sessions: Sessions,
        github: PersonGitHub,
        tokens: ApiTokens,
        connect: Callable[[], Redis],
        find_owner: Callable[[], Owner],
    ) -> None:
        self._sessions = sessions
        self._github = github
        self._tokens = tokens
        self._connect = connect
        self._find_owner = find_owner

    def may_read(self, request: Request, repository: Repository) -> bool:
        """Return whether a repository is public, or the person or the token may read it."""
        if not repository.private or self._tokens.opens(request, repository):
            return True
        return self._sight(request, repository.full_name).repository_id == repository.id

    def ask_in_vain(self, request: Request, full_name: str) -> None:
        """Take as long over a name that is unknown here as over one that is private."""
        self._sight(request, full_name)

    def private_ids(self, request: Request) -> frozenset[int]:
        """Return the ids of the repositories that lists may show, besides the public ones."""
        person = self._sessions.find(request)
        if person is None:
            return frozenset()
        return frozenset(
            self._recall(
                request, person, "list", list[int],
                lambda: sorted(self._github.readable(person.token, most=MOST_LISTED)),
            ) or ()
        )  # fmt: skip

    def may_write(self, request: Request, repository: Repository) -> bool:
        """Return whether the person may push to a repository, and so make tokens for it."""
        sight = self._sight(request, repository.full_name)
        return sight.repository_id == repository.id and sight.writes

    def is_operator(self, request: Request) -> bool:
        """Return whether the person owns the App, or the organisation that does."""
        try:
            person = self._sessions.find(request)
            if person is None:
                return False
            answer = self._recall(request, person, "operator", bool, lambda: self._owns(person))
        except CovgateError as error:
            _log.info("operator unknown", reason=str(error))
            return False
        return bool(answer)

    def _owns(self, person: Person) -> bool:
        owner = self._find_owner()
        if owner.organisation:
            return self._github.administers(person.token, owner.organisation)
        return owner.owner_id == person.id

    def _sight(self, request: Request, full_name: str) -> Sight:
        person = self._sessions.find(request)
        if person is None:
            return NOBODY
        name = hashlib.sha256(full_name.lower().encode()).hexdigest()[:32]
        return self._recall(
            request, person, name, Sight, lambda: self._github.sight(person.token, full_name)
        ) or NOBODY  # fmt: skip

    def _recall(
        self, request: Request, person: Person, name: str, kind: type[_T], ask: Callable[[], _T]
    ) -> _T | None:
        """Return what GitHub answered this session some minutes ago, or answers now."""
        key = f"covgate:sight:{person.session}:{name}"
        try:
            known = self._connect().get(key)
            data = self._sessions.unseal(key, known) if isinstance(known, bytes) else None
            if data is not None:
                return msgspec.json.decode(data, type=kind)
            answer = ask()
            sealed = self._sessions.seal(key, msgspec.json.encode(answer))
            self._connect().set(key, sealed, ex=FRESH)
        except RedisError:
            raise PostponedError("Redis does not answer", seconds=30) from None
        except SignedOutError:
            self._sessions.end(request, person)
            return None
        return answer


class PersonSource:
    """Reads files with the right of the person who looks."""

    def __init__(self, sessions: Sessions, github: PersonGitHub) -> None:
        self._sessions = sessions
        self._github = github

    def read(self, request: Request, repository: Repository, commit: str, path: str) -> str | None:
        """Return a file's text at a commit; None where they can't have it, or it is none."""
        try:
            person = self._sessions.find(request)
            if person is None:
                return None
            data = self._github.file(person.token, repository.full_name, commit, path, limit=_LIMIT)
        except SignedOutError:
            return None
        except CovgateError as error:
            _log.info("source not shown", repository=repository.full_name, reason=str(error))
            return None
        if data is None or b"\0" in data:
            return None
        return data.decode(errors="replace")
