"""What a suite of tests is held against, as pydantic models: the key `tests`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import ConfigDict, Field, PlainValidator, StrictBool, WithJsonSchema
from pydantic_core import PydanticCustomError

from worker.core.config.fields import MAX_ITEMS, Globs, Hundred, Lines, Model, Name
from worker.core.config.gates import without_default
from worker.core.config.test_rules import (
    DEFAULT_TYPES,
    AssertionsRule,
    BudgetsRule,
    FixturesRule,
    FlakyRule,
    PyramidRule,
    Range,
    SkippedRule,
    SlowRule,
    TestsRule,
    TestType,
)
from worker.core.config.yaml import Number

__all__ = ["Duration", "TestsModel"]

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"((?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,3})?)(s|m|h|)")
_BOUND = re.compile(r"(?:0|[1-9][0-9]{0,4})(?:\.[0-9]{1,6})?")


def _duration(value: object) -> Fraction:
    """Return seconds: a number of them, or a text such as "90s", "2m", "1h"."""
    text = value.text if isinstance(value, Number) else value
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise PydanticCustomError("duration", "must be a duration such as 90s, 2m or 1h")
    seconds = Fraction(match[1]) * _SECONDS[match[2]]
    if not seconds:
        raise PydanticCustomError("duration", "must be more than no time")
    return seconds


def _range(value: object) -> Range:
    """Return the two ends of a list such as [60, 70]."""
    given = value if isinstance(value, list) else []
    ends = [one.text for one in given if isinstance(one, Number) and _BOUND.fullmatch(one.text)]
    if len(given) != 2 or len(ends) != 2:
        raise PydanticCustomError("bounds", "must be a list of two numbers such as [60, 70]")
    low, high = map(Fraction, ends)
    if low > high:
        raise PydanticCustomError("bounds", "must have the smaller number first")
    return low, high


Duration = Annotated[
    Fraction,
    PlainValidator(_duration),
    WithJsonSchema(
        {
            "type": ["number", "string"],
            "exclusiveMinimum": 0,
            "pattern": f"^{_DURATION.pattern}$",
        }
    ),
]
Bounds = Annotated[
    Range,
    PlainValidator(_range),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "number", "minimum": 0},
            "minItems": 2,
            "maxItems": 2,
        }
    ),
]


def _blocking(description: str) -> Any:  # noqa: ANN401 - any field's default
    return Field(default=False, description=f"Whether {description} fails the check.")


class TestTypeModel(Model):
    """The paths and markers of a type of tests."""

    __test__ = False  # or pytest takes this class for a test

    model_config = ConfigDict(title="Type of tests")

    paths: Globs = Field(default=(), description="Globs on the paths of their files.")
    markers: Annotated[tuple[Name, ...], Field(max_length=MAX_ITEMS)] = Field(
        default=(), description="Markers, as in `@pytest.mark.integration`; they win over paths."
    )


class BudgetsModel(Model):
    """Budgets of time, by type and in all."""

    model_config = ConfigDict(title="Time budgets")

    types: Annotated[dict[str, Duration], Field(max_length=MAX_ITEMS)] = Field(
        default_factory=dict,
        json_schema_extra={"default": {}},
        description="By type or flag, such as `unit: 2m`: seconds, or a text such as 90s, 2m, 1h. "
        "Without any, 2 minutes for unit, 10 for integration and 30 for system tests are advised.",
    )
    total: Duration | None = Field(
        default=None, json_schema_extra=without_default, description="All tests together."
    )
    blocking: StrictBool = _blocking("a budget written here that is exceeded")

    def value(self) -> BudgetsRule:
        """Return the same as the core's value."""
        return BudgetsRule(tuple(sorted(self.types.items())), self.total, self.blocking)


class SlowModel(Model):
    """The limit above which a test is slow, and the exceptions."""

    model_config = ConfigDict(title="Slow tests")

    over: Duration = Field(
        default_factory=lambda: SlowRule().over,
        json_schema_extra={"default": 10},
        description="A test that takes longer is slow: seconds, or a text such as 90s, 2m.",
    )
    allow: Globs = Field(
        default=(),
        description="Globs on tests that may be slow: `tests/test_a.py::TestB::test_c`, or as "
        "the runner's report names them.",
    )
    blocking: StrictBool = _blocking("a slow test that was not slow, or not there, at the base")

    def value(self) -> SlowRule:
        """Return the same as the core's value."""
        return SlowRule(self.over, self.allow, self.blocking)


class SkippedModel(Model):
    """Rules for skipped tests."""

    model_config = ConfigDict(title="Skipped tests")

    reason: StrictBool = Field(default=True, description="Whether each has to say why.")
    blocking: StrictBool = _blocking("a skip that the pull request adds, if it says no reason,")

    def value(self) -> SkippedRule:
        """Return the same as the core's value."""
        return SkippedRule(self.reason, self.blocking)


