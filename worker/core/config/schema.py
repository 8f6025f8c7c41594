"""The shape of `.github/covgate.yml`, as pydantic models and as JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StrictBool
from pydantic_core import PydanticCustomError

from worker.core.config.commands import CommandsModel
from worker.core.config.features import ErrorPathsModel, FallbacksModel, FeatureModel
from worker.core.config.fields import (
    MAX_ITEMS,
    Globs,
    Hundred,
    Lines,
    Model,
    One,
    SomeGlobs,
)
from worker.core.config.flows import FlowModel, PointModel, Prefixes
from worker.core.config.gaps import GoalsModel, RiskModel, StrengthsModel, UnderTestedModel
from worker.core.config.gates import (
    BranchesModel,
    CriticalModel,
    FloorModel,
    FunctionsModel,
    PackageModel,
    ProjectModel,
    without_default,
)
from worker.core.config.sources import PathFixModel, ReportModel
from worker.core.config.telling import CheckModel, CommentModel
from worker.core.config.tests import TestsModel
from worker.core.config.values import (
    Config,
    FlagRules,
    LineClass,
    NewCodeRule,
    OnUnmeasured,
    Partial,
    RegressionRule,
)

__all__ = ["ConfigModel", "config_schema"]


def _classes(count: tuple[LineClass, ...]) -> tuple[LineClass, ...]:
    if LineClass.NEW not in count:
        raise PydanticCustomError(
            "classes", "must have `new` among its entries; `moved` and `touched` may be added"
        )
    return tuple(line_class for line_class in LineClass if line_class in count)


class FlagNewCodeModel(Model):
    """The gate on the lines that a pull request adds or changes, by the reports of one flag."""

    model_config = ConfigDict(title="Gate on new code by flag")

    minimum: Hundred = Field(
        default_factory=lambda: NewCodeRule().minimum,
        json_schema_extra={"default": 60},
        description="Per cent of the new code's measured lines that must be covered.",
    )
    blocking: StrictBool = Field(
        default=True, description="Whether a failure of this gate fails the check."
    )

    ignore_under: Lines = Field(
        default=0,
        description="A change that adds fewer counted lines than this is not judged.",
    )

    def value(self) -> NewCodeRule:
        return NewCodeRule(self.minimum, self.blocking, ignore_under=self.ignore_under)


class NewCodeModel(FlagNewCodeModel):
    """The gate on the lines that a pull request adds or changes."""

    model_config = ConfigDict(title="Gate on new code")

    count: Annotated[tuple[LineClass, ...], Field(max_length=3), AfterValidator(_classes)] = Field(
        default=(LineClass.NEW,),
        description="The classes of added lines that are judged: `new`; `moved`, whose block "
        "the change deletes elsewhere; `touched`, only re-indented or re-wrapped and not "
        "covered before. `new` must be among them.",
    )
    unmeasured: OnUnmeasured = Field(
        default=OnUnmeasured.WARN,
        description="What to do about a changed source file that no report mentions: `warn` "
        "names it, `count` takes its added lines of code as uncovered, `ignore` is silent.",
    )

    def value(self) -> NewCodeRule:
        return NewCodeRule(
            self.minimum, self.blocking, self.count, self.unmeasured, self.ignore_under
        )


class RegressionModel(Model):
    """The gate on the whole project's coverage against the baseline."""

    model_config = ConfigDict(title="Gate on regression")

    maximum: Hundred = Field(
        default_factory=lambda: RegressionRule().maximum,
        json_schema_extra={"default": 2},
        description="Percentage points that the project's coverage may fall.",
    )
    adjust: StrictBool = Field(
        default=False,
        description="Whether deleting covered code is no regression: the lines that the pull "
        "request deletes are taken off the baseline, where that makes the loss smaller.",
    )
    noise: Hundred = Field(
        default_factory=lambda: RegressionRule().noise,
        json_schema_extra={"default": 0.5},
        description="Up to how many points are forgiven for lines that are known to flap.",
    )
    blocking: StrictBool = Field(
        default=True, description="Whether a failure of this gate fails the check."
    )

    def value(self) -> RegressionRule:
        return RegressionRule(self.maximum, self.blocking, self.adjust, self.noise)


