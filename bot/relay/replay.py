"""`covgate replay`: a saved delivery, signed, to a running receiver."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import requests

from bot.relay.messages import Delivery, read_message
from bot.relay.sending import Answer, deliver
from bot.signature import sign
from worker.core.errors import CovgateError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

__all__ = ["ReplayError", "read_saved", "replay"]

_MOST_BYTES = 64 * 2**20
_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)


class ReplayError(CovgateError):
    """A file holds no delivery that could be sent."""


_NONE = msgspec.Raw()


class _Request(msgspec.Struct):
    headers: dict[str, object] = {}
    payload: msgspec.Raw = _NONE


class _Saved(msgspec.Struct):
    """The shapes that deliveries are saved in.

    `headers` with `payload` (or `body`); GitHub's own, as its API and "Recent deliveries"
    show them, where both are in `request`.
    """

    headers: dict[str, object] = {}
    payload: msgspec.Raw = _NONE
    body: msgspec.Raw = _NONE
    request: _Request | None = None
    event: str = ""
    guid: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    headers: dict[str, str]
    body: bytes


def read_saved(path: Path, event: str = "") -> Delivery:
    """Return the delivery in a file; a bare payload needs its `event` named.

    Raises `ReplayError` for what is none, `OSError` where there is no file.
    """
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ReplayError(f"{path}: a delivery has at most 25 MiB")
    try:
        whole = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReplayError(f"{path}: this is no JSON object ({error})") from None
    found = _find(path, data, whole)
    name = event or found.headers.get("x-github-event", "")
    if not name:
        raise ReplayError(
            f"{path}: it does not say which event it is: add --event NAME, such as pull_request"
        )
    headers = found.headers | {"x-github-event": name}
    for key in ("x-github-event", "x-github-delivery"):
        if not _NAME.fullmatch(headers.get(key, "-")):
            raise ReplayError(f"{path}: {headers[key]!r} can't be the header {key}")
    return Delivery(headers, found.body)


def _find(path: Path, data: bytes, whole: Collection[str]) -> _Found:
    """Tell by its names what a file is: no payload has those of the other shapes."""
    if "x-github-event" in whole and "body" in whole:  # as a smee channel sends it
        message = read_message(data)
        return _Found(message.headers, message.body)
    if "headers" in whole or "request" in whole:
        return _unwrap(path, data)
    return _Found({}, data)


def _unwrap(path: Path, data: bytes) -> _Found:
    try:
        saved = msgspec.json.decode(data, type=_Saved)
    except msgspec.ValidationError as error:
        raise ReplayError(f"{path}: this is no saved delivery ({error})") from None
    inner = saved.request or _Request()
    headers = {
        name.lower(): str(value)
        for name, value in (saved.headers | inner.headers).items()
        if name.lower().startswith("x-github-")
    }
    if saved.event:
        headers.setdefault("x-github-event", saved.event)
    if saved.guid:
        headers.setdefault("x-github-delivery", saved.guid)
    raw = bytes(saved.payload) or bytes(saved.body) or bytes(inner.payload)
    if not raw:
        raise ReplayError(f"{path}: there is no payload in it")
    if raw.startswith(b'"'):  # the body as a text, byte for byte
        return _Found(headers, str(json.loads(raw)).encode(errors="replace"))
    return _Found(headers, raw)


def replay(delivery: Delivery, target: str, secret: bytes, *, same_id: bool) -> tuple[str, Answer]:
    """Send a delivery, signed anew; return its id and the answer.

    It gets a fresh id: a receiver that knows the old one would leave the delivery alone,
    which `same_id` is there to try. Raises `SendingError` without an answer.
    """
    known = delivery.headers.get("x-github-delivery", "")
    number = known if same_id and known else str(uuid.uuid4())
    headers = {
        name: value for name, value in delivery.headers.items() if name.startswith("x-github-")
    } | {"x-github-delivery": number, "x-hub-signature-256": sign(secret, delivery.body)}
    with requests.Session() as session:
        return number, deliver(session, target, headers, delivery.body)
