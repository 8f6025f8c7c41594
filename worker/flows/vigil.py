"""What a head's verdict waits for, and until when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from worker.core.habits import Habits, learn, outcomes_of
from worker.core.names import is_plain, matches_any
from worker.core.render import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.contracts import SubjectKind
    from worker.core.config import Config
    from worker.core.refs import Sha, WorkflowRun
    from worker.core.render.messages import Message
    from worker.core.runs import Runs
    from worker.flows.change import Change
    from worker.flows.deps import Look
    from worker.flows.effects import Publisher

__all__ = ["GRACE", "SETTLED", "SOON", "Vigil", "begin_vigil", "habits_of", "note_outcomes"]

GRACE = timedelta(minutes=5)
"""How long after a head was first seen an expected workflow may still get a run. GitHub makes
a push's runs within seconds; a path filter means that it never does."""
SOON = timedelta(seconds=5)
"""When to look for the runs of a head that was just seen."""
SETTLED = timedelta(minutes=1)
"""How long after the last run ended another one may still begin."""


@dataclass(frozen=True, slots=True)
class Vigil:
    """The wait for a head's CI.

    `begun` is when the head was first seen. `runs` name as absent what was expected and has no
    run; `settled` is when that is taken for certain, `deadline` when nothing is waited for any
    more.
    """

    look: Look
    publisher: Publisher
    head: Sha
    runs: Runs
    habits: Habits
    begun: datetime
    settled: datetime
    deadline: datetime

    @property
    def over(self) -> bool:
        """Whether a verdict can be made now."""
        if self.runs.awaited or not self.runs.ended:
            return False
        if not self.runs.absent or self.publisher.is_judged(self.head):
            return True
        return self.look.deps.clock.now() >= self.settled

    @property
    def message(self) -> Message:
        """What the check says meanwhile."""
        return messages.waiting(self.runs, self.deadline, self.habits.seconds)

    def show(self) -> None:
        """Say it, where that is news: once, and again each time that a run has ended."""
        awaited = sorted([*(run.name for run in self.runs.awaited), *self.runs.absent])
        self.publisher.show_waiting(
            self.head, self.message, "\n".join(awaited), news=bool(self.runs.ended)
        )

    def left(self) -> timedelta:
        """Return after how long to look again; nothing where the deadline has passed."""
        now = self.look.deps.clock.now()
        left = self.deadline - now
        if not (self.runs.awaited or self.runs.ended) and now < self.begun + SOON:
            left = min(left, SOON)
        if self.runs.ended and not self.runs.awaited:
            left = min(left, max(self.settled - now, timedelta(seconds=1)))
        return min(left, self.look.deps.look_again)

    def keep(self, tell: Callable[[Message], None]) -> timedelta | None:
        """Wait on; at the deadline, `tell` what is missing."""
        if self.publisher.is_judged(self.head):
            return None  # a re-run: the verdict stands until the new one ends
        left = self.left()
        if left > timedelta(0):
            return left
        if not self.publisher.is_concluded(self.head):
            tell(messages.deadline_passed(self.runs))
        return None


def begin_vigil(
    look: Look, change: Change, publisher: Publisher, runs: Runs, config: Config
) -> Vigil:
    """Return what a head's verdict waits for by its runs, by habit and by the rules."""
    head, effects = change.head_sha, look.effects
    seen = effects.get(f"seen:{head}")
    if seen is None or publisher.needs_opening(head):
        seen = look.deps.clock.now().isoformat()
        effects.put(f"seen:{head}", seen)
    begun = datetime.fromisoformat(seen)
    last = runs.last_sign_of_life or begun
    habits = habits_of(look, change.base_ref, look.claim.subject.kind)
    return Vigil(
        look=look,
        publisher=publisher,
        head=head,
        runs=replace(runs, absent=_absent(runs, habits, config)),
        habits=habits,
        begun=begun,
        settled=max(begun + GRACE, last + SETTLED),
        deadline=max(begun, last) + look.deps.deadline,
    )


def habits_of(look: Look, branch: str, kind: SubjectKind) -> Habits:
    """Return what workflows usually do for heads of a kind."""
    return learn(look.deps.store.outcomes(look.repository.id, branch, kind))


def note_outcomes(
    look: Look,
    branch: str,
    kind: SubjectKind,
    number: int,
    runs: Runs,
    reporting: Sequence[WorkflowRun],
) -> None:
    """Learn from a head's ended runs; `reporting` are those that left a report."""
    outcomes = outcomes_of(number, runs, reporting, look.deps.clock.now())
    look.deps.store.record_outcomes(look.repository.id, branch, kind, outcomes)


def _absent(runs: Runs, habits: Habits, config: Config) -> tuple[str, ...]:
    """Return the names of the workflows that should have a run and have none."""
    present = (*runs.awaited, *runs.ended, *runs.aside)
    ids, names = {run.workflow_id for run in present}, {run.name for run in present}
    usual = {name for key, name in habits.expected.items() if key not in ids}
    asked = {name for name in config.workflows if is_plain(name)}
    absent = {name for name in usual if matches_any(config.workflows, name)} | asked
    return tuple(sorted(absent - names))
