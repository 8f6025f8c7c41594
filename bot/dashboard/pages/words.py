"""Texts that several pages have: times, states, names that nobody has kept tame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["PENDING", "State", "cut", "day", "moment", "state_of", "tame"]

_UNRULY = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""What is not seen, turns the direction of what follows, or is half a character.

https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
"""


@dataclass(frozen=True, slots=True)
class State:
    """How something stands: `kind` names its sign and colour, `label` says it in words."""

    kind: str
    label: str


PENDING = State("pending", "Waiting")
_STATES = {
    "success": State("success", "Passed"),
    "pass": State("success", "Passed"),
    "failure": State("failure", "Failed"),
    "fail": State("failure", "Failed"),
    "neutral": State("neutral", "Not judged"),
    "action_required": State("attention", "Needs a person"),
}


def state_of(word: str | None) -> State:
    """Return the state of a conclusion or of a gate's verdict; None is still awaited."""
    if word is None:
        return PENDING
    return _STATES.get(word, State("neutral", word.replace("_", " ").capitalize()))


def tame(text: str) -> str:
    r"""Return a text in which everything can be seen: a right-to-left mark is "\u200f"."""
    if text.isspace():
        text = text.replace(" ", "␣")
    return _UNRULY.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def cut(text: str, most: int) -> str:
    """Return a text of at most so many letters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def moment(time: datetime) -> str:
    """Return a time to the minute; all times here are UTC."""
    return f"{time:%Y-%m-%d %H:%M}"


def day(time: datetime) -> str:
    """Return a day."""
    return f"{time:%Y-%m-%d}"
