"""What the files of a checkout told the last time, kept beside git's own data.

A check before every push reads a large repository in a moment then. The file is nothing
but a shortcut: without it, or where it is damaged or can't be written, all is read anew.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from worker.core.static import (
    MAX_BYTES,
    decode_facts,
    encode_facts,
    key_of_facts,
    read_facts,
)

if TYPE_CHECKING:
    from worker.core.static import FileFacts

__all__ = ["KeptFacts"]

_NAME = "facts"
_MOST_BYTES = 2**28
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_decoder = msgspec.msgpack.Decoder(dict[str, bytes])


class KeptFacts:
    """Facts by the content of files, in a file of `folder`; what was not asked for is dropped."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / _NAME
        self._known: dict[str, bytes] = {}
        self._used: dict[str, bytes] = {}
        with suppress(OSError, msgspec.MsgspecError):
            if self._file.stat().st_size <= _MOST_BYTES:
                self._known = _decoder.decode(self._file.read_bytes())

    def read(self, path: str, data: bytes) -> FileFacts:
        """Return the facts of a file."""
        # As git names a blob, so that the same content has one name everywhere.
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        key = key_of_facts(path, blob, _PYTHON)
        kept = self._used.get(key) or self._known.get(key)
        facts = None if kept is None else decode_facts(kept)
        if facts is None or kept is None:
            facts = read_facts(path, data[: MAX_BYTES + 1])
            kept = encode_facts(facts)
        self._used[key] = kept
        return facts

    def save(self) -> None:
        """Keep what was asked for. Another process reads either the old file or the new one."""
        if self._used.keys() == self._known.keys():
            return
        with suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=self._file.parent, prefix=_NAME, delete=False
            ) as file:
                file.write(msgspec.msgpack.encode(dict(sorted(self._used.items()))))
            try:
                Path(file.name).replace(self._file)
            except OSError:
                Path(file.name).unlink()
                raise
