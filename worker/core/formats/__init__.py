"""Coverage report formats, recognised by content. One file a format; one line here."""

from __future__ import annotations

from worker.core.errors import ReportError
from worker.core.formats import cobertura, coveragepy_json, lcov
from worker.core.formats._base import HEAD, MAX_BYTES, Format, Parsed, quote, unpack, unpack_head

__all__ = ["FORMATS", "HEAD", "MAX_BYTES", "Format", "Parsed", "read", "recognise"]

FORMATS: tuple[Format, ...] = (
    cobertura.FORMAT,
    coveragepy_json.FORMAT,
    lcov.FORMAT,
)


def recognise(head: bytes) -> Format | None:
    """Return the format of a file that begins so (gzip or not); None where it is no report.

    Raises `ReportError` where two formats claim it: judging by either would be a guess.
    """
    content = unpack_head(head)
    claims = [known for known in FORMATS if known.sniff(content)]
    if len(claims) > 1:
        names = " and ".join(known.name for known in claims)
        raise ReportError(f"looks like {names} at once; please report this with the file")
    return claims[0] if claims else None


def read(data: bytes) -> tuple[Format, Parsed]:
    """Return a report's format and content; gzip is undone. Raises `ReportError`."""
    if not data[:HEAD].strip():  # the beginning only: a copy of it all takes twice the room
        raise ReportError("is empty; did the coverage tool write its report?")
    known = recognise(data)
    if known is None:
        names = ", ".join(known.name for known in FORMATS)
        beginning = quote(unpack_head(data))
        raise ReportError(f"is of no known format; it begins with {beginning}. Known are: {names}")
    return known, known.parse(unpack(data))
