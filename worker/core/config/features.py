"""What a program does, and what it must not hide, as pydantic models."""

from __future__ import annotations

from pydantic import ConfigDict, Field, StrictBool

from worker.core.config.feature_rules import ErrorPathsRule, FallbacksRule, Feature
from worker.core.config.fields import Globs, Hundred, Model, Name, SomeGlobs
from worker.core.config.gap_rules import Priority
from worker.core.config.gates import without_default

__all__ = ["ErrorPathsModel", "FallbacksModel", "FeatureModel"]


class FeatureModel(Model):
    """Something that the program does."""

    model_config = ConfigDict(title="Feature")

    name: Name = Field(description="What people call it, unique in this list.")
    source: SomeGlobs = Field(description="Globs on the paths of its source files.")
    tests: Globs = Field(
        default=(),
        description="Globs on the paths of its test files, or on tests as `path::name`. Left "
        "out, its tests are those that coverage contexts name.",
    )
    severity: Priority = Field(
        default=Priority.HIGH,
        description="How bad it is if nothing tests it. Tests that prove too little make the "
        "gap one level milder.",
    )

    def value(self) -> Feature:
        """Return the same as the core's value."""
        return Feature(self.name, self.source, self.tests, self.severity)


class ErrorPathsModel(Model):
    """Lines that run when something goes wrong."""

    model_config = ConfigDict(title="Error paths")

    minimum: Hundred | None = Field(
        default=None,
        json_schema_extra=without_default,
        description="Per cent of the measured lines of error paths that must be covered.",
    )
    blocking: StrictBool = Field(default=True, description="Whether less fails the check.")

    def value(self) -> ErrorPathsRule:
        """Return the same as the core's value."""
        return ErrorPathsRule(self.minimum, self.blocking)


class FallbacksModel(Model):
    """Stand-ins in the program itself."""

    model_config = ConfigDict(title="Fall-backs")

    blocking: StrictBool = Field(
        default=False, description="Whether a pull request fails that adds one."
    )

    def value(self) -> FallbacksRule:
        """Return the same as the core's value."""
        return FallbacksRule(self.blocking)
