"""What the flows are given."""

from __future__ import annotations

import functools
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from worker.contracts import SubjectKind
from worker.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from worker.contracts import Subject
    from worker.core.refs import PullRequest, Repository, WorkflowRun
    from worker.flows.asking import CommandKind
    from worker.ports import App, Cache, Claim, Clock, Effects, GitHub, Inbox, Store

__all__ = ["Deps", "Look", "timed"]

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Deps:
    """The ports, and the few settings that flows know."""

    inbox: Inbox
    store: Store
    clock: Clock
    github: Callable[[Subject, str], GitHub]
    """Opens the repository of a subject, by its full name of the moment; asks nothing yet."""
    app: App
    meter: Meter = field(default_factory=Meter)
    """Counts what an operator watches."""
    keep_alive: Callable[[Claim], AbstractContextManager[None]] = lambda _claim: nullcontext()
    """Prolongs a claim while the block runs, though one step of it takes long."""
    deadline: timedelta = timedelta(hours=2)
    """How long after the last sign of life a check waits for CI."""
    look_again: timedelta = timedelta(minutes=10)
    """How often a waiting subject is looked at though nobody said that anything changed."""
    base_patience: timedelta = timedelta(minutes=30)
    """How long a verdict waits for the merge base's own CI, whose report is the baseline."""
    settle: timedelta = timedelta(seconds=20)
    """How long a creation in doubt may take to show up in GitHub's lists: a request that got
    no answer in time may take effect some seconds later."""
    public_url: str = ""
    """Where the dashboard is, without a slash at the end; without it, nothing links there."""
    notify: Callable[[str], None] | None = None
    """Tells a chat, where one is set; it never fails."""
    keep_sources: bool = True
    """Whether contents of base branches' files are kept, which saves requests."""
    cache: Cache | None = None
    """Keeps what can't change, where there is one."""
    commands: Mapping[str, CommandKind] = field(default_factory=lambda: MappingProxyType({}))
    """The slash-commands by name, in the order of help; without any, comments are not read."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one subject: what is claimed, and what it is seen through."""

    claim: Claim
    deps: Deps
    github: GitHub
    repository: Repository
    pull: PullRequest | None = None
    """The pull request that it is about, as it is now."""
    read: bool = False
    """Whether GitHub described it in full just now, or only said that it did not change."""
    new: bool = False
    """Whether it was opened just now, so that nobody can have run or written anything."""
    runs: tuple[WorkflowRun, ...] | None = None
    """Its head's runs, where they were read already."""

    @property
    def effects(self) -> Effects:
        """What is recorded of the subject's effects."""
        return self.deps.inbox.effects(self.claim.subject)

    @property
    def page_url(self) -> str:
        """Where the dashboard shows the subject; empty where it has no address."""
        if not self.deps.public_url:
            return ""
        subject = self.claim.subject
        page = f"{self.deps.public_url}/{self.repository.full_name}"
        return f"{page}/pull/{subject.id}" if subject.kind is SubjectKind.PULL else page

    def keep_lease(self) -> None:
        """Prolong the lease, between long steps and before every write."""
        self.deps.inbox.renew(self.claim)


def timed(
    step: str,
) -> Callable[[Callable[Concatenate[Look, _P], _T]], Callable[Concatenate[Look, _P], _T]]:
    """Let a function's time count as one of a look's steps (docs/operations.md)."""

    def wrap(function: Callable[Concatenate[Look, _P], _T]) -> Callable[Concatenate[Look, _P], _T]:
        def run(look: Look, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
            with look.deps.meter.timing(step):
                return function(look, *args, **kwargs)

        functools.update_wrapper(run, function)
        return run

    return wrap
