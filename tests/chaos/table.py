"""The figures, as docs/reliability.md has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.control import Control
    from tests.chaos.crashes import Crashes
    from tests.chaos.missed import Missed
    from tests.chaos.restarts import Restarts
    from tests.chaos.storm import Storm

__all__ = [
    "Row",
    "control_rows",
    "crash_rows",
    "missed_rows",
    "restart_rows",
    "storm_rows",
    "table_of",
]

Row = tuple[str, str, str]

_LOST = ("I1 lost", "I1 forgotten")
_DOUBLED = ("I2 doubled comment", "I3 doubled check")
_WRONG = ("I2 wrong head", "I3 wrong conclusion", "I3 no check", "I3 pending")


def crash_rows(made: Crashes) -> Iterator[Row]:
    """Yield what came of the crash points."""
    wrong = made.findings
    tried = len(made.struck) + len(made.missed)
    yield "crash points at which a look was killed", f"{len(made.struck)} of {tried}", "all"
    yield "… lost, doubled, wrong", str(sum(map(len, wrong.broken.values()))), "0"
    yield "… all taken up again after", f"{made.seconds:.0f} s", ""


def storm_rows(made: Storm) -> Iterator[Row]:
    """Yield what came of the storm."""
    wrong, longest = made.findings, max(made.recoveries, default=0.0)
    parts = ", ".join(f"{kind} {count}" for kind, count in made.kills.most_common())
    yield "kills", f"{made.kills.total():,} ({parts})", ""
    yield "pauses beyond the lease", str(made.pauses), ""
    yield "jobs that poison killed", str(made.poison_deaths), ""
    yield "faults of GitHub's", f"{sum(made.faults.values()):,}", ""
    yield "deliveries accepted", f"{made.accepted:,} ({made.doubles:,} repeated)", ""
    yield "deliveries refused, then had again", f"{made.refused:,}", ""
    yield "lost", str(wrong.count(*_LOST)), "0"
    yield "doubled comments or checks", str(wrong.count(*_DOUBLED)), "0"
    yield "wrong head, wrong or no conclusion", str(wrong.count(*_WRONG)), "0"
    rest = sum(map(len, wrong.broken.values())) - wrong.count(*_LOST, *_DOUBLED, *_WRONG)
    yield "other invariants broken", str(rest), "0"
    killed = f"{longest:.1f} s of {len(made.recoveries)} ({made.struck_again} died again)"
    yield "a killed job's work is taken up again after, at most", killed, "65 s"
    yield "all worked off after the end", f"{made.drain_seconds:.0f} s", ""
    yield "… dead jobs that RQ still lists then, without work", str(made.rq_left), ""
    yield "time", f"{made.storm_seconds / 60:.1f} min", ""


def control_rows(made: Control) -> Iterator[Row]:
    """Yield what the harness saw of a loss that was there."""
    text = f"{made.forgotten} of {made.accepted:,} in {made.kills} kills of Redis"
    yield "control, no append-only file: forgotten", text, "more than 0"


def restart_rows(made: Restarts) -> Iterator[Row]:
    """Yield what came of the restarts."""
    text = f"{made.refused} of {made.sent:,} in {made.restarts} restarts"
    yield "refused during restarts", text, "0"
    yield "… slowest answer", f"{made.slowest * 1000:.0f} ms", "10 s"


def missed_rows(made: Missed) -> Iterator[Row]:
    """Yield what came of the missed deliveries."""
    yield "missed deliveries recovered", f"{made.recovered} of {made.missed}", "all"
    yield "… within", f"{made.seconds:.0f} s", "600 s"
    yield "… lost, doubled, wrong", str(sum(map(len, made.findings.broken.values()))), "0"


def table_of(rows: list[Row]) -> str:
    """Return rows as a Markdown table."""
    lines = ["| figure | measured | bar |", "| --- | --- | --- |"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])
