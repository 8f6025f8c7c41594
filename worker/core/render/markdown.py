"""Markdown from names that a stranger chose, and texts within GitHub's limits.

Nothing from a pull request may become a link, an image, a mention, a row, a tag or a
command: names stand in code spans, whose content GitHub takes literally
(https://github.github.com/gfm/#code-spans).
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote

from worker.core.model import line_ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "code",
    "cut_rows",
    "file_url",
    "fold",
    "line_links",
    "link",
    "plain",
    "plain_summary",
    "table",
    "truncate_bytes",
    "visible",
]

_LONGEST_NAME = 200
_JOINER = "\u2060"
_PARTED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"@|#(?=\w)|\bGH-(?=\d)",
        r":(?=//)|\bwww(?=\.)",
        r":(?=[\w+-]+:)",
    )
)
"""Behind these a text is parted, in the order in which it is."""
_COMMIT = re.compile(r"\b(?=[0-9]*[a-f])[0-9a-f]{7,40}\b", re.IGNORECASE)


def visible(text: str) -> str:
    """Return a text with controls, line ends and the marks that turn text around shown."""
    return "".join(_visible(character) for character in text)


def code(name: str, *, longest: int = _LONGEST_NAME) -> str:
    """Return a name as a code span that nothing inside it can leave.

    Controls, line ends and the marks that turn text around are made visible; a name of more
    than 200 characters is cut in its middle. In a table, `table` takes care of a `|`.
    """
    shown = visible(name)
    if len(shown) > longest:
        shown = f"{shown[: longest // 2 - 1]}…{shown[-(longest // 2) :]}"
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def plain(text: str) -> str:
    """Return a text that may quote foreign names, every character of it literal.

    Backslash escapes are Markdown's own (https://github.github.com/gfm/#backslash-escapes).
    What GitHub links or replaces without any markup (mentions, issues, commits, addresses,
    emojis) is parted by a word joiner, which nobody sees: within the part that makes it one,
    for an address with a joiner inside its host would still be an address.
    """
    return re.sub(r"([\\`*_\[\]<>|~$&])", r"\\\1", _parted(text))


def plain_summary(text: str) -> str:
    """Return the same for a fold's summary, which is HTML on one line, and not Markdown."""
    return html.escape(_parted(text), quote=False)


def _parted(text: str) -> str:
    shown = visible(text)
    for pattern in _PARTED:
        shown = pattern.sub(lambda found: found[0] + _JOINER, shown)
    return _COMMIT.sub(lambda found: re.sub(".{6}", rf"\g<0>{_JOINER}", found[0]), shown)


def link(text: str, url: str) -> str:
    """Return a link; `text` is Markdown already, `url` is percent-encoded where it must be."""
    safe = quote(url, safe=":/?#@!$&*+,;=%~-._", errors="replace")
    return f"[{text}]({safe})"


def line_links(lines: int, *, file_url: str | None, most: int = 12) -> str:
    """Return a bitmap's line ranges, each linked to its lines: "3 · 5–9 · and 4 more".

    Without a `file_url` there are no links.
    """
    ranges = line_ranges(lines)
    shown = []
    for first, last in ranges[:most]:
        text = str(first) if first == last else f"{first}–{last}"
        place = f"#L{first}" if first == last else f"#L{first}-L{last}"
        shown.append(link(text, file_url + place) if file_url else text)
    if len(ranges) > most:
        left = sum(last - first + 1 for first, last in ranges[most:])
        shown.append(f"and {left} more")
    return " · ".join(shown)


def file_url(repository_url: str, sha: str, path: str) -> str:
    """Return the address of a file at a commit."""
    return f"{repository_url}/blob/{sha}/{quote(path, errors='replace')}"


def table(header: Sequence[str], align: str, rows: Iterable[Sequence[str]]) -> str:
    """Return a table; `align` has one of `l`, `r`, `c` for each column."""
    rule = {"l": ":--", "r": "--:", "c": ":-:"}
    lines = [_row(header), "|" + "|".join(rule[side] for side in align) + "|"]
    lines += [_row(row) for row in rows]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    # A `|` would end the cell. A backslash escapes a backslash too there, so those before a
    # `|` are doubled
    # (https://github.com/github/cmark-gfm/blob/master/extensions/ext_scanners.re).
    return "| " + " | ".join(re.sub(r"(\\*)\|", r"\1\1\|", cell) for cell in cells) + " |"


def fold(summary: str, body: str) -> str:
    """Return a folded section; the empty lines make GitHub read the body as Markdown."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def cut_rows(rows: Sequence[Sequence[str]], budget: int) -> int:
    """Return how many of the rows, from the first, fit into `budget` bytes."""
    used = 0
    for count, row in enumerate(rows):
        used += len(_row(row).encode()) + 1
        if used > budget:
            return count
    return len(rows)


def truncate_bytes(text: str, limit: int) -> str:
    """Return the text, cut at a line's end so that it has at most `limit` UTF-8 bytes."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    note = "\n\n… cut here: GitHub takes no more.\n"
    kept = encoded[: limit - len(note.encode())].decode(errors="ignore")
    return kept[: kept.rfind("\n")] + note if "\n" in kept else kept + note


def _visible(character: str) -> str:
    """Return a character, or its code in place of one that can't be seen or turns text."""
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Co"}:
        return f"\\u{ord(character):04x}" if character != "\t" else " "
    return character
