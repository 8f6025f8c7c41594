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
    "Notice",
    "Subject",
    "SubjectKind",
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
    INSTALLATION = "installation"
    """The App was uninstalled (`id` "deleted") or lost repositories (`id` "removed")."""


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
        """Return the subject of a key; ValueError where it is none."""
        installation, repository, kind, identity = key.split(":", 3)
        return cls(int(installation), int(repository), SubjectKind(kind), identity)

    @classmethod
    def pull(cls, installation_id: int, repository_id: int, number: int) -> Self:
        """Return the subject of a pull request."""
        return cls(installation_id, repository_id, SubjectKind.PULL, str(number))

    @classmethod
    def commit(cls, installation_id: int, repository_id: int, sha: str) -> Self:
        """Return the subject of a commit."""
        return cls(installation_id, repository_id, SubjectKind.COMMIT, sha)


@dataclass(frozen=True, slots=True)
class Notice:
    """That something may have changed about a subject. A hint: facts are read afresh.

    `repository` is the full name of the moment ("owner/name"), `event` is GitHub's name
    with the action ("pull_request.opened"). `once` marks what must not have its effect
    again when GitHub delivers the same id twice (a command).
    """

    subject: Subject
    repository: str
    event: str
    once: bool = False
    facts: dict[str, str] = field(default_factory=dict)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Notice)


def encode_notice(notice: Notice) -> bytes:
    """Return a notice as JSON."""
    return _encoder.encode(notice)


def decode_notice(data: bytes | str) -> Notice:
    """Return the notice of a JSON text; `msgspec.DecodeError` where it is none."""
    return _decoder.decode(data)
