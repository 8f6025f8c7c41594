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
from worker.core.formats._base import UTF16

__all__ = ["MAX_GATHERED", "Attributes", "Opening", "check_gathered", "opening", "read_xml"]

Attributes = Mapping[str, str]

MAX_DEPTH = 100
"""Elements inside one another; genuine reports have about ten."""
MAX_ELEMENTS = 20_000_000
MAX_GATHERED = 500_000
"""Elements that are kept until their parent ends; a class file numbers lines up to 65,535."""
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
    seen = _elements(_parser(head), head)
    if not seen:
        # An encoding that nobody knows: `read_xml` names it, of what is recognised without.
        seen = _elements(expat.ParserCreate("utf-8"), head)
    if not seen:
        return None
    return Opening(*seen[0], frozenset(name for name, _ in seen))


def _elements(parser: expat.XMLParserType, head: bytes) -> list[tuple[str, dict[str, str]]]:
    """Return the elements that begin in `head`, as far as it can be read."""
    seen: list[tuple[str, dict[str, str]]] = []
    parser.StartElementHandler = lambda name, attributes: seen.append((name, attributes))
    # Without an ampersand no entity expands, neither in a text nor in an attribute.
    with contextlib.suppress(expat.ExpatError, LookupError, ValueError):
        parser.Parse(head.replace(b"&", b"+"), False)
    return seen


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
    parser = _parser(data)
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


def check_gathered(elements: int) -> None:
    """Refuse an element with more children than any tool writes, before they fill the memory."""
    if elements > MAX_GATHERED:
        raise ReportError(
            f"one file or class has more than {MAX_GATHERED} lines or methods; leave generated "
            "files out of the report"
        )


def _parser(data: bytes) -> expat.XMLParserType:
    """Return a parser of the encoding that the document's mark or declaration says.

    The mark wins: PowerShell's `>` makes UTF-16 of a text that goes on to declare UTF-8.
    """
    return expat.ParserCreate("utf-16" if data.startswith(UTF16) else None)


def _attach(
    parser: expat.XMLParserType,
    starts: Mapping[str, Callable[[dict[str, str]], None]],
    ends: Mapping[str, Callable[[], None]],
    texts: Mapping[str, Callable[[str], None]],
) -> None:
    at_start, at_end = dict(starts), dict(ends)
    for name, take in texts.items():
        collector = _Text(parser, take, starts.get(name), ends.get(name))
        at_start[name], at_end[name] = collector.start, collector.end
    depth = 0

    # These two run for every element there is: one more look-up is a tenth of the whole.
    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise ReportError(f"elements are nested more than {MAX_DEPTH} deep")
        if name in at_start:
            at_start[name](attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        if name in at_end:
            at_end[name]()

    parser.StartElementHandler = start
    parser.EndElementHandler = end


class _Text:
    """Collects the text of an element, between what else is called at its start and end."""

    __slots__ = ("_ended", "_parser", "_pieces", "_started", "_take")

    def __init__(
        self,
        parser: expat.XMLParserType,
        take: Callable[[str], None],
        started: Callable[[dict[str, str]], None] | None,
        ended: Callable[[], None] | None,
    ) -> None:
        self._parser = parser
        self._take = take
        self._started = started
        self._ended = ended
        self._pieces: list[str] = []

    def start(self, attributes: dict[str, str]) -> None:
        if self._started is not None:
            self._started(attributes)
        self._pieces.clear()
        self._parser.CharacterDataHandler = self._pieces.append

    def end(self) -> None:
        if self._ended is not None:
            self._ended()
        self._parser.CharacterDataHandler = None
        self._take("".join(self._pieces))


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
