"""Accepted work, what is known of its effects, and what is kept for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from worker.contracts import Notice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.contracts import Subject

__all__ = ["MOST_CACHED", "Cache", "Claim", "Effects", "Inbox", "verification"]


MOST_CACHED = 256 * 2**10
"""The longest value that a cache keeps, in bytes."""


class Cache(Protocol):
    """What GitHub said of things that never change: it saves requests, and decides nothing.

    It may forget anything at any time, and keeps no value of more than 256 KiB. Keys begin
    with the ids of the installation and the repository ("12:345:"), with whom they go.
    """

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key."""
        ...

    def put(self, key: str, value: bytes) -> None:
        """Keep a value for at most a day."""
        ...


@dataclass(frozen=True, slots=True)
class Claim:
    """A subject that is this worker's alone until the lease ends.

    `notices` are what was accepted for it, by delivery id; `tries` counts the claims since
    the last orderly end, this one included: above a few, the subject kills its workers.
    """

    subject: Subject
    token: str
    notices: Mapping[str, Notice]
    tries: int


def verification(claim: Claim) -> tuple[str, tuple[Notice, ...]]:
    """Return the delivery to accept after `LeaseLostError`: `inbox.accept(*verification(claim))`.

    The one who lost its lease may have written after the one who took over: somebody has to
    look once more, after both. The id is the claim's own, so that asking twice asks once.
    """
    names = [notice.repository for notice in claim.notices.values()]
    notice = Notice(claim.subject, names[0] if names else "", "verify")
    return f"verify-{claim.token}", (notice,)


class Effects(Protocol):
    """What is known about the things that a subject made on GitHub.

    Small texts by name, kept until the subject is forgotten. An intent is written before
    a creation and replaced by the id after it, so that a killed job leaves a doubt behind
    and never a double.
    """

    def get(self, name: str) -> str | None:
        """Return what is recorded under a name."""
        ...

    def put(self, name: str, value: str) -> None:
        """Record."""
        ...

    def put_new(self, name: str, value: str) -> bool:
        """Record where nothing is recorded yet; False, and nothing changes, where it is."""
        ...

    def remove(self, name: str) -> None:
        """Forget."""
        ...


class Inbox(Protocol):
    """Accepted work: durable, de-duplicated, one worker a subject at a time."""

    def accept(self, delivery_id: str, notices: Sequence[Notice], *, delay: float = 0) -> bool:
        """Take a delivery in, durably, and wake a worker; False where it was known.

        A known delivery asks for another look all the same, except for `once` notices.
        """
        ...

    def claim(self, subject: Subject) -> Claim | None:
        """Take a subject; None where another has it or nothing is to be done."""
        ...

    def renew(self, claim: Claim) -> None:
        """Prolong the lease; `LeaseLostError` where it is no longer this claim's."""
        ...

    def finish(self, claim: Claim) -> None:
        """End a claim: forget its notices; what came in meanwhile is due at once.

        Raises `LeaseLostError` where the lease was lost meanwhile.
        """
        ...

    def put_off(self, claim: Claim, seconds: float) -> None:
        """Hand a claim back, its notices kept, to be taken again after `seconds`.

        Raises `LeaseLostError` where the lease was lost meanwhile.
        """
        ...

    def hold_installation(self, installation_id: int, seconds: float) -> None:
        """Let nobody write or read for an installation before that (a rate limit)."""
        ...

    def held_for(self, installation_id: int) -> float:
        """Return for how many seconds an installation has to wait; 0 when it need not."""
        ...

    def effects(self, subject: Subject) -> Effects:
        """Return what is recorded of a subject's effects."""
        ...

    def forget(self, installation_id: int, repository_id: int | None = None) -> None:
        """Drop all of an installation, or of one of its repositories."""
        ...