class FlagModel(Model):
    """The same gates on the reports of one flag alone; those that are not named do not judge."""

    model_config = ConfigDict(title="Gates on a flag")

    project: FloorModel | None = Field(
        default=None,
        json_schema_extra=without_default,
        description="Judges all lines that these reports measure.",
    )
    new_code: FlagNewCodeModel | None = Field(
        default=None,
        json_schema_extra=without_default,
        description="Judges the new lines that these reports measure.",
    )
    regression: RegressionModel | None = Field(
        default=None,
        json_schema_extra=without_default,
        description="Judges these reports against the same flag's in the baseline.",
    )
    branches: BranchesModel | None = Field(
        default=None,
        json_schema_extra=without_default,
        description="Judges the branches that these reports tell of.",
    )
    functions: FunctionsModel | None = Field(
        default=None,
        json_schema_extra=without_default,
        description="Judges the functions that these reports tell of.",
    )

    def value(self, name: str) -> FlagRules:
        return FlagRules(
            name,
            project=self.project.value() if self.project else None,
            new_code=self.new_code.value() if self.new_code else None,
            regression=self.regression.value() if self.regression else None,
            branches=self.branches.value() if self.branches else None,
            functions=self.functions.value() if self.functions else None,
        )


class GatesModel(Model):
    """The rules that decide the check."""

    model_config = ConfigDict(title="Gates")

    new_code: NewCodeModel = Field(
        default_factory=NewCodeModel,
        description="Judges the measured lines that the pull request adds or changes.",
    )
    regression: RegressionModel = Field(
        default_factory=RegressionModel,
        description="Judges the whole project against the baseline.",
    )
    project: ProjectModel = Field(
        default_factory=ProjectModel,
        description="Judges the whole project's coverage by itself.",
    )
    branches: BranchesModel = Field(
        default_factory=BranchesModel,
        description="Judges how many branches were taken.",
    )
    functions: FunctionsModel = Field(
        default_factory=FunctionsModel,
        description="Judges how many functions were called.",
    )
    flags: Annotated[dict[str, FlagModel], Field(max_length=MAX_ITEMS)] = Field(
        default_factory=dict,
        json_schema_extra={"default": {}},
        description="The same gates on the reports of one flag alone, by the flag's name.",
    )


