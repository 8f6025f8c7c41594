"""`POST /webhooks/github`: a delivery is checked, durably queued and acknowledged.

The order of checks: size, headers, signature over the raw bytes, JSON. Nothing of the body
is looked at before its signature holds. The receiver is an ASGI application of its own,
beneath FastAPI's routing and middleware: what FastAPI does for a handler's arguments and
results costs as much as all of this.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from bot.events import PayloadError, read_delivery
from bot.signature import verify
from worker.contracts import SubjectKind
from worker.core.errors import CovgateError
from worker.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Receive, Scope, Send

    from bot.events import Heard
    from bot.metrics import Metrics
    from worker.contracts import Notice

__all__ = ["MAX_BODY", "Acceptor", "Receiver", "ReceiverLimits"]

MAX_BODY = 25 * 1024 * 1024
"""Bytes. GitHub sends no larger payload."""

_log = get_logger(__name__)


class Acceptor(Protocol):
    """The inbox, as far as the receiver needs it."""

    async def accept(self, delivery_id: str, notices: Sequence[Notice]) -> bool:
        """Queue a delivery durably; False where its id was known.

        Raises a `CovgateError` where it can not be taken now; within seconds, because
        GitHub gives up after 10.
        """
        ...

    async def ping(self) -> object:
        """Return where the inbox answers, raise where it does not."""
        ...


@dataclass(frozen=True, slots=True)
class ReceiverLimits:
    """Bytes of a body, and seconds for it to arrive (GitHub itself gives up after 10)."""

    body: int = MAX_BODY
    arrival: float = 20.0


class _Answer(NamedTuple):
    status: int
    outcome: str
    detail: str
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def encode(self) -> bytes:
        return msgspec.json.encode({"status": self.outcome, "detail": self.detail})


class _Headers(NamedTuple):
    event: str = ""
    delivery: str = ""
    signature: bytes = b""
    content_type: bytes = b""
    length: int = 0
    asks_first: bool = False


_QUEUED = _Answer(202, "queued", "the delivery is queued durably")
_DUPLICATE = _Answer(202, "duplicate", "a delivery of this id was queued before")
_CLOSE = ((b"connection", b"close"),)
_UNAVAILABLE = _Answer(
    503,
    "unavailable",
    "the queue can't take the delivery now; deliver it again later",
    ((b"retry-after", b"30"),),
)
_UNSIGNED = _Answer(
    401,
    "unsigned",
    "X-Hub-Signature-256 is missing: set the same secret in the GitHub App's webhook settings"
    " and in COVGATE_WEBHOOK_SECRET",
)
_MISSIGNED = _Answer(
    401,
    "bad signature",
    "X-Hub-Signature-256 does not match the body: the secret in the GitHub App's webhook"
    " settings has to be one of those in COVGATE_WEBHOOK_SECRET",
)
_FORM = _Answer(
    400,
    "not json",
    "the payload is form-encoded: choose the content type application/json in the GitHub"
    " App's webhook settings",
)
_SLOW = _Answer(408, "too slow", "the body did not arrive in time; deliver it again", _CLOSE)


class Receiver:
    """The ASGI application behind `POST /webhooks/github`."""

    def __init__(
        self,
        secrets: Sequence[bytes],
        acceptor: Acceptor,
        metrics: Metrics,
        limits: ReceiverLimits | None = None,
    ) -> None:
        self._secrets = tuple(secrets)
        self._acceptor = acceptor
        self._metrics = metrics
        self._limits = limits or ReceiverLimits()
        self.taken = 0
        """How many deliveries got a 202: signed, and kept or of no interest."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = perf_counter()
        headers = _read_headers(scope)
        about: dict[str, int | str] = {}
        try:
            answer = await self._answer(headers, receive, about)
        except _GoneError:
            return  # the client hung up: there is nobody to answer
        await _send(send, answer)
        self.taken += answer.status == 202
        seconds = perf_counter() - started
        self._metrics.count_delivery(headers.event, answer.outcome, seconds)
        log = _log.info if answer.status < 400 else _log.warning
        log(
            "delivery",
            delivery=headers.delivery,
            github_event=headers.event,
            status=answer.status,
            outcome=answer.outcome,
            **about,
            ms=round(seconds * 1000, 1),
        )

    async def _answer(
        self, headers: _Headers, receive: Receive, about: dict[str, int | str]
    ) -> _Answer:
        limit = self._limits.body
        if headers.length > limit and (headers.asks_first or headers.length > 2 * limit):
            return _too_large(limit)
        try:
            async with asyncio.timeout(self._limits.arrival):
                body = await _read_body(receive, limit)
        except TimeoutError:
            return _SLOW
        if body is None:
            return _too_large(limit)
        return self._refuse(headers, body) or await self._hear(headers, body, about)

    async def _hear(self, headers: _Headers, body: bytes, about: dict[str, int | str]) -> _Answer:
        """Read a delivery whose signature holds, and queue what it asks for.

        What it is about is added to `about`, for the log.
        """
        try:
            heard = read_delivery(headers.event, body)
        except PayloadError as error:
            if body.startswith(b"payload=") or b"form" in headers.content_type:
                return _FORM
            return _Answer(400, "not json", f"{error}; GitHub's deliveries are JSON objects")
        if not heard.notices:
            return _Answer(202, heard.status, heard.detail)
        about.update(_log_fields(heard))
        return await self._accept(headers.delivery, heard.notices, about)

    def _refuse(self, headers: _Headers, body: bytes) -> _Answer | None:
        """Return why a delivery is refused before it is read; None where it is not."""
        if not headers.event or not headers.delivery:
            return _Answer(
                400,
                "headers missing",
                "X-GitHub-Event and X-GitHub-Delivery are needed, in at most 100 letters,"
                " digits, '-', '_' and '.'",
            )
        if not headers.signature:
            return _UNSIGNED
        if not verify(self._secrets, body, headers.signature):
            return _MISSIGNED
        return None

    async def _accept(
        self, delivery: str, notices: tuple[Notice, ...], about: dict[str, int | str]
    ) -> _Answer:
        try:
            new = await self._acceptor.accept(delivery, notices)
        except CovgateError as error:
            _log.error("delivery not accepted", delivery=delivery, error=str(error), **about)
            return _UNAVAILABLE
        return _QUEUED if new else _DUPLICATE


