"""What travels on the queue between receiver and workers, of one version or of two.

Fields are only ever added, with defaults, and unknown ones are ignored, so that an old
receiver and a new worker understand one another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

import msgspec

__all__ = [
    "CHECK_NAME",
    "QUEUE",
    "RECONCILE",
    "STANDING",
    "Notice",
    "Subject",
    "SubjectKind",
    "Sweep",
    "decode_notice",
    "encode_notice",
]

QUEUE = "covgate"
"""The one RQ queue. A worker that listens to several pops without RQ's intermediate list
and loses what it held when killed (docs/reliability.md)."""

RECONCILE = "worker.tasks.reconcile"
"""The one task that a worker runs; anything else on the queue is refused."""

CHECK_NAME = "covgate"


class SubjectKind(StrEnum):
    """What has to be looked at."""

    PULL = "pull"
    """A pull request; `id` is its number."""
    COMMIT = "commit"
    """A commit that CI ran on; `id` is its SHA. It may become a baseline, and it may be the
    head of pull requests that the payload did not name (forks)."""
    GROUP = "group"
    """A commit that a merge queue made; `id` is its SHA."""
    INSTALLATION = "installation"
    """The App was uninstalled (`id` "deleted") or lost repositories (`id` "removed")."""
    SWEEP = "sweep"
    """What no delivery told of (`id` is a `Sweep`): of the App (installation and repository
    0), of an installation (repository 0) or of a repository."""


class Sweep(StrEnum):
    """What is looked through for what was missed."""

    DELIVERIES = "deliveries"
    """The App's webhook deliveries: the failed ones are asked for again."""
    INSTALLATIONS = "installations"
    """All installations; leads to the repositories of each."""
    REPOSITORIES = "repositories"
    """An installation's repositories; leads to the pull requests of each."""
    PULLS = "pulls"
    """A repository's open pull requests; leads to those whose head has no verdict."""


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One thing to reconcile: the unit of coalescing, of leases and of due times."""

    installation_id: int
    repository_id: int
    kind: SubjectKind
    id: str

    @property
    def key(self) -> str:
        """The subject as a text without spaces: "12:345:pull:7"."""
        return f"{self.installation_id}:{self.repository_id}:{self.kind}:{self.id}"

    @classmethod
    def parse(cls, key: str) -> Self:
        """Return the subject of a key; ValueError where it is none that this version knows.

        What is not known is of a newer version: it is left to that one's workers, never
        guessed at. What "installation" with a third id means may not be "delete everything".
        """
        installation, repository, kind, identity = key.split(":", 3)
        subject = cls(int(installation), int(repository), SubjectKind(kind), identity)
        if identity not in _IDENTITIES.get(subject.kind, (identity,)):
            raise ValueError(f"{identity!r} is no {subject.kind} that this version knows")
        return subject

    @classmethod
    def pull(cls, installation_id: int, repository_id: int, number: int) -> Self:
        """Return the subject of a pull request."""
        return cls(installation_id, repository_id, SubjectKind.PULL, str(number))

    @classmethod
    def commit(cls, installation_id: int, repository_id: int, sha: str) -> Self:
        """Return the subject of a commit."""
        return cls(installation_id, repository_id, SubjectKind.COMMIT, sha)

    @classmethod
    def group(cls, installation_id: int, repository_id: int, sha: str) -> Self:
        """Return the subject of a merge queue's commit."""
        return cls(installation_id, repository_id, SubjectKind.GROUP, sha)

    @classmethod
    def sweep(cls, what: Sweep, installation_id: int = 0, repository_id: int = 0) -> Self:
        """Return the subject of a sweep."""
        return cls(installation_id, repository_id, SubjectKind.SWEEP, what)


_IDENTITIES: dict[SubjectKind, tuple[str, ...]] = {
    SubjectKind.INSTALLATION: ("deleted", "removed"),
    SubjectKind.SWEEP: tuple(Sweep),
}
"""The ids of the kinds that have a few of them."""


@dataclass(frozen=True, slots=True)
class Notice:
    """That something may have changed about a subject. A hint: facts are read afresh.

    `repository` is the full name of the moment ("owner/name"), `event` is GitHub's name
    with the action ("pull_request.opened"). `once` marks what must not have its effect
    again when GitHub delivers the same id twice (a command). `facts` are of the payload:
    `comment` (its id), `action` (a button of the check), `base_ref` and `base_sha` (of a
    merge queue's commit), `head` (what a run or a pull request is about), `before` (the head
    before a push) and `merge` (GitHub's test merge, where it was made already).
    """

    subject: Subject
    repository: str
    event: str
    once: bool = False
    facts: dict[str, str] = field(default_factory=dict)


STANDING = (
    Notice(Subject.sweep(Sweep.DELIVERIES), "", "start"),
    Notice(Subject.sweep(Sweep.INSTALLATIONS), "", "start"),
)
"""What is always to be looked at again: accepted when workers start."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Notice)


def encode_notice(notice: Notice) -> bytes:
    """Return a notice as JSON."""
    return _encoder.encode(notice)


def decode_notice(data: bytes | str) -> Notice:
    """Return the notice of a JSON text; `msgspec.DecodeError` where it is none."""
    return _decoder.decode(data)
