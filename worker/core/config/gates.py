"""The gates beyond the two default ones, packages and critical paths, as pydantic models."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field, StrictBool

from worker.core.config.fields import Hundred, Model, Name, SomeGlobs, Text
from worker.core.config.gap_rules import Priority
from worker.core.config.values import (
    BranchesRule,
    CriticalPath,
    FunctionsRule,
    Package,
    ProjectRule,
)

__all__ = [
    "BranchesModel",
    "CriticalModel",
    "FloorModel",
    "FunctionsModel",
    "PackageModel",
    "ProjectModel",
    "without_default",
]


def without_default(schema: dict[str, Any]) -> None:
    """Leave a default out of the schema that only stands for "not given"."""
    schema.pop("default", None)
    given = [one for one in schema.pop("anyOf", []) if one != {"type": "null"}]
    schema.update(given[0] if given else {})


def _optional(description: str) -> Any:  # noqa: ANN401 - any field's default
    return Field(default=None, json_schema_extra=without_default, description=description)


class _Gate(Model):
    blocking: StrictBool = Field(
        default=True, description="Whether a failure of this gate fails the check."
    )


class FloorModel(_Gate):
    """A floor, and an aim above it."""

    model_config = ConfigDict(title="Floor and target")

    minimum: Hundred | None = _optional("Per cent of the measured lines that must be covered.")
    target: Hundred | None = _optional(
        "Per cent to aim at: what is left is shown, and nothing is judged by it."
    )

    def value(self) -> ProjectRule:
        """Return the same as the core's value."""
        return ProjectRule(self.minimum, self.target, blocking=self.blocking)


class ProjectModel(FloorModel):
    """The gate on the whole project's coverage."""

    model_config = ConfigDict(title="Gate on the project")

    ratchet: StrictBool = Field(
        default=False,
        description="Whether the highest percentage ever recorded for the base branch is a "
        "floor, too.",
    )
    tolerance: Hundred = Field(
        default_factory=lambda: ProjectRule().tolerance,
        json_schema_extra={"default": 0},
        description="Percentage points below that highest one that still pass.",
    )

    def value(self) -> ProjectRule:
        """Return the same as the core's value."""
        return ProjectRule(
            self.minimum, self.target, self.ratchet, self.tolerance, blocking=self.blocking
        )


class BranchesModel(_Gate):
    """The gate on branches."""

    model_config = ConfigDict(title="Gate on branches")

    minimum: Hundred | None = _optional("Per cent of all branches that must be taken.")
    new_code: Hundred | None = _optional(
        "Per cent of the branches on the new code's lines that must be taken."
    )

    def value(self) -> BranchesRule:
        """Return the same as the core's value."""
        return BranchesRule(self.minimum, self.new_code, self.blocking)


class FunctionsModel(_Gate):
    """The gate on functions."""

    model_config = ConfigDict(title="Gate on functions")

    minimum: Hundred | None = _optional("Per cent of all functions that must be called.")

    def value(self) -> FunctionsRule:
        """Return the same as the core's value."""
        return FunctionsRule(self.minimum, self.blocking)


class _Paths(_Gate):
    name: Name = Field(description="What it is called in the check, unique in this list.")
    paths: SomeGlobs = Field(description="Globs on the paths of its files.")
    minimum: Hundred | None = _optional("Per cent of its measured lines that must be covered.")
    flag: Text | None = _optional("Judge it by the reports of this flag alone.")
    real: Hundred | None = _optional(
        "Per cent of its measured lines, without those that run on import alone, that real "
        "tests must reach: tests that assert something, and mock nothing."
    )


class PackageModel(_Paths):
    """A set of paths with its own floor and target."""

    model_config = ConfigDict(title="Package")

    target: Hundred | None = _optional(
        "Per cent to aim at: what is left is shown, and nothing is judged by it."
    )

    priority: Priority = Field(
        default=Priority.MEDIUM,
        description="How much depends on it: gaps in its files are ranked by it. The files of a "
        "critical path are `critical` by themselves; `low` never has more than a low risk.",
    )

    def value(self) -> Package:
        """Return the same as the core's value."""
        thresholds = (self.minimum, self.target)
        return Package(
            self.name,
            self.paths,
            *thresholds,
            self.flag,
            self.blocking,
            self.priority,
            self.real,
        )


class CriticalModel(_Paths):
    """A set of paths whose coverage may not fall at all."""

    model_config = ConfigDict(title="Critical path")

    def value(self) -> CriticalPath:
        """Return the same as the core's value."""
        return CriticalPath(
            self.name, self.paths, self.minimum, self.flag, self.blocking, self.real
        )
