"""Files out of a gzipped tar of a repository, read in one pass and little memory.

GitHub makes such archives of any commit, by `git archive`: what the repository's attributes
say holds (`export-ignore` leaves a file out, `export-subst` and `eol` change it), and they
are the pull request's own. So nothing in here is believed until `blob_id` says that it is
the file of the commit's tree, and what is missing has to be had in another way.
https://git-scm.com/docs/git-archive#_attributes
"""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from worker.core.refs import Sha

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["MAX_TAR", "blob_id", "read_tarball"]

MAX_TAR = 4 * 2**30
"""How many bytes of a tar are read, unpacked: a gigabyte of zeros is a megabyte packed."""


def blob_id(data: bytes) -> Sha:
    """Return the id that git gives to a file's content."""
    header = f"blob {len(data)}\0".encode()
    return Sha(hashlib.sha1(header + data, usedforsecurity=False).hexdigest())


def read_tarball(
    archive: BinaryIO, wanted: Collection[str], *, longest: int
) -> Iterator[tuple[str, bytes]]:
    """Yield those of the `wanted` files that are there, by path below the one top folder.

    Files of more than `longest` bytes are passed over. Where the archive is damaged, or
    unpacks to more than `MAX_TAR`, what came before is all there is.
    """
    unpacked = _Capped(gzip.GzipFile(fileobj=archive), MAX_TAR)
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", unpacked), mode="r|") as tar:
            while (member := tar.next()) is not None:
                # It keeps all that it has seen, for a second pass that a stream has not.
                tar.members = []  # type: ignore[attr-defined]
                path = member.name.partition("/")[2]
                if not member.isreg() or path not in wanted or member.size > longest:
                    continue
                content = tar.extractfile(member)
                if content is not None:
                    yield path, content.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error):
        return


class _Capped:
    """A stream that ends after so many bytes."""

    def __init__(self, stream: gzip.GzipFile, limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes."""
        data = self._stream.read(min(size, self._left))
        self._left -= len(data)
        return data
