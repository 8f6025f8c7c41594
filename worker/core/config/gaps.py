"""By what gaps are ranked, as pydantic models."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field, StrictBool

from worker.core.config.fields import Hundred, Lines, Model
from worker.core.config.gap_rules import GoalsRule, RiskLevel, RiskRule
from worker.core.config.gates import without_default
from worker.core.numbers import format_limit

if TYPE_CHECKING:
    from pydantic.config import JsonDict

__all__ = ["GoalsModel", "RiskModel", "StrengthsModel", "UnderTestedModel"]

_RULE = RiskRule()


def _percent(default: Fraction, description: str) -> Any:  # noqa: ANN401 - any field's default
    shown = int(format_limit(default))
    return Field(
        default_factory=lambda: default,
        json_schema_extra={"default": shown},
        description=description,
    )


class RiskLevelModel(Model):
    """When a file belongs to a level of risk."""

    model_config = ConfigDict(title="Level of risk")

    below: Hundred = Field(description="Per cent of its lines: it has less coverage than this.")
    lines: Lines = Field(default=1, description="It has at least so many uncovered lines.")

    def value(self) -> RiskLevel:
        """Return the same as the core's value."""
        return RiskLevel(self.below, self.lines)


def _level(default: RiskLevel, name: str) -> Any:  # noqa: ANN401 - any field's default
    shown: JsonDict = {"below": int(default.below), "lines": default.lines}
    return Field(
        default_factory=lambda: RiskLevelModel.model_construct(
            below=default.below, lines=default.lines
        ),
        json_schema_extra={"default": shown},
        description=f"When a file's risk is {name}.",
    )


class RiskModel(Model):
    """By what a file's gap is called critical, high, medium or low."""

    model_config = ConfigDict(title="Risk")

    critical: RiskLevelModel = _level(_RULE.critical, "critical")
    high: RiskLevelModel = _level(_RULE.high, "high")
    medium: RiskLevelModel = _level(_RULE.medium, "medium; all others are low")
    churn: Lines = Field(
        default=_RULE.churn,
        description="A file that changed in at least so many commits of the last 90 days is one "
        "level worse; 0 for never.",
    )
    blocking: StrictBool = Field(
        default=_RULE.blocking,
        description="Whether a pull request fails that changes a file at critical risk.",
    )

    def value(self) -> RiskRule:
        """Return the same as the core's value."""
        levels = (self.critical.value(), self.high.value(), self.medium.value())
        return RiskRule(*levels, self.churn, self.blocking)


class UnderTestedModel(Model):
    """Below what a file is under-tested."""

    model_config = ConfigDict(title="Under-tested files")

    below: Hundred = _percent(Fraction(80), "Per cent of its lines: a file with less is named.")


class StrengthsModel(Model):
    """Above what a file or package is well tested."""

    model_config = ConfigDict(title="Strengths")

    above: Hundred = _percent(Fraction(90), "Per cent of its lines: a file with more is named.")


class GoalsModel(Model):
    """Goals of all packages."""

    model_config = ConfigDict(title="Goals")

    target: Hundred = _percent(
        GoalsRule().target, "Per cent to aim at, where neither the package nor the project says."
    )
    floor: Hundred | None = Field(
        default=None,
        json_schema_extra=without_default,
        description="Per cent of its lines that no package may fall below.",
    )
    blocking: StrictBool = Field(
        default=True, description="Whether a package below the floor fails the check."
    )

    def value(self) -> GoalsRule:
        """Return the same as the core's value."""
        return GoalsRule(self.target, self.floor, self.blocking)
