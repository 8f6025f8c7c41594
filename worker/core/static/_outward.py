"""Calls of other languages than Python, as far as a pattern in a configuration may ask for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.core.static.text import MAX_CALLS, shorten

if TYPE_CHECKING:
    from worker.core.static._mask import Lines

__all__ = ["calls_in"]

_CALL = re.compile(
    r"(?<![\w$.>:@])(?P<name>\$?[A-Za-z_]\w{0,80}(?:(?:\??\.|->|::)\w{1,80}){0,8})!?\s{0,9}\("
    r"\s{0,40}(?P<quote>['\"`])"
)
_EVERYDAY = re.compile(
    r"(?:.*[.>:])?(?:describe|it|test|require|import|log|debug|info|warn|error|get|set|has|join"
    r"|split|replace|includes|startsWith|endsWith|indexOf|match|push|append|String|Error|\w+Error"
    r"|\w+Exception|printf?|println|eprintln|format|puts|Printf|Println|Sprintf|Errorf|Fatalf"
    r"|panic|expect|assert\w*|equals|addEventListener|querySelector\w*|getElementById)"
)


def calls_in(text: str, masked: str, lines: Lines) -> tuple[tuple[str, int], ...]:
    """Return the calls whose first argument is a text, with their lines.

    Each is written as `bus.emit(order.created)`, whatever joins its parts: `->`, `::`, `?.`.
    """
    found = set()
    for match in _CALL.finditer(masked):
        name = re.sub(r"\?\.|->|::", ".", match["name"]).removeprefix("$")
        if _EVERYDAY.fullmatch(name):
            continue
        start = match.start("quote")
        end = masked.find(masked[start], start + 1)
        written = shorten(text[start + 1 : end if end > 0 else start + 200])
        found.add((f"{name}({written})", lines.at(match.start())))
        if len(found) == MAX_CALLS:
            break
    return tuple(sorted(found, key=lambda one: (one[1], one[0])))
