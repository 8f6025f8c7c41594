"""OpenCover's XML: OpenCover, coverlet (`--format opencover`), AltCover.

Producer: https://github.com/OpenCover/opencover/tree/master/main/OpenCover.Framework/Model
coverlet: https://github.com/coverlet-coverage/coverlet/blob/master/Documentation/GlobalTool.md

A sequence point is a statement, from line `sl` to line `el`. Each of its lines counts, and
was hit when one sequence point on it was visited; the tool's own percentage is over
sequence points. A branch point is one way out of a condition, and is told apart from the
others by its method, offset and path. The points of a method that OpenCover counts as a
"branch" for being entered are not listed, and so are not branches here. A point names its
file by `fileid`, or else is in the file that the method refers to; what names a file that
is not declared is left out, as such code has no source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.formats._attributes import HIDDEN_LINES, Spans, count, refuse_sums, span
from worker.core.formats._base import Format, Parsed
from worker.core.formats._build import ReportBuilder
from worker.core.formats._xml import opening, read_xml

if TYPE_CHECKING:
    from worker.core.model import Report

__all__ = ["FORMAT"]

_Arm = tuple[str, int, int, int]
"""The branch's method, offset, path and the offset it leads to."""


def _sniff(head: bytes) -> bool:
    start = opening(head)
    return start is not None and start.root == "CoverageSession"


def _parse(data: bytes) -> Parsed:
    reader = _Reader()
    read_xml(
        data,
        starts={
            "Summary": reader.summary,
            "File": reader.declare_file,
            "Method": reader.start_method,
            "FileRef": reader.refer_to_file,
            "SequencePoint": reader.sequence_point,
            "BranchPoint": reader.branch_point,
        },
        ends={"Method": reader.end_method},
        texts={"Name": reader.name},
    )
    refuse_sums(
        reader.claimed,
        reader.seen,
        "let the tool write <SequencePoint> elements (a build with PDB files), too",
    )
    return Parsed(reader.build())


class _File:
    __slots__ = ("arms", "functions", "hit", "measured")

    def __init__(self) -> None:
        self.measured = Spans()
        self.hit = Spans()
        self.arms: dict[int, dict[_Arm, int]] = {}
        self.functions: list[tuple[int, str, int, int]] = []


class _Reader:
    __slots__ = (
        "_default",
        "_extent",
        "_file",
        "_files",
        "_hits",
        "_method",
        "_paths",
        "claimed",
        "seen",
    )

    def __init__(self) -> None:
        self.claimed = 0
        self.seen = False
        self._paths: dict[str, str] = {}
        self._files: dict[str, _File] = {}
        self._default = ""
        self._file: _File | None = None
        self._method = ""
        self._extent: tuple[int, int] | None = None
        self._hits = 0

    def summary(self, attributes: dict[str, str]) -> None:
        self.claimed = max(self.claimed, count(attributes, "numSequencePoints", "0"))

    def declare_file(self, attributes: dict[str, str]) -> None:
        self._paths[attributes["uid"]] = attributes["fullPath"]

    def start_method(self, _: dict[str, str]) -> None:
        self._default = self._method = ""
        self._file = None
        self._extent = None
        self._hits = 0

    def name(self, text: str) -> None:
        self._method = text.strip()

    def refer_to_file(self, attributes: dict[str, str]) -> None:
        self._default = attributes["uid"]

    def sequence_point(self, attributes: dict[str, str]) -> None:
        self.seen = True
        file = self._find(attributes)
        first = count(attributes, "sl")
        if file is None or first in HIDDEN_LINES:
            return
        lines = span(first, count(attributes, "el", attributes["sl"]))
        visits = count(attributes, "vc")
        file.measured.add(lines)
        if visits:
            file.hit.add(lines)
        self._file = file
        extent = self._extent or lines
        self._extent = min(extent[0], lines[0]), max(extent[1], lines[1])
        self._hits = max(self._hits, visits)

    def branch_point(self, attributes: dict[str, str]) -> None:
        file = self._find(attributes)
        if file is None or "sl" not in attributes:  # OpenCover before 4.5.3 wrote no line
            return
        line = count(attributes, "sl")
        if line in HIDDEN_LINES:
            return
        offset, path = count(attributes, "offset", "0"), count(attributes, "path", "0")
        arm = (self._method, offset, path, count(attributes, "offsetend", "0"))
        arms = file.arms.setdefault(span(line, line)[0], {})
        arms[arm] = max(arms.get(arm, 0), count(attributes, "vc"))

    def end_method(self) -> None:
        if self._file is not None and self._extent is not None and self._method:
            first, last = self._extent
            self._file.functions.append((first, self._method, self._hits, last))

    def build(self) -> Report:
        """Return the report."""
        report = ReportBuilder("opencover")
        for path, file in self._files.items():
            builder = report.file(path)
            builder.add_bitmaps(file.measured.bitmap(), file.hit.bitmap())
            for line, arms in file.arms.items():
                builder.add_arms(line, [arms[arm] for arm in sorted(arms)])
            for line, name, hits, end in file.functions:
                builder.add_function(line, name, hits, end)
        return report.build()

    def _find(self, attributes: dict[str, str]) -> _File | None:
        path = self._paths.get(attributes.get("fileid", self._default))
        if path is None:
            return None
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = _File()
        return file


FORMAT = Format("opencover", _sniff, _parse)
