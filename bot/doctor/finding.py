"""One thing that `covgate doctor` looked at."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ERROR", "OK", "WARNING", "Finding"]

OK, WARNING, ERROR = "ok", "warning", "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `todo` is empty where nothing is to be done."""

    area: str
    level: str
    text: str
    todo: str = ""
