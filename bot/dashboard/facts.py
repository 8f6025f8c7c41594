"""What the store keeps as JSON, as typed values: a verdict's details, a branch's snapshot.

A document may be of an older Covgate, or of a newer one: keys that are missing have
defaults, and those that are not known are passed over. A damaged one is as good as none.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "EMPTY_SNAPSHOT",
    "BaselineFacts",
    "Count",
    "GateFacts",
    "InsightFacts",
    "NewCodeFacts",
    "NewFileFacts",
    "ReportFacts",
    "SnapshotFacts",
    "TableFacts",
    "TestedFacts",
    "VerdictFacts",
    "read_snapshot",
    "read_verdict",
]

_MAX_BYTES = 2**26
"""So much of a snapshot is unpacked; 100,000 files take about 8 MB."""
_DAMAGE = (msgspec.MsgspecError, zlib.error, ValueError, RecursionError)


class Count(msgspec.Struct, frozen=True):
    """Covered of measured lines."""

    covered: int = 0
    total: int = 0

    @property
    def ratio(self) -> Ratio:
        """The same as an exact ratio; none where the counts make no sense."""
        sane = 0 <= self.covered <= self.total
        return Ratio(self.covered, self.total) if sane else Ratio()


class GateFacts(msgspec.Struct, frozen=True):
    """A gate's result: `verdict` is `pass`, `fail` or `neutral`."""

    name: str
    verdict: str
    actual: str = ""
    required: str = ""
    summary: str = ""
    subject: str = ""
    blocking: bool = True


class NewFileFacts(msgspec.Struct, frozen=True):
    """The new code of one file; lists are of line numbers."""

    path: str
    covered: int = 0
    total: int = 0
    uncovered: list[int] = []
    uncovered_lines: str = ""
    partial: list[int] = []

    @property
    def ratio(self) -> Ratio:
        """Covered of the lines that the gate counts."""
        return Count(self.covered, self.total).ratio


class UnmeasuredFacts(msgspec.Struct, frozen=True):
    """A changed file that no report mentions."""

    path: str
    reason: str = ""


class NewCodeFacts(msgspec.Struct, frozen=True):
    """The new code of a change."""

    covered: int = 0
    total: int = 0
    files: list[NewFileFacts] = []
    unmeasured: list[UnmeasuredFacts] = []

    @property
    def ratio(self) -> Ratio:
        """Covered of the lines that the gate counts."""
        return Count(self.covered, self.total).ratio


class BaselineFacts(msgspec.Struct, frozen=True):
    """What a change was compared with."""

    commit: str = ""
    distance: int = 0
    covered: int = 0
    total: int = 0

    @property
    def ratio(self) -> Ratio:
        """Covered of all lines."""
        return Count(self.covered, self.total).ratio


class TestedFacts(msgspec.Struct, frozen=True):
    """The commit whose lines the reports count."""

    __test__ = False

    commit: str = ""
    kind: str = ""
    base: str = ""


class ReportFacts(msgspec.Struct, frozen=True):
    """A report that was read."""

    name: str = ""
    format: str = ""
    files: int = 0
    flag: str | None = None


class TableFacts(msgspec.Struct, frozen=True):
    """A table of an analysis; cells are as `worker.core.render.insights` writes them."""

    columns: list[str] = []
    rows: list[list[Any]] = []
    title: str = ""
    more_rows: int = 0


class InsightFacts(msgspec.Struct, frozen=True):
    """What one analysis found."""

    name: str
    title: str = ""
    summary: str = ""
    tables: list[TableFacts] = []
    advice: list[str] = []


class VerdictFacts(msgspec.Struct, frozen=True):
    """What `worker.core.render.render_json` wrote, as far as pages show it."""

    verdict: str = ""
    conclusion: str = ""
    title: str = ""
    head: str = ""
    base: str = ""
    merge_base: str = ""
    tested: TestedFacts = TestedFacts()
    gates: list[GateFacts] = []
    new_code: NewCodeFacts = NewCodeFacts()
    project: Count = Count()
    baseline: BaselineFacts | None = None
    insights: list[InsightFacts] = []
    reports: list[ReportFacts] = []
    problems: list[str] = []
    notes: list[str] = []


class PackageFacts(msgspec.Struct, frozen=True):
    """A package of a snapshot. `target` is a percentage, where it has one."""

    name: str
    covered: int = 0
    total: int = 0
    target: Any = None

    @property
    def ratio(self) -> Ratio:
        """Covered of all its lines."""
        return Count(self.covered, self.total).ratio


class SnapshotFacts(msgspec.Struct, frozen=True):
    """A branch's newest report, as far as pages show it."""

    insights: list[InsightFacts] = []
    files: list[tuple[str, int, int]] = []
    """Path, covered and measured lines, by path."""
    packages: list[PackageFacts] = []

    @property
    def counted(self) -> Sequence[tuple[str, Ratio]]:
        """The files with their lines."""
        return [(path, Count(covered, total).ratio) for path, covered, total in self.files]


EMPTY_SNAPSHOT = SnapshotFacts()

_Facts = TypeVar("_Facts", VerdictFacts, SnapshotFacts)


def read_verdict(details: str) -> VerdictFacts | None:
    """Return a verdict's details; None where no report was read, or they can't be."""
    if not details.strip() or details.strip() == "{}":
        return None
    try:
        return _decode(details, VerdictFacts)
    except _DAMAGE:
        return None


def read_snapshot(data: bytes) -> SnapshotFacts:
    """Return a snapshot; an empty one where it can't be read."""
    try:
        return _decode(_unpack(data).decode(), SnapshotFacts)
    except _DAMAGE:
        return EMPTY_SNAPSHOT


def _decode(text: str, kind: type[_Facts]) -> _Facts:
    """Return a document; a path in it may hold half a character, which msgspec takes for none."""
    try:
        return msgspec.json.decode(text, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return msgspec.convert(json.loads(text), type=kind, strict=False)


def _unpack(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(data, _MAX_BYTES)
    if not inflater.eof:
        raise ValueError("it is cut, or longer than any snapshot")
    return inflated
