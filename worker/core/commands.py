"""Slash-commands in the text of a comment: which lines are one, and what they ask for.

A command stands alone on a line of a paragraph that is part of nothing else. What a
paragraph is, CommonMark decides (https://spec.commonmark.org/0.31.2/#paragraphs), with the
tables of GitHub's Markdown: quotes, lists, code, HTML comments, headings, links and what
stands between HTML tags such as `<details>` are no places for commands. A reader of the
rendered comment sees each command that is obeyed as plain text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

__all__ = ["MAX_ARGUMENT", "MAX_BODY", "MOST_COMMANDS", "PREFIXES", "Command", "find_commands"]

PREFIXES = ("/covgate", "/coverage")

MOST_COMMANDS = 5
"""How many commands of one comment are looked at."""
MAX_BODY = 65_536
"""GitHub takes no longer comment; what lies beyond is not read."""
MAX_ARGUMENT = 1_000
"""How many characters of a command's argument are kept, and one more to tell by."""

_MARK = "covgatecommand"
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]{0,30})(?=[\s/>])")
_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
        *("source", "track", "wbr", "p", "li"),
    }
)
"""Elements without content, or whose end tag may be left out: nothing stands inside them."""


@dataclass(frozen=True, slots=True)
class Command:
    """One line that asks for something.

    `verb` is in lower case and "" where nothing follows the prefix. `argument` is the rest
    of the line as it was written, without the space around it, cut to `MAX_ARGUMENT` + 1
    characters.
    """

    verb: str
    argument: str = ""


def find_commands(body: str, prefixes: tuple[str, ...] = PREFIXES) -> tuple[Command, ...]:
    """Return the commands in the Markdown of a comment, in order, at most `MOST_COMMANDS`.

    `prefixes` are what they may begin with.
    """
    body = body[:MAX_BODY].replace("\0", "\ufffd")
    lines = list(_candidate(prefixes).finditer(body))[: 20 * MOST_COMMANDS]
    if not lines:
        return ()
    plain = _plain_lines(_marked(body, lines))
    found = [_command(line) for number, line in enumerate(lines) if number in plain]
    return tuple(found[:MOST_COMMANDS])


@cache
def _candidate(prefixes: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches a line that may be a command; in time linear in its length."""
    words = "|".join(map(re.escape, prefixes))
    return re.compile(
        rf"^[ ]{{0,3}}(?P<prefix>{words})(?P<rest>[ \t][^\r\n]*)?\r?$",
        re.IGNORECASE | re.MULTILINE,
    )


def _command(line: re.Match[str]) -> Command:
    verb, _, argument = (line["rest"] or "").strip().replace("\t", " ").partition(" ")
    return Command(verb.lower(), argument.strip()[: MAX_ARGUMENT + 1])


def _marked(body: str, lines: Sequence[re.Match[str]]) -> str:
    """Return the text with a word in place of each candidate's prefix.

    The slash has no meaning in Markdown, so that a word changes nothing about how the text
    is read; and where a marked line ends up tells whether it was a paragraph's.
    """
    pieces, end = [], 0
    for number, line in enumerate(lines):
        pieces += [body[end : line.start("prefix")], f"{_MARK}{number}x"]
        end = line.end("prefix")
    return "".join([*pieces, body[end:]])


def _plain_lines(text: str) -> set[int]:
    """Return the numbers of the marks that begin a line of a paragraph on its own."""
    found: set[int] = set()
    open_elements: list[str] = []
    inside_paragraph = False
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "html_block":
            _follow_tags(token.content, open_elements)
        elif token.type in {"paragraph_open", "paragraph_close"}:
            inside_paragraph = token.type == "paragraph_open" and token.level == 0
        elif token.type == "inline":
            starts = _starts_of_lines(token.children or [], open_elements)
            found |= {number for number in starts if inside_paragraph}
    return found


def _starts_of_lines(children: Sequence[Token], open_elements: list[str]) -> Iterator[int]:
    """Yield the marks that begin a line outside emphasis, links and HTML elements."""
    depth, at_start = 0, True
    for child in children:
        if child.type == "html_inline":
            _follow_tags(child.content, open_elements)
        plain = child.type == "text" and at_start and not depth and not open_elements
        mark = re.match(rf"{_MARK}(\d+)x", child.content) if plain else None
        if mark:
            yield int(mark[1])
        depth += child.nesting
        at_start = child.type in {"softbreak", "hardbreak"}


def _follow_tags(html: str, open_elements: list[str]) -> None:
    """Note the elements that a piece of HTML opens and ends.

    An element that is never ended hides all that follows, as a browser may show it.
    """
    if html.lstrip().startswith("<!"):
        return
    for tag in _TAG.finditer(html):
        name = tag["name"].lower()
        if name in _VOID:
            continue
        if not tag["end"]:
            open_elements.append(name)
        elif name in open_elements:
            del open_elements[len(open_elements) - 1 - open_elements[::-1].index(name) :]
