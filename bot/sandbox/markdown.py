"""Markdown as GitHub shows it in a comment: tables, task lists, folds, and nothing that runs.

https://github.github.com/gfm/; line breaks are kept, as in comments on GitHub.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from bot.sandbox.sanitizer import sanitize

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["render_markdown"]

_BOX = '<input type="checkbox" disabled>'
_TICKED = '<input type="checkbox" disabled checked>'


@lru_cache(maxsize=256)
def render_markdown(text: str) -> Markup:
    """Return Markdown as HTML that is safe to put into a page."""
    parser = _parser()
    tokens = parser.parse(text)
    for token in tokens:
        _align(token)
    _make_tasks(tokens)
    html = parser.renderer.render(tokens, parser.options, {})
    return Markup(sanitize(html))  # noqa: S704 - the sanitizer let through only what is harmless


@cache
def _parser() -> MarkdownIt:
    options = {"html": True, "breaks": True}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def _align(token: Token) -> None:
    # The renderer would write a style, which the page's policy forbids; GitHub writes `align`.
    style = token.attrs.pop("style", None)
    if isinstance(style, str):
        token.attrs["align"] = style.removeprefix("text-align:")


def _make_tasks(tokens: Sequence[Token]) -> None:
    """Turn "[ ]" and "[x]" at the beginning of list items into boxes."""
    for item, paragraph, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        begins = item.type == "list_item_open" and paragraph.type == "paragraph_open"
        children = inline.children or []
        if not begins or not children or children[0].type != "text":
            continue
        mark, rest = children[0].content[:4], children[0].content[3:]
        if mark in ("[ ] ", "[x] ", "[X] "):
            children[0].content = rest
            box = _BOX if mark == "[ ] " else _TICKED
            children.insert(0, Token("html_inline", "", 0, content=box))
