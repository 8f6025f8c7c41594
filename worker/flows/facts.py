"""What versions of files tell: taken from the store, or read once and kept there.

A file's facts follow from its blob, so nothing is ever read twice, and a pull request finds
all that its base branch has. Contents come from the diff, where that shows them, or tells how a
kept one was changed; one by one where they are few, and else out of the commit's archive.
Reading is done in the cage, since a source can be made to keep its reader busy.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from worker.cage import work_caged
from worker.core.diff import EMPTY_DIFF
from worker.core.diff.sides import apply_patch, show_sides, undo_patch
from worker.core.errors import DiffIncompleteError, GitHubError, PostponedError
from worker.flows.kept import Kept
from worker.flows.sources import MOST_SINGLY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from worker.core.diff import Diff, FileDiff
    from worker.core.refs import Sha
    from worker.flows.deps import Look
    from worker.flows.sources import Sources

__all__ = ["OF_A_PULL", "OF_A_PUSH", "File", "Kind", "Patience", "Reading"]

_BYTES_AT_ONCE = 4 * 2**20
_FILES_AT_ONCE = 200
_ROOM = 256 * 2**20
"""Bytes of an archive's files that are put on the disk."""
_FILES_A_REQUEST = 100
"""An archive counts as a request for each so many files that it holds."""
_LEAST_MANY = 1
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How much is read for one look; the rest is left for the next one."""

    files: int
    singly: int
    """Requests for single files."""
    seconds: float
    bad: int = 3
    """Files that take too much to be read."""
    documents: bool = True
    """Whether documents are worth a request; an archive has them anyway."""
    keep: bool = False
    """Whether contents are kept, for the pull requests to come."""


OF_A_PULL = Patience(files=4_000, singly=MOST_SINGLY, seconds=30, documents=False)
"""Somebody waits for the verdict."""
OF_A_PUSH = Patience(files=20_000, singly=300, seconds=180, keep=True)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is read of a file, and how it is kept."""

    key: Callable[[str, str], str]
    """Of a path and a blob."""
    read: Callable[[str, bytes], bytes]
    """Returns what is kept; never executes anything of the file."""
    most: int
    """Bytes that it is given, at most."""
    nothing: bytes
    """What is kept of a file that can not be read."""
    is_whole: Callable[[bytes], bool]
    """Whether what was kept can be used; it is made anew otherwise."""


@dataclass(frozen=True, slots=True)
class File:
    """One version of a file."""

    commit: Sha
    path: str
    blob: Sha
    kind: Kind
    idle: bool = False
    """Whether it is read only where no request has to be made for it."""

    @property
    def key(self) -> str:
        """What stands for it in the store."""
        return self.kind.key(self.path, self.blob)


