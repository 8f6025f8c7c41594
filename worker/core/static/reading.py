"""The facts of a file, whatever it is written in."""

from __future__ import annotations

import re

import msgspec

from worker.core.novelty.sources import is_test, suffix_of
from worker.core.static.facts import FileFacts, Language
from worker.core.static.javascript import read_script
from worker.core.static.patterns import SUFFIXES, read_patterns
from worker.core.static.python import read_python
from worker.core.static.text import decode, find_identifiers

__all__ = ["MAX_BYTES", "SCRIPTS", "is_test_path", "read_facts"]

MAX_BYTES = 1_000_000
"""Of a file that is read; of a larger one, the first ones are read by patterns."""
SCRIPTS = frozenset({"js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte"})
_PROSE = frozenset(
    {"md", "rst", "txt", "adoc", "html", "json", "yaml", "yml", "toml", "xml", "csv"}
)

_HALF = re.compile(r"(\\u|\\U0{4})[dD][89a-fA-F][0-9a-fA-F]{2}")
"""How sources write half of a character, which no text may hold that is stored or shown."""


def is_test_path(path: str) -> bool:
    """Return whether a file is a test, or helps tests, by its name or folder.

    The one answer of the whole product: what is new code, and what is expected in a report,
    is told by the same.
    """
    return is_test(path)


def read_facts(path: str, data: bytes) -> FileFacts:
    """Return what one version of a file tells, by its suffix. Nothing is ever executed.

    Never fails: of what is no text, too large, or not to be parsed, it tells as much as
    patterns find, and says so (`partial`).
    """
    if b"\0" in data[:8_000]:
        return FileFacts(Language.OTHER, partial=True)
    large = len(data) > MAX_BYTES
    text = decode(data[:MAX_BYTES]).replace("\r\n", "\n").replace("\r", "\n")
    if "\\" in text:
        text = _HALF.sub(r"\1fffd", text)
    suffix = suffix_of(path)
    facts = _read(path, text, suffix, large=large)
    return msgspec.structs.replace(
        facts, identifiers=find_identifiers(text), partial=facts.partial or large
    )


def _read(path: str, text: str, suffix: str, *, large: bool) -> FileFacts:
    test = is_test_path(path)
    if suffix in {"py", "pyi"} and not large:
        facts = read_python(text, name=path.rpartition("/")[2], test=test)
        if facts is not None:
            return facts
        return msgspec.structs.replace(read_patterns(text, suffix, test=test), partial=True)
    if suffix in SCRIPTS:
        return read_script(text, test=test)
    if suffix in SUFFIXES:
        return read_patterns(text, suffix, test=test)
    lines = 0 if suffix in _PROSE else sum(1 for line in text.split("\n") if line.strip())
    return FileFacts(Language.OTHER, lines=lines)
