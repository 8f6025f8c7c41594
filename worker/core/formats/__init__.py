"""Coverage report formats, recognised by content. One file a format; one line here."""

from __future__ import annotations

from worker.core.errors import ReportError
from worker.core.formats import (
    bullseye,
    clover,
    cobertura,
    codecov_json,
    coverage_4,
    coverage_data,
    coveragepy_json,
    coveralls,
    covr,
    d_listing,
    dotcover,
    elm,
    gcov_json,
    gcov_text,
    gcovr_json,
    go_cover,
    istanbul,
    jacoco,
    lcov,
    llvm_cov,
    luacov,
    opencover,
    scoverage,
    simplecov,
    simplecov_resultset,
    sonar,
    visual_studio,
    xccov,
)
from worker.core.formats._base import (
    HEAD,
    MAX_BYTES,
    Format,
    Parsed,
    Sources,
    quote,
    unpack,
    unpack_head,
)
from worker.core.formats._xml import opening

__all__ = ["FORMATS", "HEAD", "MAX_BYTES", "Format", "Parsed", "Sources", "read", "recognise"]

FORMATS: tuple[Format, ...] = (
    bullseye.FORMAT,
    clover.FORMAT,
    cobertura.FORMAT,
    codecov_json.FORMAT,
    coverage_4.FORMAT,
    coverage_data.FORMAT,
    coveragepy_json.FORMAT,
    coveralls.FORMAT,
    covr.FORMAT,
    d_listing.FORMAT,
    dotcover.FORMAT,
    elm.FORMAT,
    gcov_json.FORMAT,
    gcov_text.FORMAT,
    gcovr_json.FORMAT,
    go_cover.FORMAT,
    istanbul.FORMAT,
    jacoco.FORMAT,
    lcov.FORMAT,
    llvm_cov.FORMAT,
    luacov.FORMAT,
    opencover.FORMAT,
    scoverage.FORMAT,
    simplecov.FORMAT,
    simplecov_resultset.FORMAT,
    sonar.FORMAT,
    visual_studio.FORMAT,
    xccov.FORMAT,
)


_ZIP = b"PK\x03\x04"
_TESTS = frozenset({"testsuites", "testsuite"})


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


def read(data: bytes, sources: Sources | None = None) -> tuple[Format, Parsed]:
    """Return a report's format and content; gzip is undone. Raises `ReportError`.

    `sources` is for formats that need the measured files themselves.
    """
    if not data[:HEAD].strip():  # the beginning only: a copy of it all takes twice the room
        raise ReportError("is empty; did the coverage tool write its report?")
    known = recognise(data)
    if known is None:
        start = opening(unpack_head(data))
        if start is not None and start.root in _TESTS:
            raise ReportError(
                "is a JUnit report: it tells which tests ran, and not which lines; give the "
                "report of a coverage tool"
            )
        if data.startswith(_ZIP):
            raise ReportError("is a zip archive: unpack it, and give the report that is in it")
        names = ", ".join(known.name for known in FORMATS)
        beginning = quote(unpack_head(data))
        raise ReportError(f"is of no known format; it begins with {beginning}. Known are: {names}")
    return known, known.read(unpack(data), sources)
