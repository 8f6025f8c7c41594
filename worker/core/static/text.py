"""What any text file tells, whatever its language."""

from __future__ import annotations

import re

__all__ = ["MAX_CALLS", "MAX_TEXT", "decode", "find_identifiers", "shorten"]

MAX_TEXT = 120
"""Characters of a piece of a file that is kept to be shown."""
MAX_CALLS = 1_000
"""Of one file, that are kept."""
MAX_IDENTIFIERS = 1_000
"""Of one file; more are data, and no mentions."""

_IDENTIFIER = re.compile(r"\b([A-Z][A-Z0-9]{1,19})-(\d{1,6})\b(?![\w-])")
_STANDARDS = frozenset(
    {"AES", "ASCII", "BASE", "BLAKE", "CP", "CRC", "DES", "ECMA", "EUC", "FIPS", "GB", "HMAC"}
    | {"HTTP", "IBM", "IEC", "IEEE", "ISO", "KOI8", "LATIN", "MD", "MIT", "PEP", "RFC", "RSA"}
    | {"SHA", "SHA1", "SHA2", "SHA3", "TLS", "UCS", "UTC", "UTF", "WINDOWS", "X86"}
)
"""What looks like the id of an issue and names a standard, a character set or a licence."""


def decode(data: bytes) -> str:
    """Return a file's text; what is no UTF-8 becomes a sign that stands for it."""
    return data.decode("utf-8-sig", errors="replace")


def find_identifiers(text: str) -> tuple[tuple[str, int], ...]:
    """Return ids such as "SECURITY-002" with the line that mentions each first, sorted."""
    found: dict[str, int] = {}
    line, start = 1, 0
    for match in _IDENTIFIER.finditer(text):
        if match[1] in _STANDARDS or match[0] in found:
            continue
        line += text.count("\n", start, match.start())
        start = match.start()
        found[match[0]] = line
        if len(found) == MAX_IDENTIFIERS:
            break
    return tuple(sorted(found.items()))


def shorten(text: str) -> str:
    """Return a piece of a file on one line, cut to `MAX_TEXT` characters."""
    line = " ".join(text[: MAX_TEXT * 4].split())
    return line if len(line) <= MAX_TEXT else f"{line[: MAX_TEXT - 1]}…"
