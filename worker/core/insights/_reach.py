"""Which lines real tests reach, which mocked ones only, and which no test that asserts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.insights._contexts import IMPORTED, UNKNOWN, Reach, contexts_of
from worker.core.insights._parts import remember
from worker.core.insights._ran import inside_of
from worker.core.numbers import Ratio
from worker.core.static import Language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from worker.core.insights._contexts import Context
    from worker.core.model import FileCoverage
    from worker.core.static import FileFacts
    from worker.core.verdict import Evidence

__all__ = ["Counts", "Reached", "add_up", "reached_by_path", "reached_in"]


@dataclass(frozen=True, slots=True)
class Reached:
    """The measured lines of a file by the best that runs them: bitmaps, no line in two of them.

    `imported` are covered lines outside of functions, which run on import. `unknown` are those that
    a test ran which was not found, and those inside of functions of which the report names no
    test: a run without contexts may be merged into it.
    """

    path: str
    real: int = 0
    mocked: int = 0
    silent: int = 0
    imported: int = 0
    unknown: int = 0
    missed: int = 0

    @property
    def hollow(self) -> int:
        """The lines that only mocked tests reach, or such as assert nothing."""
        return self.mocked | self.silent

    def within(self, lines: int) -> Reached:
        """Return the same of those lines alone that are in a bitmap."""
        return Reached(
            self.path,
            self.real & lines,
            self.mocked & lines,
            self.silent & lines,
            self.imported & lines,
            self.unknown & lines,
            self.missed & lines,
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """How many lines are reached by what."""

    real: int = 0
    mocked: int = 0
    silent: int = 0
    imported: int = 0
    unknown: int = 0
    missed: int = 0

    @property
    def hollow(self) -> int:
        """Lines that only mocked tests reach, or such as assert nothing."""
        return self.mocked + self.silent

    @property
    def covered(self) -> int:
        """All lines that were run."""
        return self.real + self.hollow + self.imported + self.unknown

    @property
    def share(self) -> Ratio:
        """Lines that real tests reach, of all measured ones that any test could prove.

        A line that runs on import alone is none of these: an `import`, a `def`, a constant.
        """
        return Ratio(self.real, self.real + self.hollow + self.unknown + self.missed)

    @property
    def possible(self) -> Ratio:
        """The same, if all lines whose tests are not known were reached by real ones."""
        share = self.share
        return Ratio(share.covered + self.unknown, share.total)


def reached_by_path(evidence: Evidence) -> Mapping[str, Reached]:
    """Return what reaches the lines of the report's files, by path."""
    return remember(evidence, "reached", lambda known: reached_in(known, known.report))


def reached_in(evidence: Evidence, files: Iterable[FileCoverage]) -> Mapping[str, Reached]:
    """Return what reaches the lines of files of the evidence's report, or of one of its flags."""
    contexts, facts = contexts_of(evidence), evidence.inputs.material.facts
    return {
        file.path: _reached(file, contexts, facts.get(file.path)) for file in files if file.measured
    }


def _reached(
    file: FileCoverage, contexts: Mapping[str, Context], facts: FileFacts | None
) -> Reached:
    lines = dict.fromkeys(Reach, 0)
    for name, hit in file.contexts:
        lines[contexts.get(name, UNKNOWN if name else IMPORTED).reach] |= hit
    outside = ~inside_of(facts) if facts is not None else 0
    # Whoever imports a module first has its lines in his context: that proves nothing of them,
    # and changes with the order of the tests. Patterns do not find every function.
    exact = facts is not None and facts.language is Language.PYTHON and not facts.partial
    left = file.hit & ~outside if exact else file.hit
    found = {}
    for reach in (Reach.REAL, Reach.UNKNOWN, Reach.MOCKED, Reach.SILENT):
        found[reach] = left & lines[reach]
        left &= ~found[reach]
    # In other languages nothing may run on import, and without contexts nothing tells.
    imported = (file.hit if exact else left if file.contexts else 0) & outside
    return Reached(
        file.path,
        found[Reach.REAL],
        found[Reach.MOCKED],
        found[Reach.SILENT],
        imported,
        found[Reach.UNKNOWN] | left & ~imported,
        file.missed,
    )


def add_up(files: Iterable[Reached]) -> Counts:
    """Return the lines of several files by what reaches them."""
    total = [0] * 6
    for one in files:
        for at, lines in enumerate(
            (one.real, one.mocked, one.silent, one.imported, one.unknown, one.missed)
        ):
            total[at] += lines.bit_count()
    return Counts(*total)
