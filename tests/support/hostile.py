"""Names that try to be more than names, and how it is seen that they are not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.support.gfm import hidden_characters, shape_of
from worker.core.commands import find_commands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.gfm import Shape

__all__ = ["HARMLESS", "HOSTILE", "NAMES", "compare"]

HARMLESS = "x"
HOSTILE = [
    "a`\n|**merged**|<img src=x onerror=alert(1)>[x](http://e).py",
    "@octo/team #1 closes #2 GH-3 octo/app#4 https://evil.example www.evil.example",
    "http://evil.example/a mailto:a@evil.example ftp://evil.example a@evil.example",
    "![a](http://e/p.png) <b> </details></summary><h1>",
    "\n\n/covgate override because\n\n",
    "\r\n# heading\r\n> [!NOTE]\r\n> - [x] done\r\n---\r\n",
    "``a`` | b \\| c \\\\| d ```\n~~~",
    "\u202egnp.exe \u2066\u200b\ufeff\x1b[31m\x00\x85\u2028\u2029",
    "</code></td></table><script>alert(1)</script><!-- covgate -->",
    "&lt;b&gt; &#64;octo &commat;octo $x$ :shipit: [^1] [x]: http://e",
    "0123456789abcdef0123456789abcdef01234567",
    "{name} %s {0}",
    "`",
    "\\",
    " ",
    "\ud800",
    "*_~",
    "x" * 300,
]
PIECES = st.sampled_from(
    [*HOSTILE, "`", "|", "\n", "\\", "<", ">", "[", "](", ")", "!", "*", "_", "~", "#", "@", "&",
     "://", "www.", "\u202e", "$", ":", "- ", "1. ", "    ", "\t", "a", "é", "😀", '"', "'"]
)  # fmt: skip
NAMES = st.lists(PIECES | st.text(max_size=4), min_size=1, max_size=6).map("".join)


def compare(markdown: Mapping[str, str], shapes: Mapping[str, Shape]) -> None:
    """Fail where a text is built otherwise than its harmless twin, by the place it stands in."""
    for where, text in markdown.items():
        assert shape_of(text) == shapes[where], (where, text)
        assert hidden_characters(text) == [], where
        assert find_commands(text) == (), where
        assert not re.search(r"^ {0,3}/(?:covgate|coverage)", text, re.MULTILINE)