class Reading:
    """Reads files for one look, with as much patience as that has.

    `change` is what the diff goes from and to: contents that it shows are not fetched.
    """

    def __init__(
        self,
        look: Look,
        sources: Sources,
        patience: Patience,
        change: tuple[Sha, Sha, Diff] | None = None,
    ) -> None:
        self._look = look
        self._sources = sources
        self._kept = Kept(look, sources)
        self._patience = patience
        self._base: Sha | None = None
        self._tested: Sha | None = None
        self._diff = EMPTY_DIFF
        if change is not None:
            self._base, self._tested, self._diff = change
        self._before = {file.old_path: file for file in self._diff if file.old_path is not None}
        self._day = look.deps.clock.now().date()
        self._ends = time.monotonic() + patience.seconds
        self._files = patience.files
        self._singly = patience.singly
        self._bad = patience.bad
        self._untold: set[Sha] = set()
        self.left: set[File] = set()
        """What should have been read, and was not."""
        self.refusal = ""
        """What GitHub said when it was asked for a file; it is not asked again."""

    def tree(self, commit: Sha) -> Mapping[str, Sha] | None:
        """Return a commit's blobs by path; None where GitHub does not tell them now."""
        if commit in self._untold:
            return None
        try:
            return self._sources.tree(commit)
        except (GitHubError, PostponedError) as error:
            self._note(error)
            self._untold.add(commit)
            return None

    def get(self, files: Sequence[File]) -> dict[File, bytes]:
        """Return what is known of these files, or can be; those first that matter most.

        Raises `PostponedError` where GitHub's rate limit is used up.
        """
        store, repository = self._look.deps.store, self._look.repository.id
        keys = {file: file.key for file in files}
        kept = store.facts(repository, list(keys.values()), self._day)
        known: dict[str, bytes] = {}
        unknown: dict[str, File] = {}
        for file in files:
            data = kept.get(keys[file])
            if data is not None and file.kind.is_whole(data):
                known[keys[file]] = data
            else:
                unknown.setdefault(keys[file], file)
        if unknown:
            known |= self._read(list(unknown.values()))
        if self._patience.keep and self._kept.on:
            self._keep(files)
        self.left |= {file for file in files if keys[file] not in known and not file.idle}
        return {file: known[keys[file]] for file in files if keys[file] in known}

    def _keep(self, files: Sequence[File]) -> None:
        """Keep the contents of files that were not seen before, those first that matter most."""
        by_blob = {file.blob: file for file in reversed(files)}
        unknown = self._kept.unknown(list(by_blob))
        some = [file for file in files if file.blob in unknown and by_blob[file.blob] is file]
        some = some[: self._patience.files]
        self._fetch(some)
        contents = ((file.blob, self._content(file)) for file in some)
        self._kept.keep((blob, data) for blob, data in contents if data is not None)

    def _read(self, files: list[File]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        some, self._files = files[: self._files], self._files - len(files[: self._files])
        self._fetch(some)
        for batch in self._batches(some):
            if not self._bad or time.monotonic() > self._ends:
                break
            self._look.keep_lease()
            told = self._tell(batch)
            self._look.deps.store.keep_facts(self._look.repository.id, told, self._day)
            found |= told
        return found

    def _tell(self, batch: Sequence[tuple[File, bytes]]) -> dict[str, bytes]:
        """Return what contents tell, by key."""
        work = [partial(file.kind.read, file.path, data) for file, data in batch]
        told: dict[str, bytes] = {}
        for (file, _), answer in zip(batch, work_caged(work, most_bad=self._bad), strict=False):
            if answer is None:
                self._bad -= 1
                _log.warning("source.unreadable", path=file.path, blob=file.blob)
            told[file.key] = file.kind.nothing if answer is None else answer
        return told

    def _batches(self, files: Iterable[File]) -> Iterator[list[tuple[File, bytes]]]:
        """Yield the contents of files, some at a time."""
        batch: list[tuple[File, bytes]] = []
        size = 0
        for file in files:
            data = self._content(file)
            if data is None:
                continue
            batch.append((file, data[: file.kind.most]))
            size += len(batch[-1][1])
            if size >= _BYTES_AT_ONCE or len(batch) >= _FILES_AT_ONCE:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _content(self, file: File) -> bytes | None:
        """Return a file's content; None where it can not be had."""
        if not self._sources.has(file.blob):
            if file.idle or not self._singly or self.refusal or time.monotonic() > self._ends:
                return None
            self._singly -= 1
        try:
            return self._sources.read(file.commit, file.path)
        except DiffIncompleteError as error:  # longer than what is read of any file
            _log.info("source.refused", path=file.path, reason=str(error))
        except (GitHubError, PostponedError) as error:
            self._note(error)
        return None

    def _fetch(self, files: Sequence[File]) -> None:
        """Take what is kept, or the diff shows or tells, and from an archive what is much."""
        self._kept.load(file.blob for file in files)
        changed = [file for file in files if self._is_changed(file)]
        changed = [file for file in changed if not self._show(file)]
        self._kept.load(filter(None, map(self._blob_before, changed)))
        for file in changed:
            self._restore(file)
        missing = [file for file in files if not self._sources.has(file.blob)]
        try:
            for commit in sorted({file.commit for file in missing}):
                some = [file for file in missing if file.commit == commit]
                size = len(self._sources.tree(commit))
                many = max(_LEAST_MANY, min(MOST_SINGLY, size // _FILES_A_REQUEST))
                if sum(not file.idle for file in some) > many:
                    places = [(commit, file.path) for file in some]
                    self._sources.prefetch(places, singly=0, room=_ROOM)
        except (GitHubError, PostponedError) as error:
            self._note(error)

    def _is_changed(self, file: File) -> bool:
        change = self._change_of(file)
        return change is not None and bool(change.patch) and not self._sources.has(file.blob)

    def _show(self, file: File) -> bool:
        """Keep a changed file's content, where its patch shows it whole."""
        change = self._change_of(file)
        shown = show_sides(change.patch) if change is not None else None
        return shown is not None and any(self._sources.keep(file.blob, side) for side in shown)

    def _blob_before(self, file: File) -> Sha | None:
        """Return the blob that a changed file was before, where that may be kept."""
        change = self._change_of(file)
        if change is None or change.old_path is None or file.commit != self._tested:
            return None
        before = self.tree(self._base) if self._kept.on and self._base is not None else None
        return None if before is None else before.get(change.old_path)

    def _restore(self, file: File) -> None:
        """Keep a changed file's content, where its patch and the other side tell it."""
        change = self._change_of(file)
        if change is None or self._base is None or self._tested is None:
            return
        if file.commit == self._tested:
            other, path, cross = self._base, change.old_path, apply_patch
        else:
            other, path, cross = self._tested, change.path, undo_patch
        known = self.tree(other)
        blob = known.get(path) if known is not None and path is not None else None
        if blob is not None and path is not None and self._sources.has(blob):
            data = cross(change.patch, self._sources.read(other, path) or b"")
            if data is not None:
                self._sources.keep(file.blob, data)

    def _change_of(self, file: File) -> FileDiff | None:
        if file.commit == self._tested:
            return self._diff.files.get(file.path)
        return self._before.get(file.path) if file.commit == self._base else None

    def _note(self, error: GitHubError | PostponedError) -> None:
        """Note that GitHub does not give files now; raise where it gives nothing at all."""
        if isinstance(error, PostponedError) and error.gate:
            raise error
        _log.warning("sources.refused", reason=str(error))
        self.refusal = str(error)