class ConfigModel(Model):
    """The configuration of Covgate in a repository."""

    model_config = ConfigDict(title="Covgate configuration")

    version: One = Field(default=1, description="The version of this file's format.")
    reports: Annotated[tuple[ReportModel, ...], Field(min_length=1, max_length=MAX_ITEMS)] = Field(
        default=(ReportModel(artifact="coverage*"),),
        json_schema_extra={"default": [{"artifact": "coverage*", "files": ["**"]}]},
        description="Where coverage reports are found.",
    )
    workflows: SomeGlobs = Field(
        default=("*",),
        description="Globs on the names of workflows. The verdict is given when every run of "
        "these on the head commit has ended.",
    )
    gates: GatesModel = Field(
        default_factory=GatesModel, description="By what the pull request is judged."
    )
    packages: Annotated[tuple[PackageModel, ...], Field(max_length=MAX_ITEMS)] = Field(
        default=(),
        description="Sets of paths with floors and targets of their own.",
    )
    critical: Annotated[tuple[CriticalModel, ...], Field(max_length=MAX_ITEMS)] = Field(
        default=(),
        description="Sets of paths whose coverage may not fall at all.",
    )
    check: CheckModel = Field(
        default_factory=CheckModel, description="How the verdict is told on GitHub."
    )
    comment: CommentModel = Field(
        default_factory=CommentModel, description="The one comment on the pull request."
    )
    ignore: Globs = Field(default=(), description="Globs on paths whose coverage is not looked at.")
    path_fixes: Annotated[tuple[PathFixModel, ...], Field(max_length=MAX_ITEMS)] = Field(
        default=(),
        description="What the reports' paths are in the repository, where they are not found by "
        "themselves. The first fix that leads to a file counts.",
    )
    partial: Partial = Field(
        default=Partial.COVERED,
        description="What a line counts as when it was run and some branch on it was not taken.",
    )
    commands: CommandsModel = Field(
        default_factory=CommandsModel,
        description="Slash-commands in a pull request's conversation: who may give which.",
    )

    risk: RiskModel = Field(default_factory=RiskModel, description="How files are ranked by risk.")
    under_tested: UnderTestedModel = Field(
        default_factory=UnderTestedModel, description="Which files are called under-tested."
    )
    strengths: StrengthsModel = Field(
        default_factory=StrengthsModel, description="What is called well tested."
    )
    goals: GoalsModel = Field(
        default_factory=GoalsModel,
        description="What packages aim at that have no goal of their own.",
    )
    tests: TestsModel = Field(
        default_factory=TestsModel,
        description="What the tests themselves are held against. It advises unless set to block.",
    )
    features: Annotated[tuple[FeatureModel, ...], Field(max_length=MAX_ITEMS)] = Field(
        default=(),
        description="What the program does, each with its source and its tests.",
    )
    error_paths: ErrorPathsModel = Field(
        default_factory=ErrorPathsModel,
        description="What must be covered of what runs when something goes wrong.",
    )
    fallbacks: FallbacksModel = Field(
        default_factory=FallbacksModel,
        description="What takes a real part's place in the program itself.",
    )
    points: Annotated[tuple[PointModel, ...], Field(max_length=MAX_ITEMS)] = Field(
        default=(),
        description="Calls that lead outside, beside those that Covgate knows by itself.",
    )
    flows: Annotated[tuple[FlowModel, ...], Field(max_length=MAX_ITEMS)] = Field(
        default=(),
        description="What one test has to go through as a whole.",
    )
    identifiers: Prefixes | None = Field(
        default=None,
        json_schema_extra=without_default,
        description="What ids begin with that are matched between documents, source and tests, "
        "such as `SECURITY` for `SECURITY-002`. Left out, the ids of documents that are written "
        "with leading zeros are; an empty list is none.",
    )

    def value(self) -> Config:
        """Return the same configuration as the core's value."""
        gates = self.gates
        return Config(
            reports=tuple(report.value() for report in self.reports),
            workflows=self.workflows,
            new_code=gates.new_code.value(),
            regression=gates.regression.value(),
            project=gates.project.value(),
            branches=gates.branches.value(),
            functions=gates.functions.value(),
            flags=tuple(gates.flags[name].value(name) for name in sorted(gates.flags)),
            packages=tuple(package.value() for package in self.packages),
            critical=tuple(path.value() for path in self.critical),
            check_as=self.check.as_,
            annotations=self.check.annotations,
            comment=self.comment.value(),
            ignore=self.ignore,
            path_fixes=tuple(fix.value() for fix in self.path_fixes),
            partial=self.partial,
            commands=self.commands.value(),
            risk=self.risk.value(),
            under_tested=self.under_tested.below,
            strengths=self.strengths.above,
            goals=self.goals.value(),
            tests=self.tests.value(),
            features=tuple(feature.value() for feature in self.features),
            error_paths=self.error_paths.value(),
            fallbacks=self.fallbacks.value(),
            points=tuple(point.value() for point in self.points),
            flows=tuple(flow.value() for flow in self.flows),
            identifiers=self.identifiers,
        )


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of `.github/covgate.yml`, for editors.

    https://json-schema.org/draft/2020-12
    """
    schema = ConfigModel.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
