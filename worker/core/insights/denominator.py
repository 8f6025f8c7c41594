"""The denominator: tests and their helpers that count as measured code."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from worker.core.insight import Cell, Code, Insight, Place, Points, Table
from worker.core.insights._base import Look
from worker.core.model import Report
from worker.core.numbers import format_count, format_percent
from worker.core.paths import Glob
from worker.core.static import is_test_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from fractions import Fraction

    from worker.core.model import FileCoverage
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "denominator"
_HELPERS = re.compile(
    r"test_?(?:helpers?|support|utils?|kit|tools?|lib|data|harness)|testing_?utils?", re.IGNORECASE
)
_PERHAPS = frozenset({"factories", "fakes", "stubs", "mocks", "mock", "fixtures", "fake", "stub"})
"""Helpers, where no source but them imports them; else parts of the program."""
_NAMES = (
    (re.compile(r"conftest\.py"), "**/conftest.py"),
    (re.compile(r"test_.*\.(?P<end>\w+)"), "**/test_*.{end}"),
    (re.compile(r".*(?P<mark>[._-](?:tests?|spec|cy|stories))\.(?P<end>\w+)"), "**/*{mark}.{end}"),
    (re.compile(r".*[a-z0-9](?P<mark>Tests?|TestCase|Spec|IT)\.(?P<end>\w+)"), "**/*{mark}.{end}"),
)


class _Counted(NamedTuple):
    """A measured file that is no part of the program, and the glob that names it."""

    file: FileCoverage
    what: str
    glob: str


def look(evidence: Evidence) -> Insight | None:
    """Count what tests and helpers add to the percentage; nothing where none is measured."""
    measured = [file for file in evidence.report if file.measured]
    helpers = _helpers(evidence, measured)
    paths = {file.path for file in measured if is_test_path(file.path)} | helpers.keys()
    own = [file for file in measured if file.path not in paths]
    globs = _Globs([file.path for file in own])
    counted = [
        _Counted(
            file,
            "test" if is_test_path(file.path) else "helper",
            helpers.get(file.path) or globs.name(file.path),
        )
        for file in measured
        if file.path in paths
    ]
    if not counted or not own:
        return None
    whole, rest = evidence.report.lines, Report.of(own).lines
    with_, without = format_percent(whole.percent), format_percent(rest.percent)
    files = format_count(len(counted), "file")
    lines = sum(one.file.measured.bit_count() for one in counted)
    return Insight(
        NAME,
        "Denominator",
        f"{files} of tests and helpers with {format_count(lines, 'line')} count as measured code: "
        f"{with_} with them, {without} without",
        (_totals(evidence, own, counted), _to_ignore(counted), _files(counted)),
        relevant=False,
    )


def _totals(evidence: Evidence, own: list[FileCoverage], counted: list[_Counted]) -> Table:
    whole, rest = evidence.report.lines, Report.of(own).lines
    others = Report.of(one.file for one in counted).lines
    rows: list[tuple[Cell, ...]] = [
        ("all that is measured", len(own) + len(counted), whole, None),
        ("tests and helpers", len(counted), others, None),
        ("without them", len(own), rest, _difference(whole.percent, rest.percent)),
    ]
    return Table(("what", "files", "coverage", "difference"), tuple(rows))


def _difference(whole: Fraction | None, rest: Fraction | None) -> Points | None:
    return None if whole is None or rest is None else Points(rest - whole)


def _to_ignore(counted: Iterable[_Counted]) -> Table:
    by_glob: dict[str, list[FileCoverage]] = defaultdict(list)
    for one in counted:
        by_glob[one.glob].append(one.file)
    rows = tuple(
        (Code(f'- "{glob}"'), len(by_glob[glob]), Report.of(by_glob[glob]).lines.total)
        for glob in sorted(by_glob, key=lambda glob: (-len(by_glob[glob]), glob))
    )
    return Table(("entry of ignore", "files", "lines"), rows, "To leave them out")


def _files(counted: Iterable[_Counted]) -> Table:
    ranked = sorted(counted, key=lambda one: (-one.file.lines.total, one.file.path))
    rows = tuple((Place(one.file.path), one.what, one.file.lines) for one in ranked)
    return Table(("file", "what it is", "coverage"), rows, "Files, the largest first")


def _helpers(evidence: Evidence, measured: Iterable[FileCoverage]) -> dict[str, str]:
    """Return the helpers outside of tests' own paths, with the globs that name them."""
    files = [file.path for file in measured if not is_test_path(file.path)]
    certain: dict[str, str] = {}
    perhaps: dict[str, tuple[str, str]] = {}
    for path in files:
        parts = [*path.split("/")[:-1], path.rpartition("/")[2].partition(".")[0]]
        for at, part in enumerate(parts):
            glob = path if at == len(parts) - 1 else f"{'/'.join(parts[: at + 1])}/**"
            if _HELPERS.fullmatch(part):
                certain[path] = glob
                break
            if part.lower() in _PERHAPS:
                perhaps[path] = (glob, part)
                break
    used = _imported(evidence, [path for path in files if path not in {*certain, *perhaps}])
    if used is not None:
        certain.update({path: glob for path, (glob, part) in perhaps.items() if part not in used})
    return certain


def _imported(evidence: Evidence, paths: Iterable[str]) -> set[str] | None:
    """Return all words of what the program itself imports; None where a file was not read."""
    facts = evidence.inputs.material.facts
    words: set[str] = set()
    for path in paths:
        if path not in facts:
            return None
        for name in facts[path].imports:
            words.update(re.findall(r"\w+", name))
    return words


class _Globs:
    """Makes globs for `ignore` that name tests, and none of the program's own files."""

    def __init__(self, own: Collection[str]) -> None:
        self._own = own
        self._known: dict[str, bool] = {}

    def name(self, path: str) -> str:
        """Return the shortest such glob for a test; its own path where there is none."""
        return next((glob for glob in _globs_of(path) if self._is_apart(glob)), path)

    def _is_apart(self, glob: str) -> bool:
        if glob not in self._known:
            matches = Glob(glob).matches
            self._known[glob] = not any(map(matches, self._own))
        return self._known[glob]


def _globs_of(path: str) -> Iterator[str]:
    """Yield the globs that may stand for a test: that of its folder, that of its name."""
    *folders, name = path.split("/")
    for at, folder in enumerate(folders):
        if is_test_path(f"{folder}/x.y"):
            yield f"{'/'.join(folders[: at + 1])}/**"
            break
    for pattern, glob in _NAMES:
        match = pattern.fullmatch(name)
        if match:
            yield glob.format(**match.groupdict())
            break


LOOK = Look(NAME, look)
