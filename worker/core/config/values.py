"""What a repository may decide, as frozen values with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from worker.core.config.feature_rules import ErrorPathsRule, FallbacksRule, Feature
from worker.core.config.gap_rules import GoalsRule, Priority, RiskRule
from worker.core.config.test_rules import TestsRule

if TYPE_CHECKING:
    from worker.core.config.flow_rules import Flow, PointPattern
    from worker.core.paths import PathFix

__all__ = [
    "DEFAULT_CONFIG",
    "BranchesRule",
    "CarryForward",
    "CheckAs",
    "CommandsRule",
    "CommentRule",
    "CommentWhen",
    "Config",
    "CriticalPath",
    "FlagRules",
    "FunctionsRule",
    "LineClass",
    "NewCodeRule",
    "OnUnmeasured",
    "Package",
    "Partial",
    "ProjectRule",
    "RegressionRule",
    "ReportSource",
]


class Partial(StrEnum):
    """What a partial line counts as."""

    COVERED = "covered"
    MISSED = "missed"


class LineClass(StrEnum):
    """What an added line is."""

    NEW = "new"
    MOVED = "moved"
    TOUCHED = "touched"


class OnUnmeasured(StrEnum):
    """What is done about changed source files that no report mentions."""

    WARN = "warn"
    COUNT = "count"
    IGNORE = "ignore"


class CheckAs(StrEnum):
    """What a verdict is told by on GitHub; the check run is always there."""

    CHECK = "check"
    STATUS = "status"
    BOTH = "both"


class CommentWhen(StrEnum):
    """When the pull request's comment is made."""

    ALWAYS = "always"
    PROBLEMS = "problems"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class CommentRule:
    """The one comment: when it is made, and how much of it is open where all is well."""

    post: CommentWhen = CommentWhen.ALWAYS
    folded: bool = False
    """Whether a verdict that asks for nothing shows one line, and the rest in a fold."""


@dataclass(frozen=True, slots=True)
class CarryForward:
    """How old a flag's report may be that stands in where its tests did not run."""

    commits: int = 50
    """First-parent commits before the merge base."""
    days: int = 14


@dataclass(frozen=True, slots=True)
class ReportSource:
    """Where coverage reports are: globs on artifacts' names and on the paths inside them."""

    artifact: str
    files: tuple[str, ...] = ("**",)
    flag: str | None = None
    carry_forward: CarryForward | None = None


@dataclass(frozen=True, slots=True)
class NewCodeRule:
    """The new code's coverage must be at least `minimum` per cent."""

    minimum: Fraction = Fraction(60)
    blocking: bool = True
    count: tuple[LineClass, ...] = (LineClass.NEW,)
    """The classes of added lines that are counted."""
    unmeasured: OnUnmeasured = OnUnmeasured.WARN
    ignore_under: int = 0
    """A change that adds fewer counted lines than this is not judged."""


@dataclass(frozen=True, slots=True)
class RegressionRule:
    """The project's coverage may fall by at most `maximum` percentage points."""

    maximum: Fraction = Fraction(2)
    blocking: bool = True
    adjust: bool = False
    """Whether lines that the change deletes are taken off the baseline where that helps."""
    noise: Fraction = Fraction(1, 2)
    """Up to how many points are forgiven for lines that are known to flap."""


@dataclass(frozen=True, slots=True)
class ProjectRule:
    """The whole project's coverage: a floor, an aim, and a mark that only rises."""

    minimum: Fraction | None = None
    target: Fraction | None = None
    """Shown with the way that is left; it judges nothing."""
    ratchet: bool = False
    """Whether the highest percentage ever recorded for the branch is a floor."""
    tolerance: Fraction = Fraction(0)
    """So many points below that mark still pass."""
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class BranchesRule:
    """Per cent of the branches that must be taken: of all, and of those on new lines."""

    minimum: Fraction | None = None
    new_code: Fraction | None = None
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class FunctionsRule:
    """Per cent of the functions that must be called."""

    minimum: Fraction | None = None
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class FlagRules:
    """The same gates on the reports of one flag alone."""

    name: str
    project: ProjectRule | None = None
    new_code: NewCodeRule | None = None
    regression: RegressionRule | None = None
    branches: BranchesRule | None = None
    functions: FunctionsRule | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """A set of paths with its own floor and aim, by all reports or those of one flag."""

    name: str
    paths: tuple[str, ...]
    minimum: Fraction | None = None
    target: Fraction | None = None
    flag: str | None = None
    blocking: bool = True
    priority: Priority = Priority.MEDIUM
    """How much depends on it: what its files' gaps are ranked by."""
    real: Fraction | None = None
    """Per cent of its lines that real tests must reach."""


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """A set of paths whose coverage may not fall at all."""

    name: str
    paths: tuple[str, ...]
    minimum: Fraction | None = None
    flag: str | None = None
    blocking: bool = True
    real: Fraction | None = None
    """Per cent of its lines that real tests must reach."""


@dataclass(frozen=True, slots=True)
class CommandsRule:
    """Who may give which slash-command.

    Who: a role or a higher one (`read`, `triage`, `write`, `maintain`, `admin`), `author`
    (of the pull request), a team ("@org/slug") or a person ("@login").
    """

    prefix: str = ""
    """Another word that commands may begin with, such as "/cov"; empty for none."""
    allow: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """By command, sorted; a command that is not named has its own default."""
    allow_author: bool = False
    """Whether the author of a pull request may override it, too, if his role allows it."""

    def allowed(self, command: str) -> tuple[str, ...] | None:
        """Return who may give a command; None where the repository does not say."""
        return dict(self.allow).get(command)


@dataclass(frozen=True, slots=True)
class Config:
    """All that a repository may decide, with the defaults of a repository that is silent."""

    reports: tuple[ReportSource, ...] = (ReportSource("coverage*"),)
    workflows: tuple[str, ...] = ("*",)
    new_code: NewCodeRule = NewCodeRule()
    regression: RegressionRule = RegressionRule()
    project: ProjectRule = ProjectRule()
    branches: BranchesRule = BranchesRule()
    functions: FunctionsRule = FunctionsRule()
    flags: tuple[FlagRules, ...] = ()
    """By flag, sorted by name."""
    packages: tuple[Package, ...] = ()
    critical: tuple[CriticalPath, ...] = ()
    check_as: CheckAs = CheckAs.CHECK
    annotations: int = 0
    """How many remarks stand beside the lines of the diff at most."""
    comment: CommentRule = field(default_factory=CommentRule)
    ignore: tuple[str, ...] = ()
    path_fixes: tuple[PathFix, ...] = ()
    partial: Partial = Partial.COVERED
    commands: CommandsRule = CommandsRule()
    risk: RiskRule = field(default_factory=RiskRule)
    under_tested: Fraction = Fraction(80)
    """Files with less coverage, in per cent, are listed as under-tested."""
    strengths: Fraction = Fraction(90)
    """Files and packages with more coverage, in per cent, are listed as strengths."""
    goals: GoalsRule = field(default_factory=GoalsRule)
    tests: TestsRule = field(default_factory=TestsRule)
    features: tuple[Feature, ...] = ()
    error_paths: ErrorPathsRule = field(default_factory=ErrorPathsRule)
    fallbacks: FallbacksRule = field(default_factory=FallbacksRule)
    points: tuple[PointPattern, ...] = ()
    flows: tuple[Flow, ...] = ()
    identifiers: tuple[str, ...] | None = None
    """What ids that are looked for begin with; None: those of documents that look like some."""
    present: bool = True
    """False where the repository has no such file."""


DEFAULT_CONFIG = Config(present=False)
