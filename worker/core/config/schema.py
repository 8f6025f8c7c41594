"""The shape of `.github/covgate.yml`, as pydantic models and as JSON Schema."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from worker.core.config.values import (
    Config,
    NewCodeRule,
    Partial,
    RegressionRule,
    ReportSource,
)
from worker.core.config.yaml import Number

__all__ = ["ConfigModel", "config_schema"]

_DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?")
_MAX_DIGITS = 30
_MAX_TEXT = 500
_MAX_ITEMS = 200


def _hundred(value: object) -> Fraction:
    """Return a number from 0 to 100, exactly as written."""
    if not isinstance(value, Number):
        raise PydanticCustomError("number", "must be a number such as 60 or 60.5")
    if len(value.text) > _MAX_DIGITS or not _DECIMAL.fullmatch(value.text):
        raise PydanticCustomError("number", "must be a plain number such as 60 or 60.5")
    number = Fraction(value.text)
    if not 0 <= number <= 100:
        raise PydanticCustomError("range", "must be from 0 to 100")
    return number


def _one(value: object) -> int:
    if value != Number("1"):
        raise PydanticCustomError("version", "must be 1, the only version there is")
    return 1


def _text(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("empty", "must not be empty")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        raise PydanticCustomError("control", "must not have control characters")
    return value


_Hundred = Annotated[
    Fraction,
    PlainValidator(_hundred),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100}),
]
_One = Annotated[int, PlainValidator(_one), WithJsonSchema({"const": 1})]
_Text = Annotated[str, AfterValidator(_text), Field(min_length=1, max_length=_MAX_TEXT)]
_Globs = Annotated[tuple[_Text, ...], Field(max_length=_MAX_ITEMS)]
_SomeGlobs = Annotated[tuple[_Text, ...], Field(min_length=1, max_length=_MAX_ITEMS)]


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default")  # the empty text, which stands for none


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReportModel(_Model):
    """Where coverage reports are found."""

    model_config = ConfigDict(title="Report source")

    artifact: _Text = Field(
        description="Glob on the names of the artifacts that the workflow runs upload."
    )
    files: _SomeGlobs = Field(
        default=("**",),
        description="Globs on the paths inside the artifact. A file's format is recognised "
        "by its content; files that are no coverage report are passed over.",
    )
    flag: _Text = Field(
        default="",
        json_schema_extra=_without_default,
        description="The type of tests that these reports come from, such as `unit`.",
    )

    def value(self) -> ReportSource:
        return ReportSource(self.artifact, self.files, self.flag or None)


class NewCodeModel(_Model):
    """The gate on the lines that a pull request adds or changes."""

    model_config = ConfigDict(title="Gate on new code")

    minimum: _Hundred = Field(
        default_factory=lambda: NewCodeRule().minimum,
        json_schema_extra={"default": 60},
        description="Per cent of the new code's measured lines that must be covered.",
    )
    blocking: StrictBool = Field(
        default=True, description="Whether a failure of this gate fails the check."
    )


class RegressionModel(_Model):
    """The gate on the whole project's coverage against the baseline."""

    model_config = ConfigDict(title="Gate on regression")

    maximum: _Hundred = Field(
        default_factory=lambda: RegressionRule().maximum,
        json_schema_extra={"default": 2},
        description="Percentage points that the project's coverage may fall.",
    )
    blocking: StrictBool = Field(
        default=True, description="Whether a failure of this gate fails the check."
    )


class GatesModel(_Model):
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


class ConfigModel(_Model):
    """The configuration of Covgate in a repository."""

    model_config = ConfigDict(title="Covgate configuration")

    version: _One = Field(default=1, description="The version of this file's format.")
    reports: Annotated[tuple[ReportModel, ...], Field(min_length=1, max_length=_MAX_ITEMS)] = Field(
        default=(ReportModel(artifact="coverage*"),),
        json_schema_extra={"default": [{"artifact": "coverage*", "files": ["**"]}]},
        description="Where coverage reports are found.",
    )
    workflows: _SomeGlobs = Field(
        default=("*",),
        description="Globs on the names of workflows. The verdict is given when every run of "
        "these on the head commit has ended.",
    )
    gates: GatesModel = Field(
        default_factory=GatesModel, description="By what the pull request is judged."
    )
    ignore: _Globs = Field(
        default=(), description="Globs on paths whose coverage is not looked at."
    )
    partial: Partial = Field(
        default=Partial.COVERED,
        description="What a line counts as when it was run and some branch on it was not taken.",
    )

    def value(self) -> Config:
        """Return the same configuration as the core's value."""
        new_code, regression = self.gates.new_code, self.gates.regression
        return Config(
            reports=tuple(report.value() for report in self.reports),
            workflows=self.workflows,
            new_code=NewCodeRule(new_code.minimum, new_code.blocking),
            regression=RegressionRule(regression.maximum, regression.blocking),
            ignore=self.ignore,
            partial=self.partial,
        )


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of `.github/covgate.yml`, for editors.

    https://json-schema.org/draft/2020-12
    """
    schema = ConfigModel.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
