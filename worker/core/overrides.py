"""A person's word that a head commit may go in all the same, and the debt that it leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

from worker.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from worker.core.verdict import GateResult

__all__ = ["MAX_REASON", "Debt", "Override", "OverrideWish", "find_gate", "parse_override"]

MAX_REASON = 500
"""The longest reason, in characters."""

_OPTION = re.compile(r"(?:^|(?<=\s))--(?P<name>gate|until)(?:=|\s+|$)", re.IGNORECASE)
_QUOTED = re.compile(r"[\"'“`](?P<text>[^\"'”`]*)[\"'”`]|(?P<word>\S+)")


@dataclass(frozen=True, slots=True, order=True)
class Override:
    """An override that holds. `gate` is a result's name, "" for all of the check."""

    who: str
    reason: str
    at: datetime
    gate: str = ""
    until: datetime | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is about all of the check, and not about one gate."""
        return not self.gate

    def covers(self, result: GateResult) -> bool:
        """Return whether a result need not hold for the check to pass."""
        return self.gate in {"", result.name}


@dataclass(frozen=True, slots=True, order=True)
class Debt:
    """Lines that an override let in uncovered, and that this pull request touches.

    `lines` is a bitmap of line numbers at `commit`, what the pull request is compared with.
    """

    number: int
    """The pull request that was let in."""
    path: str
    lines: int
    commit: str
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class OverrideWish:
    """What the arguments of an override say."""

    reason: str
    gate: str = ""
    until: datetime | None = None


def parse_override(argument: str, today: date) -> OverrideWish:
    """Return what `REASON [--gate NAME] [--until DATE]` says; the options may stand anywhere.

    A date's day counts whole, in UTC. Raises `UsageError`.
    """
    options: dict[str, str] = {}
    rest = argument
    while found := _OPTION.search(rest):
        name = found["name"].lower()
        value = _QUOTED.match(rest, found.end())
        text = "" if value is None else (value["word"] or value["text"] or "").strip()
        if not text:
            raise UsageError(f"`--{name}` needs a value")
        if name in options:
            raise UsageError(f"`--{name}` is given twice")
        options[name] = text
        end = found.end() if value is None else value.end()
        rest = f"{rest[: found.start()]} {rest[end:]}"
    reason = " ".join(rest.split())
    if not reason.strip("\"'`.,;:!?-–—… "):
        raise UsageError("an override needs a reason, which is kept in the ledger")
    if len(reason) > MAX_REASON:
        raise UsageError(f"the reason may have {MAX_REASON} characters at most")
    until = _until(options["until"], today) if "until" in options else None
    return OverrideWish(reason, options.get("gate", ""), until)


def _until(text: str, today: date) -> datetime:
    """Return the end of a day; `fromisoformat` alone would take week dates and others, too."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise UsageError("`--until` needs a date such as 2030-01-31")
    try:
        day = date.fromisoformat(text)
        end = datetime.combine(day, time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise UsageError("`--until` names a day that is in no calendar") from None
    if day < today:
        raise UsageError(f"`--until` names a day that is past: today is {today}")
    return end


def find_gate(name: str, known: Sequence[tuple[str, str]]) -> str:
    """Return the name of a gate that people call this; `known` are names with their titles.

    Raises `UsageError`, which tells the nearest one.
    """
    wanted = _plain(name)
    by_word = {_plain(word): both[0] for both in known for word in both}
    if wanted in by_word:
        return by_word[wanted]
    close = get_close_matches(wanted, list(by_word), n=1, cutoff=0.5)
    if close:
        raise UsageError(f"there is no such gate here; did you mean {_shown(by_word[close[0]])}?")
    names = _listed(one for one, _ in known)
    raise UsageError(f"there is no such gate here; there are {names}")


def _plain(name: str) -> str:
    return re.sub(r"[\s_:/-]+", " ", name.strip("`\"'")).strip().lower()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(_shown(name) for name in names) or "none"


def _shown(name: str) -> str:
    return f"`{name.replace('`', '')}`"
