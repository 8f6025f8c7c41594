"""Files at commits: each read once, and many of them in one archive."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, BinaryIO, Self, cast

import structlog

from worker.core.errors import DiffIncompleteError, GitHubError, RefusedError
from worker.core.tarball import blob_id, read_tarball

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from worker.core.refs import Sha
    from worker.flows.deps import Look

__all__ = ["MAX_SOURCE", "MAX_TARBALL", "MOST_READ", "MOST_SINGLY", "Place", "Sources"]

MAX_SOURCE = 10 * 2**20
"""The longest source file that is compared here, in bytes."""
MOST_SINGLY = 50
"""Above so many files of one commit, all of the commit is downloaded."""
MOST_READ = 1_000
"""How many files one verdict may read singly: each is a request of 5,000 an hour."""
MAX_TARBALL = 512 * 2**20
"""The longest archive of a repository that is downloaded, in bytes."""

_IN_MEMORY = 16 * 2**20
_log = structlog.get_logger(__name__)

Place = tuple["Sha", str]
"""A commit and the path of a file in it."""


class Sources:
    """What the files of a few commits hold; contents lie on disk once they are many.

    Used in a `with` block, which removes them.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._trees: dict[Sha, Mapping[str, Sha]] = {}
        self._kept: dict[Sha, tuple[int, int]] = {}
        self._asked = 0
        spooled = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - see __exit__
        self._store = cast("BinaryIO", spooled)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._store.close()

    def tree(self, commit: Sha) -> Mapping[str, Sha]:
        """Return the blobs of a commit's files by path."""
        if commit not in self._trees:
            self._look.keep_lease()
            self._trees[commit] = self._look.github.tree(commit)
        return self._trees[commit]

    def read(self, commit: Sha, path: str) -> bytes | None:
        """Return a file's content; None where there is no plain file.

        Raises `DiffIncompleteError` where it is longer than `MAX_SOURCE`, or where too many
        were asked for.
        """
        blob = self.tree(commit).get(path)
        if blob is None:
            return None
        if blob not in self._kept:
            self._read_singly(commit, path, blob)
        start, length = self._kept[blob]
        self._store.seek(start)
        return self._store.read(length)

    def has(self, blob: Sha) -> bool:
        """Return whether a content is here, and nothing has to be asked for it."""
        return blob in self._kept

    def keep(self, blob: Sha, data: bytes) -> bool:
        """Keep what may be the content of a blob; False, and nothing is kept, where it is not."""
        if blob_id(data) != blob:
            return False
        if blob not in self._kept:
            self._keep(blob, data)
        return True

    def prefetch(
        self, places: Iterable[Place], *, singly: int = MOST_SINGLY, room: int | None = None
    ) -> None:
        """Get ready to read these files: by a commit's archive where they are many.

        More than `singly` of one commit are many. Where there is `room` for so many bytes,
        what does not fit into it is left out.
        """
        wanted: dict[Sha, set[str]] = {}
        for commit, path in places:
            blob = self.tree(commit).get(path)
            if blob is not None and blob not in self._kept:
                wanted.setdefault(commit, set()).add(path)
        for commit, paths in wanted.items():
            if len(paths) > singly:
                self._read_archive(commit, paths, room)

    def _read_archive(self, commit: Sha, paths: set[str], room: int | None) -> None:
        """Keep what an archive has of some files and is what the tree says."""
        tree = self.tree(commit)
        with tempfile.TemporaryFile() as archive:
            self._look.keep_lease()
            try:
                self._look.github.archive(commit, archive, limit=MAX_TARBALL)
            except GitHubError as error:
                _log.warning("archive.refused", commit=commit, reason=str(error))
                return  # singly, then, as far as that goes
            archive.seek(0)
            for path, data in read_tarball(archive, paths, longest=MAX_SOURCE):
                self._look.keep_lease()
                if room is not None:
                    room -= len(data)
                    if room < 0:
                        return
                self.keep(tree[path], data)

    def _read_singly(self, commit: Sha, path: str, blob: Sha) -> None:
        self._asked += 1
        if self._asked > MOST_READ:
            raise DiffIncompleteError(
                f"GitHub leaves out the lines of more than {MOST_READ:,} changed files, too many "
                "to be read one by one"
            )
        self._look.keep_lease()
        try:
            data = self._look.github.file(path, commit, limit=MAX_SOURCE)
        except RefusedError as error:
            raise DiffIncompleteError(
                f"GitHub gives no diff of {path}, and not the file either, to compare it here: "
                f"{error}"
            ) from error
        self._keep(blob, data or b"")

    def _keep(self, blob: Sha, data: bytes) -> None:
        self._store.seek(0, 2)
        self._kept[blob] = (self._store.tell(), len(data))
        self._store.write(data)
