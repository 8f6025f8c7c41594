"""What is known of a repository beside its reports and the diff.

Every part may be missing: an analysis that needs one says nothing without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from fractions import Fraction

    from worker.core.numbers import Ratio
    from worker.core.refs import Sha
    from worker.core.static import FileFacts

__all__ = ["NO_MATERIAL", "Material", "Point", "TestHistory", "Threshold"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A coverage threshold that is written somewhere else than in Covgate's configuration."""

    path: str
    line: int
    tool: str
    """"coverage.py", "pytest-cov", "jest", "nyc", "codecov", "go-test-coverage", …"""
    percent: Fraction
    new_code: bool = False
    """Whether it is of the lines that a change adds, and not of the whole project."""


@dataclass(frozen=True, slots=True)
class Point:
    """The figures of one commit of the default branch, for trends."""

    commit: Sha
    day: date
    lines: Ratio
    packages: Mapping[str, Ratio] = field(default_factory=lambda: MappingProxyType({}))
    tests: int | None = None
    skipped: int | None = None
    seconds: Fraction | None = None
    """Sum of the tests' durations."""
    flaky: int | None = None
    assertions: int | None = None
    fixed: Ratio | None = None
    """Of the lines that this commit's fixes changed: how many had been covered before."""
    floor: Fraction | None = None
    """The least percentage that the configuration asked of the whole project."""


@dataclass(frozen=True, slots=True)
class TestHistory:
    """How a test went in earlier runs: the base of its flaky rate.

    A flake is a pass and a failure of the same test on the same tree.
    """

    __test__ = False

    id: str
    runs: int
    flakes: int
    last: date | None = None
    """When it flaked last."""


@dataclass(frozen=True, slots=True)
class Material:
    """What analyses read beside reports and diff, at the tested commit."""

    paths: frozenset[str] | None = None
    """All files of the repository."""
    facts: Mapping[str, FileFacts] = field(default_factory=lambda: MappingProxyType({}))
    """Of the test files, and of the source files that a report measured, by path."""
    base_facts: Mapping[str, FileFacts] = field(default_factory=lambda: MappingProxyType({}))
    """The same at the base, of those files that the change touches, by their path there."""
    churn: Mapping[str, int] | None = None
    """In how many commits of the last 90 days each file changed."""
    history: tuple[Point, ...] = ()
    """Of the default branch, the oldest first."""
    test_history: tuple[TestHistory, ...] = ()
    """Of the tests that flaked, by id."""
    thresholds: tuple[Threshold, ...] = ()
    today: date | None = None
    """The day of the verdict: estimates of when a target is reached begin there."""


NO_MATERIAL = Material()
