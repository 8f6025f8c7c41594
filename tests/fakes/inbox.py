"""An inbox in memory, with a clock that tests move: the same laws as the one in Redis."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from worker.core.errors import LeaseLostError
from worker.ports import Claim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fakes.clock import FakeClock
    from worker.contracts import Notice, Subject


@dataclass
class _Entry:
    notices: dict[str, Notice] = field(default_factory=dict)
    due: float | None = None
    awake: bool = False
    token: str = ""
    lease_end: float = 0.0
    tries: int = 0


class MemoryEffects:
    """`worker.ports.Effects` in a dict."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def put(self, name: str, value: str) -> None:
        self.values[name] = value

    def put_new(self, name: str, value: str) -> bool:
        return self.values.setdefault(name, value) is value

    def remove(self, name: str) -> None:
        self.values.pop(name, None)


class MemoryInbox:
    """`worker.ports.Inbox`; `wakes` lists whom a worker was woken for, in order."""

    def __init__(self, clock: FakeClock, *, lease: float = 60.0, hide: float = 30.0) -> None:
        self._clock = clock
        self._lease = lease
        self._hide = hide
        self._tokens = count(1)
        self._entries: dict[Subject, _Entry] = {}
        self._seen: dict[str, int] = {}
        self._holds: dict[int, float] = {}
        self._effects: dict[Subject, dict[str, str]] = {}
        self.wakes: list[Subject] = []

    def accept(self, delivery_id: str, notices: Sequence[Notice], *, delay: float = 0) -> bool:
        times = self._seen[delivery_id] = self._seen.get(delivery_id, 0) + 1
        met: dict[Subject, int] = {}
        for notice in notices:
            number = met[notice.subject] = met.get(notice.subject, 0) + 1
            if times == 1 or not notice.once:
                name = delivery_id if number == 1 else f"{delivery_id}#{number}"
                name = name if times == 1 else f"{name}~{times}"
                self._take_in(name, notice, delay)
        return times == 1

    def claim(self, subject: Subject) -> Claim | None:
        entry = self._entries.setdefault(subject, _Entry())
        entry.awake = False
        if self._leased(entry):
            return None
        if not entry.notices:
            del self._entries[subject]
            return None
        entry.tries += 1
        entry.token = f"token-{next(self._tokens)}"
        self._prolong(entry)
        return Claim(subject, entry.token, dict(entry.notices), entry.tries)

    def renew(self, claim: Claim) -> None:
        self._prolong(self._own(claim))

    def finish(self, claim: Claim) -> None:
        entry = self._own(claim)
        for name in claim.notices:
            entry.notices.pop(name, None)
        self._let_go(entry)
        if not entry.notices:
            del self._entries[claim.subject]
        else:
            self._wake(claim.subject, entry)

    def put_off(self, claim: Claim, seconds: float) -> None:
        entry = self._own(claim)
        self._let_go(entry)
        if entry.notices.keys() <= claim.notices.keys():
            entry.due = self._now() + seconds
        else:
            self._wake(claim.subject, entry)

    def sweep(self, *, limit: int = 100) -> tuple[Subject, ...]:
        """Wake for what is overdue: the part that `worker.supervisor` plays beside Redis."""
        awake = sum(entry.awake for entry in self._entries.values())
        lost = len(self.wakes) < awake
        overdue = sorted(
            (entry.due, subject)
            for subject, entry in self._entries.items()
            if entry.due is not None and entry.due <= self._now()
        )
        found = []
        for _, subject in overdue[:limit]:
            entry = self._entries[subject]
            entry.due = self._now() + self._hide
            if not entry.awake or lost:
                entry.awake = True
                found.append(subject)
        self.wakes += found
        return tuple(found)

    def hold_installation(self, installation_id: int, seconds: float) -> None:
        until = self._now() + seconds
        self._holds[installation_id] = max(until, self._holds.get(installation_id, until))

    def held_for(self, installation_id: int) -> float:
        return max(0.0, self._holds.get(installation_id, 0.0) - self._now())

    def effects(self, subject: Subject) -> MemoryEffects:
        return MemoryEffects(self._effects.setdefault(subject, {}))

    def forget(self, installation_id: int, repository_id: int | None = None) -> None:
        for subject in {*self._entries, *self._effects}:
            ours = subject.installation_id == installation_id
            ours = ours and repository_id in {None, subject.repository_id}
            if ours and subject.kind != "installation":
                self._entries.pop(subject, None)
                self._effects.pop(subject, {}).clear()
        if repository_id is None:
            self._holds.pop(installation_id, None)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _take_in(self, name: str, notice: Notice, delay: float) -> None:
        entry = self._entries.setdefault(notice.subject, _Entry())
        entry.notices[name] = notice
        if self._leased(entry):
            return
        if delay <= 0:
            self._wake(notice.subject, entry)
        elif not entry.awake:
            later = self._now() + delay
            entry.due = later if entry.due is None else min(entry.due, later)

    def _wake(self, subject: Subject, entry: _Entry) -> None:
        hidden = self._now() + self._hide
        entry.due = hidden if entry.due is None else min(entry.due, hidden)
        if not entry.awake:
            entry.awake = True
            self.wakes.append(subject)

    def _leased(self, entry: _Entry) -> bool:
        return bool(entry.token) and self._now() < entry.lease_end

    def _prolong(self, entry: _Entry) -> None:
        entry.due = entry.lease_end = self._now() + self._lease

    def _own(self, claim: Claim) -> _Entry:
        entry = self._entries.get(claim.subject)
        if entry is None or entry.token != claim.token or not self._leased(entry):
            raise LeaseLostError(f"{claim.subject.key}: another worker has it")
        return entry

    def _let_go(self, entry: _Entry) -> None:
        entry.token = ""
        entry.tries = 0
        entry.due = None
