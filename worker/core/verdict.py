"""What is judged, and what was found: values that gates read and make."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.core.config import DEFAULT_CONFIG, Config
from worker.core.junit import NO_TESTS, TestRun
from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.core.diff import Diff
    from worker.core.model import Report
    from worker.core.refs import Sha

__all__ = [
    "Baseline",
    "Evidence",
    "GateResult",
    "Inputs",
    "NewCode",
    "NewCodeFile",
    "Outcome",
    "Verdict",
]


class Outcome(StrEnum):
    """How a gate decided."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NEUTRAL = "neutral"
    """It could not or need not be judged; the summary says why."""


@dataclass(frozen=True, slots=True)
class NewCodeFile:
    """The measured lines that the change adds to one file.

    All bitmaps are of line numbers at the head; `partial ⊆ covered`, and `covered` and
    `missed` have no line in common.
    """

    path: str
    covered: int
    missed: int
    partial: int
    functions: tuple[str, ...] = ()
    """Names of the functions that a missed line stands in, where the report tells."""

    @property
    def lines(self) -> Ratio:
        """Covered of measured new lines."""
        covered = self.covered.bit_count()
        return Ratio(covered, covered + self.missed.bit_count())


@dataclass(frozen=True, slots=True)
class NewCode:
    """The new code of a change, by file, sorted by path; files without measured lines left out."""

    files: tuple[NewCodeFile, ...] = ()

    @property
    def lines(self) -> Ratio:
        """Covered of measured new lines, over all files."""
        return sum((file.lines for file in self.files), Ratio())


@dataclass(frozen=True, slots=True)
class Baseline:
    """The report that the change is compared with."""

    commit: Sha
    distance: int
    """How many commits it lies before the merge base; 0 is the merge base itself."""
    report: Report
    flags: Mapping[str, Report] = field(default_factory=lambda: MappingProxyType({}))
    """The same by flag, for the reports that have one."""
    tests: TestRun = NO_TESTS
    """The tests that ran for it, where their reports were uploaded."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a verdict is made from, as it was found: nothing is counted yet.

    The same inputs give the same verdict, byte for byte (`worker.core.analysis.analyze`).
    All paths are the repository's, all line numbers of the report and the diff's new side
    are those of the tested commit.
    """

    report: Report
    """The merged report of the tested commit."""
    diff: Diff
    """From the commit that the tested one is compared with."""
    config: Config = DEFAULT_CONFIG
    baseline: Baseline | None = None
    no_baseline: str = ""
    """Why there is no baseline, where there is none."""
    flags: Mapping[str, Report] = field(default_factory=lambda: MappingProxyType({}))
    """The report by flag, for the reports that have one; merged, they are part of `report`."""
    tests: TestRun = NO_TESTS
    """The tests that ran, where their reports were uploaded."""
    run_failed: bool = False
    """Whether a run failed but left reports: its totals are not to be believed."""
    incomplete: bool = False
    """Whether a report could not be read: the totals may be of a part of the tests."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that gates may look at: the inputs counted as configured, and what follows."""

    inputs: Inputs
    """As found, but `report`, `flags` and the baseline's are counted as configured."""
    new_code: NewCode

    @property
    def report(self) -> Report:
        """The merged report of the tested commit."""
        return self.inputs.report

    @property
    def diff(self) -> Diff:
        """What the change adds and removes."""
        return self.inputs.diff

    @property
    def baseline(self) -> Baseline | None:
        """What the change is compared with."""
        return self.inputs.baseline

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self.inputs.config


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate's verdict. `actual` and `required` are texts for one cell of a table each."""

    gate: str
    outcome: Outcome
    summary: str
    actual: str
    required: str
    blocking: bool = True

    @property
    def blocks(self) -> bool:
        """Whether this result fails the check."""
        return self.blocking and self.outcome is Outcome.FAIL


@dataclass(frozen=True, slots=True)
class Verdict:
    """All gates' results over the evidence they were made from."""

    evidence: Evidence
    results: tuple[GateResult, ...]

    @property
    def outcome(self) -> Outcome:
        """Fail where a blocking gate fails; neutral never changes it."""
        if any(result.blocks for result in self.results):
            return Outcome.FAIL
        return Outcome.PASS

    def result(self, gate: str) -> GateResult | None:
        """Return the result of a gate by its name."""
        return next((result for result in self.results if result.gate == gate), None)
