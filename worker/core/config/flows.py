"""Where a program meets the outside, and what has to work together, as pydantic models."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, StrictBool
from pydantic_core import PydanticCustomError

from worker.core.config.fields import MAX_ITEMS, Model, Name, SomeGlobs, Text
from worker.core.config.flow_rules import Flow, PointPattern

__all__ = ["FlowModel", "PointModel", "Prefixes"]

_PREFIX = re.compile(r"[A-Z][A-Z0-9]{1,19}")


def _prefix(value: str) -> str:
    if not _PREFIX.fullmatch(value):
        raise PydanticCustomError(
            "prefix", "must be 2 to 20 capital letters and digits, such as SECURITY"
        )
    return value


Prefixes = Annotated[
    tuple[Annotated[Text, AfterValidator(_prefix)], ...], Field(max_length=MAX_ITEMS)
]


class PointModel(Model):
    """Calls that lead outside, and that Covgate does not know by itself."""

    model_config = ConfigDict(title="Integration point")

    kind: Name = Field(
        description="What such a point is: `route`, `table`, `topic`, `queue`, `call`, or a word "
        "of your own."
    )
    pattern: Text = Field(
        description="The call, as `bus.emit(*)`: its name, and in parentheses its first argument "
        "where that is a text or a name. `*` stands for any text; all else stands for itself."
    )
    paths: SomeGlobs = Field(
        default=("**",), description="Globs on the paths of the files that are looked at."
    )

    def value(self) -> PointPattern:
        """Return the same as the core's value."""
        return PointPattern(self.kind, self.pattern, self.paths)


class FlowModel(Model):
    """Something that one test has to go through as a whole."""

    model_config = ConfigDict(title="Flow")

    name: Name = Field(description="What people call it, unique in this list.")
    steps: SomeGlobs = Field(
        description="What a test has to run: globs on paths, or `path::function`."
    )
    blocking: StrictBool = Field(
        default=False, description="Whether it fails the check that no test goes through it."
    )

    def value(self) -> Flow:
        """Return the same as the core's value."""
        return Flow(self.name, self.steps, self.blocking)
