"""What a suite of tests is held against: its types, times, skips and shape, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = [
    "DEFAULT_TYPES",
    "TOTAL",
    "AssertionsRule",
    "BudgetsRule",
    "FixturesRule",
    "FlakyRule",
    "PyramidRule",
    "Range",
    "SkippedRule",
    "SlowRule",
    "TestType",
    "TestsRule",
]

TOTAL = "total"
"""What stands for all tests together where budgets are named."""

Range = tuple[Fraction, Fraction]
"""From and to, both included."""


@dataclass(frozen=True, slots=True)
class TestType:
    """Which tests are of a type: those with a marker of it, and those in its paths."""

    __test__ = False  # or pytest takes this class for a test

    name: str
    paths: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()


def _folders(*names: str) -> tuple[str, ...]:
    return tuple(f"**/{name}/**" for name in names)


DEFAULT_TYPES = (
    TestType("unit", _folders("unit", "unittest", "unittests", "unit_tests"), ("unit",)),
    TestType(
        "integration",
        (
            *_folders("integration", "integration_tests", "integration-tests"),
            *("tests/*.rs", "crates/*/tests/*.rs"),
            "**/src/integrationTest/**",
            *("**/*IT.java", "**/*IT.kt", "**/*IntegrationTest.*", "**/*IntegrationTests.*"),
            *("**/*_integration_test.*", "**/*.integration.test.*", "**/*.integration.spec.*"),
            *("**/test_integration.py", "**/test_*_integration.py", "**/test_integration_*.py"),
        ),
        ("integration",),
    ),
    TestType(
        "e2e",
        (
            *_folders("e2e", "end_to_end", "end-to-end", "cypress", "playwright", "acceptance"),
            *("**/*.e2e-spec.*", "**/*.e2e.*", "**/*.cy.*", "**/*E2ETest.*", "**/*_e2e_test.*"),
            *("**/test_e2e.py", "**/test_*_e2e.py", "**/test_e2e_*.py"),
        ),
        ("e2e", "end_to_end", "acceptance"),
    ),
    TestType(
        "system",
        _folders("system", "functional", "spec/features", "system_tests"),
        ("system", "functional"),
    ),
    TestType("contract", _folders("contract", "contracts", "pact"), ("contract", "pact")),
    TestType(
        "performance",
        _folders("performance", "perf", "benchmarks", "load"),
        ("performance", "benchmark", "load"),
    ),
    # What stands beside its source, or inside of it, tests one part alone.
    TestType("unit", ("**/*_test.go", "**/src/test/**", "**/src/**", "**/__tests__/**")),
)
"""What folders, names and markers mean where a repository does not say. The first that fits
counts: a type may come twice."""


@dataclass(frozen=True, slots=True)
class BudgetsRule:
    """How long the tests may take, in seconds: by type (a flag is one, too), and in all."""

    types: tuple[tuple[str, Fraction], ...] = ()
    """As the repository writes them, sorted."""
    total: Fraction | None = None
    blocking: bool = False

    DEFAULTS = (
        ("integration", Fraction(600)),
        ("system", Fraction(1800)),
        ("unit", Fraction(120)),
    )
    """What is advised where nothing is written."""

    @property
    def written(self) -> bool:
        """Whether the repository names a budget of its own."""
        return bool(self.types) or self.total is not None

    def of(self, name: str) -> Fraction | None:
        """Return a type's budget in seconds; None for none."""
        if name == TOTAL:
            return self.total
        return dict(self.types).get(name, dict(self.DEFAULTS).get(name))


@dataclass(frozen=True, slots=True)
class SlowRule:
    """Which tests are slow, and which of them may be."""

    over: Fraction = Fraction(10)
    """Seconds."""
    allow: tuple[str, ...] = ()
    """Globs on tests: "tests/test_a.py::TestB::test_c", or as the runner's report names them."""
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class SkippedRule:
    """What is asked of tests that are skipped."""

    reason: bool = True
    """Whether each has to say why."""
    blocking: bool = False
    """Whether one that the change adds without a reason fails the check."""


@dataclass(frozen=True, slots=True)
class AssertionsRule:
    """How many assertions a test has on average where it is tested well."""

    target: Range = (Fraction(5, 2), Fraction(7, 2))
    blocking: bool = False
    """Whether an average below the target that the change lowers fails the check."""


@dataclass(frozen=True, slots=True)
class PyramidRule:
    """Which share of the tests each type should have, in per cent."""

    shares: tuple[tuple[str, Range], ...] = (
        ("unit", (Fraction(60), Fraction(70))),
        ("integration", (Fraction(20), Fraction(30))),
        ("e2e", (Fraction(5), Fraction(10))),
    )
    """From the bottom to the top: what is many and fast first."""
    blocking: bool = False
    """Whether a change fails that takes a share further out of its range."""


@dataclass(frozen=True, slots=True)
class FixturesRule:
    """From what size on set-up is pointed at."""

    file: int = 300
    """Lines of code of a file that only prepares tests, such as conftest.py."""
    lines: int = 50
    """Of one fixture."""
    per_test: int = 8
    """How many a test asks for."""
    blocking: bool = False
    """Whether a file or fixture that the change makes large fails the check."""


@dataclass(frozen=True, slots=True)
class FlakyRule:
    """How many of the tests may be flaky."""

    maximum: Fraction = Fraction(1)
    """Per cent of the tests."""
    blocking: bool = False
    """Whether more of them fail the check."""


@dataclass(frozen=True, slots=True)
class TestsRule:
    """All that a repository decides on its tests."""

    __test__ = False

    types: tuple[TestType, ...] = DEFAULT_TYPES
    budgets: BudgetsRule = BudgetsRule()
    slow: SlowRule = SlowRule()
    skipped: SkippedRule = SkippedRule()
    assertions: AssertionsRule = AssertionsRule()
    pyramid: PyramidRule = PyramidRule()
    fixtures: FixturesRule = FixturesRule()
    flaky: FlakyRule = FlakyRule()
    changed: bool = False
    """Whether a change of source without a change of tests fails the check."""
    doctests: bool = False
    """Whether a doctest fails the check that the change adds and that is not run."""
