"""`python -m tests.chaos`: kill Covgate a thousand times, and print what it did to it.

Runs on Linux, on two cores, in about forty minutes; `--only storm --kills 100` in five. The
exit status is 1 where a promise was broken, or where the control saw no loss.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos import table
from tests.chaos.control import lose_on_purpose
from tests.chaos.crashes import crash_everywhere
from tests.chaos.missed import miss_deliveries
from tests.chaos.restarts import restart_under_load
from tests.chaos.storm import Plan, storm

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.table import Row

Outcome = tuple[list["Row"], list[str]]
"""Rows for the table, and what is wrong."""


def tell(text: str) -> None:
    """Show progress."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {text}\n")
    sys.stderr.flush()


def run_points(_: argparse.Namespace) -> Outcome:
    """Kill one look before and after each of its calls."""
    made = crash_everywhere(tell=tell)
    return list(table.crash_rows(made)), str(made.findings).splitlines()


def run_storm(options: argparse.Namespace) -> Outcome:
    """Kill everything at random, in bad weather."""
    made = storm(Plan(options.kills, options.faults, options.seed, log=options.log), tell)
    longest = max(made.recoveries, default=0.0)
    slow = [f"a killed job's work waited {longest:.1f} s"] if longest > 65 else []
    return list(table.storm_rows(made)), str(made.findings).splitlines() + slow


def run_control(options: argparse.Namespace) -> Outcome:
    """See a loss that is there."""
    made = lose_on_purpose(20, options.seed, tell=tell)
    blind = "the control lost nothing: this harness would see no loss"
    wrong = [] if made.forgotten else [blind]
    return list(table.control_rows(made)), wrong


def run_restarts(_: argparse.Namespace) -> Outcome:
    """Replace the receiver under load."""
    made = restart_under_load(20, 2_000, tell)
    wrong = [f"refused during restarts: {dict(made.answers)}"] if made.refused else []
    return list(table.restart_rows(made)), wrong


def run_missed(options: argparse.Namespace) -> Outcome:
    """Miss deliveries, and have them again."""
    made = miss_deliveries(200, options.seed, tell)
    slow = ["missed deliveries took longer than ten minutes"] if made.seconds > 600 else []
    return list(table.missed_rows(made)), str(made.findings).splitlines() + slow


EXPERIMENTS: dict[str, Callable[[argparse.Namespace], Outcome]] = {
    "control": run_control,
    "restarts": run_restarts,
    "missed": run_missed,
    "points": run_points,
    "storm": run_storm,
}


def main() -> int:
    """Run what is asked for, print the table, return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--faults", type=int, default=1_500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path, help="keep what the storm's processes logged")
    parser.add_argument("--only", nargs="+", choices=EXPERIMENTS, default=list(EXPERIMENTS))
    options = parser.parse_args()
    # The stand-in hangs up on purpose, and its server complains.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    rows: list[Row] = []
    wrong: list[str] = []
    for name in options.only:
        tell(f"{name}: {(EXPERIMENTS[name].__doc__ or '').strip()}")
        try:
            found = EXPERIMENTS[name](options)
        except AssertionError as error:
            found = [], [f"{name}: {error}"]
        rows += found[0]
        wrong += [f"{name}: {text}" for text in found[1]]
    lines = [table.table_of(rows), *(f"BROKEN {text}" for text in wrong)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
