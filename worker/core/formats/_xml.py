"""Reads XML with the standard library's expat, and refuses what only attacks contain.

Entity declarations are refused, so nothing can expand ("billion laughs") and no other file
is read; a DOCTYPE alone is genuine, Cobertura and JaCoCo write one. Depth, the size of one
tag and the number of elements are capped, because expat itself keeps on as long as there
is memory (https://docs.python.org/3/library/xml.html#xml-vulnerabilities).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn
from xml.parsers import expat

from worker.core.errors import ReportError

__all__ = ["Attributes", "Opening", "opening", "read_xml"]

Attributes = Mapping[str, str]

MAX_DEPTH = 100
"""Elements inside one another; genuine reports have about ten."""
MAX_ELEMENTS = 20_000_000
MAX_TAG = 2**20
"""Bytes of one tag with its attributes, or of one stretch of text."""

_CHUNK = 2**20
_NONE: Mapping[str, Callable[..., None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Opening:
    """How an XML document begins: its root and the names of elements seen so far."""

    root: str
    attributes: Attributes
    elements: frozenset[str]


def opening(head: bytes) -> Opening | None:
    """Return how a document begins, from its first bytes; None where that is no XML."""
    if not head.lstrip(b"\xef\xbb\xbf\xfe\xff\x00 \t\r\n").startswith(b"<"):
        return None
    seen: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: seen.append((name, attributes))
    with contextlib.suppress(expat.ExpatError, LookupError, ValueError):
        parser.Parse(head, False)
    if not seen:
        return None
    return Opening(*seen[0], frozenset(name for name, _ in seen))


def read_xml(
    data: bytes,
    starts: Mapping[str, Callable[[dict[str, str]], None]],
    ends: Mapping[str, Callable[[], None]] = _NONE,
    texts: Mapping[str, Callable[[str], None]] = _NONE,
) -> None:
    """Call `starts` and `ends` by element name, and `texts` with an element's own text.

    A `KeyError` from a handler means that an element lacks that attribute. Raises
    `ReportError`, with the line, where the document can not be read.
    """
    if data.count(b"<") > 2 * MAX_ELEMENTS:
        raise ReportError(f"has more than {MAX_ELEMENTS} elements; split the report")
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = _refuse_entity
    _attach(parser, starts, ends, texts)
    try:
        _feed(parser, data)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        place = f"line {error.lineno}, column {error.offset + 1}"
        raise ReportError(
            f"is no well-formed XML: {reason} at {place}; was the upload cut off?"
        ) from None
    except ReportError as error:
        raise ReportError(f"line {parser.CurrentLineNumber}: {error.reason}") from None
    except KeyError as error:
        raise ReportError(
            f"line {parser.CurrentLineNumber}: an element lacks its attribute {error}"
        ) from None
    except (LookupError, ValueError) as error:
        raise ReportError(f"line {parser.CurrentLineNumber}: {error}") from None


def _attach(
    parser: expat.XMLParserType,
    starts: Mapping[str, Callable[[dict[str, str]], None]],
    ends: Mapping[str, Callable[[], None]],
    texts: Mapping[str, Callable[[str], None]],
) -> None:
    depth = 0
    pieces: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise ReportError(f"elements are nested more than {MAX_DEPTH} deep")
        handle = starts.get(name)
        if handle is not None:
            handle(attributes)
        if name in texts:
            pieces.clear()
            parser.CharacterDataHandler = pieces.append

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handle = ends.get(name)
        if handle is not None:
            handle()
        if name in texts:
            parser.CharacterDataHandler = None
            texts[name]("".join(pieces))

    parser.StartElementHandler = start
    parser.EndElementHandler = end


def _feed(parser: expat.XMLParserType, data: bytes) -> None:
    """Feed in pieces: a tag that does not end within `MAX_TAG` is noticed, not gathered."""
    with memoryview(data) as view:
        for position in range(0, len(view), _CHUNK):
            parser.Parse(view[position : position + _CHUNK], False)
            if position + _CHUNK - max(parser.CurrentByteIndex, 0) > _CHUNK + MAX_TAG:
                raise ReportError(f"one tag has more than {MAX_TAG} bytes")
    parser.Parse(b"", True)


def _refuse_entity(name: str, *_: object) -> NoReturn:
    raise ReportError(f"declares the entity {name!r}; coverage reports need none, so it is refused")
