"""What the flows are given."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from worker.contracts import Subject
    from worker.core.refs import Repository
    from worker.ports import Claim, Clock, Effects, GitHub, Inbox, Store

__all__ = ["Deps", "Look"]


@dataclass(frozen=True, slots=True)
class Deps:
    """The ports, and the few settings that flows know."""

    inbox: Inbox
    store: Store
    clock: Clock
    github: Callable[[Subject, str], GitHub]
    """Opens the repository of a subject, by its full name of the moment; asks nothing yet."""
    keep_alive: Callable[[Claim], AbstractContextManager[None]] = lambda _claim: nullcontext()
    """Prolongs a claim while the block runs, though one step of it takes long."""
    deadline: timedelta = timedelta(hours=2)
    """How long after the last sign of life a check waits for CI."""
    look_again: timedelta = timedelta(minutes=10)
    """How often a waiting subject is looked at though nobody said that anything changed."""
    base_patience: timedelta = timedelta(minutes=30)
    """How long a verdict waits for the merge base's own CI, whose report is the baseline."""
    settle: timedelta = timedelta(seconds=10)
    """How long a creation in doubt may take to show up in GitHub's lists."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one subject: what is claimed, and what it is seen through."""

    claim: Claim
    deps: Deps
    github: GitHub
    repository: Repository

    @property
    def effects(self) -> Effects:
        """What is recorded of the subject's effects."""
        return self.deps.inbox.effects(self.claim.subject)

    def keep_lease(self) -> None:
        """Prolong the lease, between long steps and before every write."""
        self.deps.inbox.renew(self.claim)
