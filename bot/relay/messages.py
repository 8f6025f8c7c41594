"""What a smee channel sends, read: server-sent events that hold one delivery each. Pure.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
https://github.com/probot/smee.io
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from worker.core.errors import CovgateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Delivery", "MessageError", "read_events", "read_message", "variants"]

MOST_BYTES = 64 * 2**20
"""Of one event: GitHub's payloads end at 25 MiB, and escapes may double them."""

_FORWARDED = ("x-github-", "x-hub-signature")
"""What the names of the headers begin with that mean something behind the tunnel."""


class MessageError(CovgateError):
    """A channel sent what is no delivery."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook delivery: its headers (names in lower case) and its body's bytes."""

    headers: dict[str, str]
    body: bytes
    exact: bool = True
    """Whether the body's bytes are known to be those that GitHub sent."""


def read_events(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the data of each event of the type "message"; others (ready, ping) say nothing.

    Raises `MessageError` for an event that has no end.
    """
    data: list[bytes] = []
    kind, size = b"", 0
    for line in _lines(chunks):
        if not line:
            if data and kind in {b"", b"message"}:
                yield b"\n".join(data)
            data, kind, size = [], b"", 0
            continue
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            size += len(value) + 1  # empty ones take room, too
            if size > MOST_BYTES:
                raise MessageError(f"an event has more than {MOST_BYTES} bytes")
            data.append(value)
        elif name == b"event":
            kind = value


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines without their ends: LF, CR LF or CR."""
    parts: list[bytes] = []
    size = 0
    half = False
    for chunk in chunks:
        # The two halves of one line's end may come apart.
        whole = chunk.removeprefix(b"\n") if half else chunk
        half = chunk.endswith(b"\r")
        *ended, rest = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in ended:
            yield b"".join([*parts, line])
            parts, size = [], 0
        parts.append(rest)
        size += len(rest)
        if size > MOST_BYTES:
            raise MessageError(f"a line has more than {MOST_BYTES} bytes")


def read_message(data: bytes) -> Delivery:
    """Return the delivery in an event. Raises `MessageError` where there is none.

    smee reads the JSON that GitHub sent and writes it again, so that only the bytes of its
    own writing can be had: they are taken out of the event as they stand there. Newer servers
    add the text as it came (https://github.com/probot/smee-client/issues/325), gosmee the
    bytes, in Base64 (https://github.com/chmouel/gosmee).
    """
    try:
        fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MessageError("the channel sent an event that is no JSON object") from None
    headers = {
        name.lower(): value
        for name, raw in fields.items()
        if name.lower().startswith(_FORWARDED) and (value := _text(raw)) is not None
    }
    if "x-github-event" not in headers:
        raise MessageError("the channel sent something that is no delivery of GitHub's")
    raw = _text(fields["rawbody"]) if "rawbody" in fields else None
    if raw is not None:
        return Delivery(headers, raw.encode(errors="replace"))
    if "bodyB" in fields:
        try:
            body = base64.b64decode(_text(fields["bodyB"]) or "", validate=True)
        except binascii.Error:
            raise MessageError("the channel sent a body that is no Base64") from None
        return Delivery(headers, body)
    if "body" not in fields:
        raise MessageError("the channel sent a delivery without a body")
    return Delivery(headers, bytes(fields["body"]), exact=False)


def _text(raw: msgspec.Raw) -> str | None:
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.ValidationError:
        return None


def variants(delivery: Delivery) -> Iterator[bytes]:
    """Yield the bytes that GitHub may have sent, the likeliest first.

    The signature tells which ones they were. A JSON text can be written in other ways, too:
    where none of these fits, nobody can know the right one.
    """
    yield delivery.body
    if delivery.exact:
        return
    text = delivery.body.decode(errors="replace")
    web = text.translate(_WEB)
    seen = {text}
    for other in (web, _in_ascii(text), _in_ascii(web)):
        if other not in seen:
            seen.add(other)
            yield other.encode(errors="replace")


_WEB = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
"""Signs that careful writers of JSON escape, as they mean something in HTML or scripts."""


def _in_ascii(text: str) -> str:
    """Return a JSON text with every other sign escaped; they stand inside strings only."""
    return "".join(sign if sign.isascii() else json.dumps(sign)[1:-1] for sign in text)
