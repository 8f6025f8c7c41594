"""Reads JSON with msgspec: typed, so that only what is asked for becomes objects."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import msgspec

from worker.core.errors import ReportError
from worker.core.formats._base import plain_text, quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from worker.core.formats._build import FileBuilder

__all__ = [
    "MAX_NAMES",
    "Name",
    "add_all_arms",
    "add_counts",
    "decode",
    "decode_named",
    "in_file",
    "json_text",
    "once",
    "outline",
]

T = TypeVar("T")

MAX_NAMES = 500_000
"""The most files one report may name; the largest repositories have fewer. Without a
limit, 39 MB of `{"":{},"":{},…` would take gigabytes."""

_DEPTH = 6
_TOKEN = re.compile(
    rb'"((?:[^"\\]|\\.)*+)(?:"(\s*:\s*[\[{]?)?|\\?\Z)'  # the last string may be cut off
    rb"|[\[{\]}]",
    re.DOTALL,
)
_SURROGATES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_LONE = len(r"\ud800")


class Name:
    """A file's name in a document. No two are equal: a key given twice is there twice."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def decode(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw, where: str = "") -> T:
    """Return what `decoder` makes of `data`; `ReportError`, with the place, where it can not."""
    at = f"{where}: " if where else ""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise ReportError(f"{at}does not have the format's shape: {error}") from None
    except RecursionError:
        raise ReportError(f"{at}is nested too deeply for a coverage report") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise ReportError(f"{at}is no valid JSON: {error}; was the upload cut off?") from None


def decode_named(kind: type[T], data: bytes) -> T:
    """Return `data` as a `kind`, which has a `Name` wherever a file is named.

    Raises `ReportError`, also for more than `MAX_NAMES` of them.
    """
    return decode(msgspec.json.Decoder(kind, dec_hook=_name_counter()), data)


def once(names: Iterable[Name]) -> None:
    """Raise `ReportError` where a name stands twice: a second entry would hide the first."""
    seen: set[str] = set()
    for name in names:
        if name.text in seen:
            raise ReportError(f"names {quote(name.text)} twice; upload what the tool wrote")
        seen.add(name.text)


@contextmanager
def in_file(path: str) -> Iterator[None]:
    """Name the file in a `ReportError` that comes out of the block."""
    try:
        yield
    except ReportError as error:
        raise ReportError(f"file {quote(path)}: {error.reason}") from None


def add_counts(builder: FileBuilder, counts: Sequence[float | None], first: int = 1) -> None:
    """Add an array of hits by line, of which the first element is line `first`.

    None is a line that is not measured; a count below 0 is none, as an overflow leaves it.
    """
    numbered = [(line, count) for line, count in enumerate(counts, first) if count is not None]
    builder.add_lines(
        (line for line, _ in numbered), (line for line, count in numbered if count > 0)
    )


def add_all_arms(builder: FileBuilder, arms: Mapping[int, Sequence[object]]) -> None:
    """Add the arms of each line: all at once, as `FileBuilder.add_arms` wants them."""
    for line, taken in arms.items():
        builder.add_arms(line, taken)


def json_text(data: bytes) -> bytes:
    r"""Return a JSON text as UTF-8, with � for halves of surrogate pairs.

    JavaScript and Python write `\ud800` for a file's name that is no Unicode, and no other
    reader takes that.
    """
    data = plain_text(data)
    if b"\\" not in data or _HALF.search(data) is None:
        return data
    return _SURROGATES.sub(_whole, data)


def outline(head: bytes) -> tuple[frozenset[str], ...]:
    """Return the members' names by depth (0 to 5) of a JSON text's beginning.

    A name ends with "{" or "[" where its value does begin so. Arrays count as a depth. All
    are empty for a text that begins neither with "{" nor with "[".
    """
    return _outline(bytes(head))


@lru_cache(maxsize=1)  # every format asks for the same head
def _outline(head: bytes) -> tuple[frozenset[str], ...]:
    names: tuple[set[str], ...] = tuple(set() for _ in range(_DEPTH))
    text = plain_text(head).lstrip()
    depth = -1
    for token in _TOKEN.finditer(text) if text.startswith((b"{", b"[")) else ():
        name, follows = token.groups()
        if name is None:
            depth += 1 if token[0] in b"{[" else -1
        elif follows is not None:
            opener = follows[-1:] if follows.endswith((b"{", b"[")) else b""
            if 0 <= depth < _DEPTH:
                names[depth].add((name + opener).decode("utf-8", "replace"))
            depth += len(opener)
    return tuple(map(frozenset, names))


def _name_counter() -> Callable[[type, object], Name]:
    left = MAX_NAMES

    def name(_kind: type, value: object) -> Name:
        nonlocal left
        if not isinstance(value, str):
            raise ValueError(f"Expected `str`, got `{type(value).__name__}`")  # noqa: TRY004 - msgspec adds the place to it
        left -= 1
        if left < 0:
            raise ReportError(f"names more than {MAX_NAMES:,} files; split the report")
        return Name(value)

    return name


def _whole(found: re.Match[bytes]) -> bytes:
    text = found[0]
    return rb"\ufffd" if len(text) == _LONE else text
