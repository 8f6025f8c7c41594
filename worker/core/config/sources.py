"""Where reports are, and what their paths are in the repository, as pydantic models."""

from __future__ import annotations

from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from worker.core.config.fields import Folder, Model, SomeGlobs, Text, Whole
from worker.core.config.gates import without_default
from worker.core.config.values import CarryForward, ReportSource
from worker.core.paths import PathFix

__all__ = ["PathFixModel", "ReportModel"]


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default")  # the empty text, which stands for none


class CarryForwardModel(Model):
    """How old a report may be that stands in for tests that did not run."""

    model_config = ConfigDict(title="Carry forward")

    commits: Whole = Field(
        default=CarryForward().commits,
        description="At most so many commits before the merge base, along first parents.",
    )
    days: Whole = Field(default=CarryForward().days, description="At most so many days ago.")

    def value(self) -> CarryForward:
        """Return the same as the core's value."""
        return CarryForward(self.commits, self.days)


class ReportModel(Model):
    """Where coverage reports are found."""

    model_config = ConfigDict(title="Report source")

    artifact: Text = Field(
        description="Glob on the names of the artifacts that the workflow runs upload."
    )
    files: SomeGlobs = Field(
        default=("**",),
        description="Globs on the paths inside the artifact. A file's format is recognised "
        "by its content; files that are no coverage report are passed over.",
    )
    flag: Text = Field(
        default="",
        json_schema_extra=_without_default,
        description="The type of tests that these reports come from, such as `unit`.",
    )
    carry_forward: CarryForwardModel | None = Field(
        default=None,
        json_schema_extra=without_default,
        description="Where no report of this flag is there, because its tests did not run, the "
        "nearest earlier one of the base branch stands in. Needs a `flag`.",
    )

    @model_validator(mode="after")
    def _carries_a_flag(self) -> Self:
        if self.carry_forward is not None and not self.flag:
            raise PydanticCustomError("flagless", "needs a `flag` to carry forward")
        return self

    def value(self) -> ReportSource:
        """Return the same as the core's value."""
        carried = None if self.carry_forward is None else self.carry_forward.value()
        return ReportSource(self.artifact, self.files, self.flag or None, carried)


class PathFixModel(Model):
    """How a path that a report names becomes one of the repository's."""

    model_config = ConfigDict(title="Path fix")

    start: Folder = Field(
        alias="from",
        description="The folder that the report's path begins with, such as `/build/out/`. A `*` "
        "stands for any text in a folder's name, `**/` in front for any folders. Empty for every "
        "relative path.",
    )
    to: Folder = Field(
        default="",
        description="The folder of the repository that it is: `src/`. A `*` stands for what that "
        "in `from` stood for. Left out, the beginning is taken away.",
    )

    @model_validator(mode="after")
    def _is_understood(self) -> Self:
        try:
            self.value()
        except ValueError as error:
            raise PydanticCustomError("path_fix", "{reason}", {"reason": str(error)}) from error
        return self

    def value(self) -> PathFix:
        """Return the same as the core's value."""
        return PathFix(self.start, self.to)
