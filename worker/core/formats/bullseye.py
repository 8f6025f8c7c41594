"""BullseyeCoverage's XML (C and C++), as `covxml` writes it.

Specification: https://www.bullseye.com/help/ref-covxml.html

Bullseye measures probes, not lines: functions entered, conditions and decisions that were
true and false, switch labels, `try` and `catch`. A line with a probe counts, and was hit
when one probe on it saw anything at all. A condition or decision has two arms, a switch
label and a loop over a range one; `constant` has nothing to measure. So a line that hangs
on no condition is not measured: Bullseye does not say whether it ran.

Folders nest, and their names together with the source's are its path, relative to the
`dir` of the root.
"""

from __future__ import annotations

from worker.core.errors import ReportError
from worker.core.formats._attributes import count, refuse_sums
from worker.core.formats._base import Format, Parsed, quote
from worker.core.formats._build import FileBuilder, ReportBuilder
from worker.core.formats._xml import opening, read_xml

__all__ = ["FORMAT"]

_SEEN = {"none": (0, 0), "true": (1, 0), "false": (0, 1), "full": (1, 1)}
"""An event's name, and whether it was true and was false."""
_TWO_ARMS = frozenset({"condition", "decision"})
_ONE_ARM = frozenset({"switch-label", "for-range-body"})


def _sniff(head: bytes) -> bool:
    start = opening(head)
    return start is not None and start.root == "BullseyeCoverage"


def _parse(data: bytes) -> Parsed:
    reader = _Reader()
    read_xml(
        data,
        starts={
            "BullseyeCoverage": reader.root,
            "folder": reader.start_folder,
            "src": reader.start_source,
            "fn": reader.start_function,
            "probe": reader.probe,
        },
        ends={
            "folder": reader.end_folder,
            "src": reader.end_source,
            "fn": reader.end_function,
        },
    )
    refuse_sums(reader.functions, reader.seen, "let covxml write the <probe> elements, too")
    return Parsed(reader.report.build(), (reader.directory,) if reader.directory else ())


class _Reader:
    __slots__ = (
        "_arms",
        "_file",
        "_folders",
        "_function",
        "_lines",
        "directory",
        "functions",
        "report",
        "seen",
    )

    def __init__(self) -> None:
        self.report = ReportBuilder("bullseye")
        self.directory = ""
        self.functions = 0
        self.seen = False
        self._folders: list[str] = []
        self._file: FileBuilder | None = None
        self._arms: dict[int, list[int]] = {}
        self._function = ""
        self._lines: list[tuple[int, bool]] = []

    def root(self, attributes: dict[str, str]) -> None:
        self.directory = attributes.get("dir", "")
        self.functions = count(attributes, "fn_total", "0")

    def start_folder(self, attributes: dict[str, str]) -> None:
        self._folders.append(attributes["name"])

    def end_folder(self) -> None:
        self._folders.pop()

    def start_source(self, attributes: dict[str, str]) -> None:
        self._file = self.report.file("/".join((*self._folders, attributes["name"])))
        self._arms = {}

    def end_source(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            for line, arms in self._arms.items():
                file.add_arms(line, arms)

    def start_function(self, attributes: dict[str, str]) -> None:
        self._function = attributes.get("name", "")
        self._lines = []

    def probe(self, attributes: dict[str, str]) -> None:
        self.seen = True
        kind, event = attributes["kind"], attributes["event"]
        if event not in _SEEN:
            raise ReportError(
                f"a probe's event is {quote(event)}, which is none of {', '.join(_SEEN)}"
            )
        if kind == "constant":
            return
        line = count(attributes, "line")
        arms = _SEEN[event]
        self._lines.append((line, any(arms)))
        if kind in _TWO_ARMS:
            self._arms.setdefault(line, []).extend(arms)
        elif kind in _ONE_ARM:
            self._arms.setdefault(line, []).append(max(arms))

    def end_function(self) -> None:
        if self._file is None or not self._lines:
            return
        lines = [line for line, _ in self._lines]
        hits = [line for line, hit in self._lines if hit]
        self._file.add_lines(lines, hits)
        if self._function:
            self._file.add_function(min(lines), self._function, int(bool(hits)), max(lines))
        self._lines = []


FORMAT = Format("bullseye", _sniff, _parse)
