"""What a change adds and removes, as bitmaps of line numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["EMPTY_DIFF", "Diff", "FileDiff"]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What a change does to one file.

    `added` is a bitmap (`worker.core.model.bitmap`) of line numbers at the head, `removed`
    one of line numbers at the merge base; a changed line is in both. Lines above
    `worker.core.model.MAX_LINE` are left out: no report is believed there either.
    """

    path: str
    """Where it is at the head; of a removed file, where it was."""
    old_path: str | None
    """Where it was at the merge base; None for an added file."""
    added: int
    removed: int
    status: str
    """GitHub's word: `added`, `removed`, `modified`, `renamed`, `copied`, `changed`."""
    complete: bool = True
    """False where lines may have been added that the diff does not tell: ask `fill`."""
    binary: bool = False
    """Git takes it for no text. UTF-16 sources are such files too, and have lines."""
    patch: str = field(default="", compare=False, repr=False)
    """The hunks that tell the lines' text, with any number of lines around them.

    Empty where the text is not known: of a file that GitHub gives no patch for. Two diffs
    of the same lines are the same, whatever text they come from.
    """


@dataclass(frozen=True, slots=True)
class Diff:
    """Changed files by path, sorted by path."""

    files: Mapping[str, FileDiff] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, files: Iterable[FileDiff]) -> Self:
        """Return a diff of `files`; of two with the same path, the later one."""
        by_path = {file.path: file for file in files}
        return cls(MappingProxyType({path: by_path[path] for path in sorted(by_path)}))

    def __iter__(self) -> Iterator[FileDiff]:
        return iter(self.files.values())

    def __len__(self) -> int:
        return len(self.files)

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Paths of the files whose added lines are not all known."""
        return tuple(file.path for file in self if not file.complete)


EMPTY_DIFF = Diff()
