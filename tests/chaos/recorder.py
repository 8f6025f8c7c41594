"""The flight recorder: Redis's append-only file has every step of the inbox, in order.

A delivery is in its subject's inbox when it is accepted (HSET), somebody claims the subject
after that (SET of the lease), and the claim's orderly end takes the delivery out (HDEL). What
a script does stands in the file as its effects.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, BinaryIO

from bot.events import read_delivery
from worker.inbox.keys import INBOX, LEASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bot.sandbox.records import Delivery

__all__ = ["Record", "read_record", "unfollowed"]

_REPEATED = re.compile(rb"[~#]\d+\Z")


class Record:
    """What became of each delivery.

    `seen` were in the inbox once, `followed` were taken out by the end of a claim that began
    after they came in, `dropped` were taken out otherwise. `left` are there still.
    """

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.followed: set[str] = set()
        self.dropped: set[str] = set()
        self._inbox: dict[bytes, dict[bytes, bool]] = defaultdict(dict)

    @property
    def left(self) -> set[str]:
        """Return who still waits."""
        return {_guid(field) for fields in self._inbox.values() for field in fields}

    def take(self, command: list[bytes]) -> None:
        """Take note of one command of the file."""
        verb, key = command[0].upper(), command[1] if len(command) > 1 else b""
        if key.startswith(_INBOX):
            fields = self._inbox[key.removeprefix(_INBOX)]
            if verb == b"HSET":
                fields.update(dict.fromkeys(command[2::2], False))
                self.seen.update(map(_guid, command[2::2]))
            elif verb == b"HDEL":
                self._end(fields, command[2:])
            elif verb in {b"DEL", b"UNLINK"}:
                self._end(fields, list(fields))
        elif key.startswith(_LEASE) and verb == b"SET":
            fields = self._inbox[key.removeprefix(_LEASE)]
            fields.update(dict.fromkeys(fields, True))

    def _end(self, fields: dict[bytes, bool], names: list[bytes]) -> None:
        for name in names:
            was_claimed = fields.pop(name, None)
            if was_claimed is not None:
                (self.followed if was_claimed else self.dropped).add(_guid(name))


_INBOX, _LEASE = INBOX.encode(), LEASE.encode()


def _guid(field: bytes) -> str:
    """Return the delivery of an inbox's field: a repeated one has its number behind it."""
    return _REPEATED.sub(b"", field).decode()


def read_record(folder: Path) -> Record:
    """Read all of a server's append-only files, oldest first."""
    record = Record()
    for path in sorted(folder.rglob("*.incr.aof"), key=lambda path: path.stat().st_mtime):
        with path.open("rb") as file:
            for command in _commands(file):
                record.take(command)
    return record


def unfollowed(record: Record, accepted: Iterable[Delivery]) -> Iterator[str]:
    """Yield the accepted deliveries that no look followed which came to an orderly end."""
    for delivery in accepted:
        guid = delivery.guid
        if not read_delivery(delivery.event, delivery.body).notices:
            continue
        told = f"{guid} ({delivery.event}, {delivery.action})"
        if guid not in record.seen:
            yield f"{told} never was in the inbox"
        elif guid in record.dropped:
            yield f"{told} was taken out without a look"
        elif guid in record.left:
            yield f"{told} is still there"


def _commands(file: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the file's commands; a cut one at its end was never acknowledged.

    https://valkey.io/topics/protocol/; lines that begin with "#" are the file's own notes.
    """
    while line := file.readline():
        if not line.startswith(b"*"):
            continue
        words = []
        for _ in range(int(line[1:])):
            length = file.readline()
            if not length.endswith(b"\r\n"):
                return
            words.append(file.read(int(length[1:])))
            file.read(2)
        yield words
