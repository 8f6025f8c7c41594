"""What is judged, and what was found: values that gates read and make."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from worker.core.config import DEFAULT_CONFIG, Config
from worker.core.diff import EMPTY_DIFF
from worker.core.elsewhere import NOTHING_ELSEWHERE, Elsewhere, Side
from worker.core.flapping import NO_FLAPPING, Flapping
from worker.core.junit import NO_TESTS, TestRun
from worker.core.material import NO_MATERIAL, Material
from worker.core.names import matches_any
from worker.core.numbers import Ratio
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from worker.core.diff import Diff
    from worker.core.insight import Insight
    from worker.core.model import Report
    from worker.core.novelty import UnmeasuredFile
    from worker.core.refs import Sha

__all__ = [
    "Baseline",
    "CarriedFlag",
    "Evidence",
    "GateResult",
    "Inputs",
    "NewCode",
    "NewCodeFile",
    "Outcome",
    "Verdict",
]


@dataclass(frozen=True, slots=True)
class NewCodeFile:
    """The measured lines that the change adds to one file.

    All bitmaps are of line numbers at the head. `covered`, `missed` and `partial ⊆ covered`
    are of the lines that the gate counts; `added_covered` and `added_missed` are of all that
    the reports measured among the added lines, as diff-cover counts them. Covered and missed
    have no line in common, neither have `moved` and `touched`.
    """

    path: str
    covered: int
    missed: int
    partial: int
    functions: tuple[str, ...] = ()
    """Names of the functions that a missed line stands in, where the report tells."""
    added_covered: int = 0
    added_missed: int = 0
    moved: int = 0
    """Those of the added lines that the change deletes as a block elsewhere."""
    touched: int = 0
    """Those that were only re-indented or re-wrapped, and not covered at the base."""
    lost: int = 0
    """Those of the moved lines that were covered where they were, and are not now."""
    moved_from: tuple[str, ...] = ()
    """The files that lines moved from, by their paths at the base, sorted."""

    @property
    def lines(self) -> Ratio:
        """Covered of the lines that the gate counts."""
        return _ratio(self.covered, self.missed)

    @property
    def added(self) -> Ratio:
        """Covered of all measured lines that the change adds."""
        return self.within(-1)

    def within(self, lines: int) -> Ratio:
        """Return the same over those of the lines that are in a bitmap."""
        return _ratio(self.added_covered & lines, self.added_missed & lines)


@dataclass(frozen=True, slots=True)
class NewCode:
    """The new code of a change, by file, sorted by path; files without a counted line left out.

    A file with moved or touched lines alone is in it, too.
    """

    files: tuple[NewCodeFile, ...] = ()
    unmeasured: tuple[UnmeasuredFile, ...] = ()
    """Changed source files that no report mentions, sorted by path, unless they are ignored."""

    @property
    def lines(self) -> Ratio:
        """Covered of the lines that the gate counts, over all files."""
        return sum((file.lines for file in self.files), Ratio())

    @property
    def added(self) -> Ratio:
        """Covered of all measured lines that the change adds."""
        return sum((file.added for file in self.files), Ratio())

    @property
    def moved(self) -> Ratio:
        """Covered of the lines that moved."""
        return sum((file.within(file.moved) for file in self.files), Ratio())

    @property
    def touched(self) -> Ratio:
        """Covered, by now, of the lines that were only re-indented or re-wrapped."""
        return sum((file.within(file.touched) for file in self.files), Ratio())

    @property
    def lost(self) -> int:
        """How many lines moved and lost the coverage that they had."""
        return sum(file.lost.bit_count() for file in self.files)


def _ratio(covered: int, missed: int) -> Ratio:
    count = covered.bit_count()
    return Ratio(count, count + missed.bit_count())


@dataclass(frozen=True, slots=True, order=True)
class CarriedFlag:
    """A flag whose tests did not run, and the commit whose report of it stands in."""

    flag: str
    commit: Sha
    """Where these tests really ran: what was carried is never carried on."""
    distance: int
    """How many first-parent commits it lies before the merge base."""
    days: int
    """How many whole days ago that was recorded."""


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
    since: Diff | None = EMPTY_DIFF
    """What changed from `commit` to the merge base; None where that is not known."""
    same_tree_as: Sha | None = None
    """Where `commit` lies elsewhere: the commit of the branch with the very same files."""
    days: int = 0
    """How many whole days ago it was recorded."""
    artifacts: tuple[str, ...] = ()
    """Names of the artifacts that its reports came in; empty where they are not known."""
    carried: tuple[CarriedFlag, ...] = ()
    """The flags in it that were carried forward, sorted."""

    @property
    def side(self) -> Side:
        """What ran for it."""
        return Side(self.report, self.flags, self.tests, self.artifacts)


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
    suites: Mapping[str, TestRun] = field(default_factory=lambda: MappingProxyType({}))
    """The same by the flag of the reports that they came with; "" is those without a flag."""
    best: Ratio | None = None
    """The highest coverage ever recorded for the base branch, where that is known."""
    run_failed: bool = False
    """Whether a run failed but left reports: its totals are not to be believed."""
    incomplete: bool = False
    """Whether a report could not be read: the totals may be of a part of the tests."""
    artifacts: tuple[str, ...] = ()
    """Names of the artifacts that the reports came in; empty where they are not known."""
    carried: tuple[CarriedFlag, ...] = ()
    """The flags in it that were carried forward, sorted."""
    flapping: Flapping = NO_FLAPPING
    """The lines that are known to flap."""
    material: Material = NO_MATERIAL
    """What analyses of the tests read beside reports and diff."""

    @property
    def side(self) -> Side:
        """What ran for the tested commit."""
        return Side(self.report, self.flags, self.tests, self.artifacts)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that gates may look at: the inputs counted as configured, and what follows."""

    inputs: Inputs
    """As found, but `report`, `flags` and the baseline's are counted as configured."""
    new_code: NewCode
    elsewhere: Elsewhere = NOTHING_ELSEWHERE
    """What flipped outside the diff; nothing where there is no baseline."""
    memo: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What several analyses count alike, and only the first of them has to."""

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

    def doubt(self, flag: str | None = None) -> str:
        """Return why totals, or those of one flag, are not to be believed; empty where they are."""
        if self.inputs.incomplete:
            return "a report could not be read, so the total may be of a part of the tests"
        if self.inputs.run_failed:
            return "CI failed, so the total may be of a part of the tests"
        if flag is None and (self.missing_flags or self.missing_reports):
            return "some of the tests left no report, so the total is of a part of them"
        return ""

    @property
    def missing_flags(self) -> tuple[str, ...]:
        """The flags of the baseline, still configured, that no report has and none stands in for.

        Their tests did not run, so the totals are of a part of the tests.
        """
        configured = {source.flag for source in self.config.reports if source.flag}
        known = self.baseline.flags.keys() if self.baseline is not None else ()
        return tuple(sorted(set(known) & configured - self.inputs.flags.keys()))

    @property
    def missing_reports(self) -> tuple[str, ...]:
        """The artifacts of the baseline that are not there, where the others all are.

        Those of flags that were carried forward are not missed.
        """
        if self.baseline is None:
            return ()
        sources = self.config.reports
        carried = {flag.flag for flag in self.inputs.carried}
        return tuple(
            name
            for name in self.inputs.side.lacks(self.baseline.side)
            if next((s.flag for s in sources if matches_any((s.artifact,), name)), None)
            not in carried
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """All gates' results over the evidence they were made from, and what was noticed beside."""

    evidence: Evidence
    results: tuple[GateResult, ...]
    look: Callable[[Evidence], tuple[Insight, ...]] = lambda _evidence: ()

    @property
    def insights(self) -> tuple[Insight, ...]:
        """What the analyses of the tests found: made when somebody asks for it."""
        return self.look(self.evidence)

    @property
    def outcome(self) -> Outcome:
        """Fail where a blocking gate fails; neutral never changes it."""
        if any(result.blocks for result in self.results):
            return Outcome.FAIL
        return Outcome.PASS

    def result(self, gate: str, subject: str = "") -> GateResult | None:
        """Return the result of a gate by its name, of the whole project or of a subject."""
        asked = (gate, subject)
        return next((one for one in self.results if (one.gate, one.subject) == asked), None)