class _GoneError(Exception):
    """The client closed the connection before its body was whole."""


def _log_fields(heard: Heard) -> dict[str, int | str]:
    """Return what a delivery is about, under the names that a job's lines have."""
    first = heard.notices[0]
    fields: dict[str, int | str] = {
        "installation": first.subject.installation_id,
        "repository": first.repository or first.subject.repository_id,
    }
    pulls = [one.subject.id for one in heard.notices if one.subject.kind is SubjectKind.PULL]
    if pulls:
        fields["pull_request"] = int(pulls[0]) if len(pulls) == 1 else ",".join(pulls)
    commits = (SubjectKind.COMMIT, SubjectKind.GROUP)
    heads = [one.subject.id for one in heard.notices if one.subject.kind in commits]
    if head := heard.head or ",".join(heads[:1]):
        fields["head"] = head
    return fields


def _too_large(limit: int) -> _Answer:
    detail = f"the payload is larger than {limit} bytes, which GitHub never sends"
    return _Answer(413, "too large", detail, _CLOSE)


def _read_headers(scope: Scope) -> _Headers:
    """Return the headers in use; "" for a name or an id that is missing or malformed."""
    found: dict[bytes, bytes] = dict(scope["headers"])
    length = found.get(b"content-length", b"")
    return _Headers(
        _plain(found.get(b"x-github-event", b"")),
        _plain(found.get(b"x-github-delivery", b"")),
        found.get(b"x-hub-signature-256", b""),
        found.get(b"content-type", b""),
        int(length) if length.isdigit() and len(length) < 20 else 0,
        b"expect" in found,
    )


_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def _plain(value: bytes) -> str:
    """Return a header's value where it can go into a key, a log and a label as it is."""
    return value.decode("ascii") if len(value) <= 100 and _PLAIN.issuperset(value) else ""


async def _read_body(receive: Receive, limit: int) -> bytes | None:
    """Return the request's body; None where it has more than `limit` bytes.

    A body that is a little too large is read to its end and dropped, because many clients
    read no answer before they have sent everything. Raises `_GoneError`.
    """
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size > 2 * limit:
            return None
        if size > limit:
            chunks.clear()
        else:
            chunks.append(chunk)
    if size > limit:
        return None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _send(send: Send, answer: _Answer) -> None:
    body = answer.encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
