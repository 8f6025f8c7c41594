"""What an event is to Covgate, and the parts that GitHub's payloads share.

The structures name only the fields in use; msgspec skips the rest without building it
(5 µs for 10 kB where a dictionary of everything takes 60). Wrong types in these fields
are refused, unknown fields are not looked at.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

import msgspec

from worker.contracts import Notice, Subject
from worker.core.errors import CovgateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "Event",
    "Heard",
    "Id",
    "Installation",
    "NamedRepository",
    "Payload",
    "PayloadError",
    "PayloadT",
    "PullReference",
    "RepositoryPayload",
    "ShaText",
    "pulls_or_commit",
]

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""An id or number of GitHub's: it has to fit a database's 64-bit column."""
ShaText = Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
"""A full commit id (SHA-1 or SHA-256); it becomes a part of a key."""
FullName = Annotated[str, msgspec.Meta(pattern=r"^[^/\s]+/[^/\s]+\Z", max_length=255)]
"""A repository's "owner/name"."""


class PayloadError(CovgateError):
    """A payload is not JSON, or one of the fields in use is missing or of a wrong type."""


class Installation(msgspec.Struct, frozen=True, gc=False):
    """The installation of the App that the delivery is for."""

    id: Id


class NamedRepository(msgspec.Struct, frozen=True, gc=False):
    """A repository by its lasting id and its name of the moment."""

    id: Id
    full_name: FullName


class _RepositoryId(msgspec.Struct, frozen=True, gc=False):
    id: Id


class _Base(msgspec.Struct, frozen=True, gc=False):
    repo: _RepositoryId


class PullReference(msgspec.Struct, frozen=True, gc=False):
    """A pull request as runs and checks list it; its base may be another repository's."""

    number: Id
    base: _Base


class Payload(msgspec.Struct, frozen=True, gc=False):
    """What every payload may have."""

    action: str = ""
    installation: Installation | None = None


class RepositoryPayload(Payload, frozen=True, gc=False, kw_only=True):
    """A payload about something in one repository."""

    repository: NamedRepository


PayloadT = TypeVar("PayloadT", bound=Payload)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a delivery comes to: the notices to queue, or else why there are none."""

    notices: tuple[Notice, ...] = ()
    status: str = "ignored"
    detail: str = ""
    head: str = ""
    """The commit that the delivery is about, where it names one: for the log."""


@dataclass(frozen=True, slots=True)
class Event(Generic[PayloadT]):
    """One event that Covgate acts on.

    `subjects` returns what has to be looked at, each with its repository's full name; it
    is asked only for `actions` ("" for an event without any) of a known installation.
    `unheard` replaces the answer to a delivery that nothing has to be done for. `facts` are
    what the flow needs of the payload and can't ask GitHub for. `once` marks what must not
    have its effect again when the same delivery comes again. `head` returns the commit that
    the delivery is about.
    """

    name: str
    payload: type[PayloadT]
    actions: tuple[str, ...]
    subjects: Callable[[PayloadT, int], Iterable[tuple[Subject, str]]]
    unheard: Heard | None = None
    facts: Callable[[PayloadT], dict[str, str]] | None = None
    once: bool = False
    head: Callable[[PayloadT], str] | None = None
    _decoder: msgspec.json.Decoder[PayloadT] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_decoder", msgspec.json.Decoder(self.payload))

    def hear(self, body: bytes) -> Heard:
        """Return what a delivery of this event comes to.

        Raises `msgspec.DecodeError` or `RecursionError` for what can not be read.
        """
        payload = self._decoder.decode(body)
        title = f"{self.name}.{payload.action}" if payload.action else self.name
        if self.unheard is not None:
            return self.unheard
        if payload.action not in self.actions:
            return Heard(detail=f"{title} changes no verdict")
        if payload.installation is None:
            # A repository's own webhook, say. Without an installation there is no token.
            return Heard(detail="the payload names no installation of the App")
        facts = self.facts(payload) if self.facts else {}
        notices = tuple(
            Notice(subject, repository, title, self.once, facts)
            for subject, repository in self.subjects(payload, payload.installation.id)
        )
        if not notices:
            return Heard(detail=f"nothing in this {title} changes a verdict")
        return Heard(notices, "queued", "", self.head(payload) if self.head else "")


def pulls_or_commit(
    installation_id: int,
    repository: NamedRepository,
    pulls: Iterable[PullReference] | None,
    head_sha: str,
) -> list[tuple[Subject, str]]:
    """Return the repository's own pull requests among `pulls`, or else the commit.

    GitHub lists none for the runs and checks of forks, and for the runs of a fork it may
    list those of the upstream repository.
    """
    numbers = sorted({pull.number for pull in pulls or () if pull.base.repo.id == repository.id})
    subjects = [Subject.pull(installation_id, repository.id, number) for number in numbers]
    if not subjects:
        subjects = [Subject.commit(installation_id, repository.id, head_sha)]
    return [(subject, repository.full_name) for subject in subjects]