class AssertionsModel(Model):
    """The density of assertions."""

    model_config = ConfigDict(title="Assertions")

    target: Bounds = Field(
        default_factory=lambda: AssertionsRule().target,
        json_schema_extra={"default": [2.5, 3.5]},
        description="Assertions per test on average, from and to.",
    )
    blocking: StrictBool = _blocking("an average below the target that the pull request lowers")

    def value(self) -> AssertionsRule:
        """Return the same as the core's value."""
        return AssertionsRule(self.target, self.blocking)


class PyramidModel(Model):
    """The recommended shares of the types."""

    model_config = ConfigDict(title="Test pyramid")

    shares: Annotated[dict[str, Bounds], Field(max_length=MAX_ITEMS)] = Field(
        default_factory=lambda: dict(PyramidRule().shares),
        json_schema_extra={"default": {"unit": [60, 70], "integration": [20, 30], "e2e": [5, 10]}},
        description="Per cent of the tests by type, from and to, the base of the pyramid first.",
    )
    blocking: StrictBool = _blocking("a pull request that takes a share further out of its range")

    def value(self) -> PyramidRule:
        """Return the same as the core's value."""
        return PyramidRule(tuple(self.shares.items()), self.blocking)


_FIXTURES = FixturesRule()


class FixturesModel(Model):
    """Sizes of fixtures and of their files."""

    model_config = ConfigDict(title="Fixtures")

    file: Lines = Field(
        default=_FIXTURES.file,
        description="Lines of code of a `conftest.py`: one with more is called large.",
    )
    lines: Lines = Field(
        default=_FIXTURES.lines, description="Lines of a fixture: one with more is called large."
    )
    per_test: Lines = Field(
        default=_FIXTURES.per_test,
        description="Fixtures of a test: one that asks for more is named.",
    )
    blocking: StrictBool = _blocking("a file or fixture that the pull request makes large")

    def value(self) -> FixturesRule:
        """Return the same as the core's value."""
        return FixturesRule(self.file, self.lines, self.per_test, self.blocking)


class FlakyModel(Model):
    """Up to what share of flaky tests a suite is believed."""

    model_config = ConfigDict(title="Flaky tests")

    maximum: Hundred = Field(
        default_factory=lambda: FlakyRule().maximum,
        json_schema_extra={"default": 1},
        description="Per cent of the tests that may have passed and failed on the same files in "
        "the last 90 days.",
    )
    blocking: StrictBool = _blocking("a share of flaky tests above the maximum")

    def value(self) -> FlakyRule:
        """Return the same as the core's value."""
        return FlakyRule(self.maximum, self.blocking)


class ChangedModel(Model):
    """Changes of source without tests."""

    model_config = ConfigDict(title="Tests in the change")

    blocking: StrictBool = _blocking("a pull request that changes source and no test")


class DoctestsModel(Model):
    """Examples in documents and docstrings."""

    model_config = ConfigDict(title="Doctests")

    blocking: StrictBool = _blocking("an ignored doctest that the pull request adds")


class TestsModel(Model):
    """What the tests themselves are held against. All of it advises unless set to block."""

    __test__ = False

    model_config = ConfigDict(title="Tests")

    types: Annotated[dict[str, TestTypeModel], Field(max_length=MAX_ITEMS)] = Field(
        default_factory=dict,
        json_schema_extra={"default": {}},
        description="Which tests are of which type, by its name. A type that is named here is not "
        "told by Covgate's own folders and markers any more; the others are.",
    )
    budgets: BudgetsModel = Field(
        default_factory=BudgetsModel, description="How long the tests may take."
    )
    slow: SlowModel = Field(default_factory=SlowModel, description="Which tests are slow.")
    skipped: SkippedModel = Field(
        default_factory=SkippedModel, description="What is asked of tests that are skipped."
    )
    assertions: AssertionsModel = Field(
        default_factory=AssertionsModel, description="How many assertions tests have."
    )
    pyramid: PyramidModel = Field(
        default_factory=PyramidModel,
        description="Which share of the tests each type should have.",
    )
    fixtures: FixturesModel = Field(
        default_factory=FixturesModel, description="From what size on set-up is pointed at."
    )
    flaky: FlakyModel = Field(
        default_factory=FlakyModel, description="How many tests may be flaky."
    )
    changed: ChangedModel = Field(
        default_factory=ChangedModel, description="Changes of source without any of a test."
    )
    doctests: DoctestsModel = Field(
        default_factory=DoctestsModel, description="Doctests that are not run."
    )

    def value(self) -> TestsRule:
        """Return the same as the core's value."""
        given = tuple(
            TestType(name, one.paths, one.markers) for name, one in sorted(self.types.items())
        )
        rest = tuple(one for one in DEFAULT_TYPES if one.name not in self.types)
        return TestsRule(
            types=(*given, *rest),
            budgets=self.budgets.value(),
            slow=self.slow.value(),
            skipped=self.skipped.value(),
            assertions=self.assertions.value(),
            pyramid=self.pyramid.value(),
            fixtures=self.fixtures.value(),
            flaky=self.flaky.value(),
            changed=self.changed.blocking,
            doctests=self.doctests.blocking,
        )
