"""A part of the project that somebody names: a package, or one of the topmost folders."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from worker.core.insights._parts import list_parts, sources_of

if TYPE_CHECKING:
    from worker.core.verdict import Evidence

__all__ = ["Choice", "choose_files_of"]

_MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """The measured files that are meant; none, and what may be meant instead."""

    files: frozenset[str] = frozenset()
    close: str = ""
    """The nearest name; empty where none is near."""
    names: tuple[str, ...] = ()
    """What there is, 20 at most."""


def choose_files_of(evidence: Evidence, wanted: str) -> Choice:
    """Return the source files of a package by its name, of a topmost folder, or of any folder."""
    parts = {part.name: part for part in list_parts(evidence)}
    folded = {name.casefold(): name for name in parts}
    wanted = wanted.strip("`\"'").removeprefix("./").rstrip("/")
    name = wanted if wanted in parts else folded.get(wanted.casefold())
    if name is not None:
        return Choice(frozenset(file.path for file in parts[name].files))
    below = frozenset(
        file.path for file in sources_of(evidence) if f"{file.path}/".startswith(f"{wanted}/")
    )
    if below:
        return Choice(below)
    names = tuple(sorted(parts))
    last = {name.rpartition("/")[2].casefold(): name for name in reversed(names)}
    known = {**last, **folded}
    close = get_close_matches(wanted.casefold(), sorted(known), n=1, cutoff=0.5)
    return Choice(close=known[close[0]] if close else "", names=names[:_MOST_NAMES])
