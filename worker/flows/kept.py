"""Contents of a base branch's files, kept so that a pull request's patches tell its files.

A push has them in hand anyway. With them, a file that a pull request changes is made of the
base's content and the patch, and nothing has to be asked for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.packing import pack, unpack
from worker.core.refs import Sha
from worker.core.tarball import blob_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from worker.flows.deps import Look
    from worker.flows.sources import Sources

__all__ = ["MAX_KEPT", "ROOM", "Kept"]

MAX_KEPT = 2**20
"""The longest file that is kept, in bytes."""
ROOM = 64 * 2**20
"""Bytes that a repository's contents take, compressed."""

_LOADED_AT_ONCE = 100
_KEPT_AT_ONCE = 500
_BYTES_AT_ONCE = 4 * 2**20


class Kept:
    """What the store has of files' contents, for one look; nothing where the operator says so."""

    def __init__(self, look: Look, sources: Sources) -> None:
        self._look = look
        self._sources = sources
        self._asked: set[Sha] = set()
        self._day = look.deps.clock.now().date()

    @property
    def on(self) -> bool:
        """Whether contents are kept at all."""
        return self._look.deps.keep_sources

    def load(self, blobs: Iterable[Sha]) -> None:
        """Get ready to read what is kept of these blobs, and is what their ids say."""
        if not self.on:
            return
        store, repository = self._look.deps.store, self._look.repository.id
        wanted = sorted(blob for blob in set(blobs) - self._asked if not self._sources.has(blob))
        self._asked |= set(wanted)
        for start in range(0, len(wanted), _LOADED_AT_ONCE):
            some = wanted[start : start + _LOADED_AT_ONCE]
            for blob, packed in store.sources(repository, some, self._day).items():
                data = unpack(packed, MAX_KEPT)
                if data is not None:
                    self._sources.keep(Sha(blob), data)

    def unknown(self, blobs: Sequence[Sha]) -> frozenset[Sha]:
        """Return the blobs that were never kept; the others' use is noted."""
        store, repository = self._look.deps.store, self._look.repository.id
        known = store.known_sources(repository, blobs, self._day)
        unknown = frozenset(blobs).difference(map(Sha, known))
        self._asked |= unknown
        return unknown

    def keep(self, contents: Iterable[tuple[Sha, bytes]]) -> None:
        """Keep contents as far as there is room, the first ones first.

        Of the rest it is noted that it was seen, so that no push asks for it again.
        """
        batch: dict[str, bytes] = {}
        size, left = 0, ROOM
        for blob, data in contents:
            packed = pack(data) if len(data) <= MAX_KEPT and blob_id(data) == blob else b""
            if len(packed) > left:
                packed = b""
            batch[blob] = packed
            size, left = size + len(packed), left - len(packed)
            if size >= _BYTES_AT_ONCE or len(batch) >= _KEPT_AT_ONCE:
                self._put(batch)
                batch, size = {}, 0
        if batch:
            self._put(batch)

    def _put(self, batch: dict[str, bytes]) -> None:
        self._look.keep_lease()
        store, repository = self._look.deps.store, self._look.repository.id
        store.keep_sources(repository, batch, self._day, room=ROOM)
