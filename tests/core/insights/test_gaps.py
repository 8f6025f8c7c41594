"""Gaps: files by risk, types of tests, goals, under-tested and untested files, strengths."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.core.test_render import CONTEXT
from worker.core.analysis import analyze
from worker.core.config import (
    Config,
    CriticalPath,
    GoalsRule,
    Package,
    Priority,
    ProjectRule,
    ReportSource,
    RiskLevel,
    RiskRule,
)
from worker.core.diff import Diff, FileDiff
from worker.core.insight import Code, Place, Risk
from worker.core.insights import (
    goals,
    risk,
    strengths,
    test_types,
    under_tested,
    untested_files,
)
from worker.core.material import Material
from worker.core.model import BranchLine, FileCoverage, Function, Report, bitmap
from worker.core.render.insights import insight_page, insight_section
from worker.core.results import Outcome
from worker.core.static import read_facts
from worker.core.verdict import Inputs, Verdict


def covered(path, hit, total, **more):
    """Return a file whose first `hit` of `total` lines were run."""
    return FileCoverage(path, bitmap(range(1, total + 1)), bitmap(range(1, hit + 1)), **more)


def changed(*paths):
    return Diff.of(FileDiff(path, path, bitmap([1]), 0, "modified") for path in paths)


EVENTS = Report.of(
    [
        covered("lib/events/publisher.py", 0, 168),
        covered("lib/events/logger.py", 0, 115),
        covered("lib/agents/execution.py", 30, 199),
        covered("lib/db/client.py", 35, 254),
        covered("lib/intelligence.py", 33, 215),
        covered("lib/routing.py", 70, 100),
        covered("lib/text.py", 95, 100),
        covered("tests/test_text.py", 2, 40),
    ]
)
"""A project as a team ranked it by hand: 0 % is critical, 14 and 15 % are high."""

ROUTES = {
    "protocols.py": (0, 56, Risk.LOW),
    "schemas/messages.py": (21, 41, Risk.MEDIUM),
    "routes/health.py": (29, 43, Risk.LOW),
    "services/agent/service.py": (154, 227, Risk.HIGH),
    "routes/query.py": (47, 68, Risk.HIGH),
    "routes/websocket.py": (94, 132, Risk.CRITICAL),
    "middleware/logging.py": (26, 35, Risk.MEDIUM),
    "services/agent/handlers.py": (74, 98, Risk.HIGH),
    "schemas/requests/sessions.py": (33, 43, Risk.MEDIUM),
    "main.py": (50, 64, Risk.MEDIUM),
    "services/session.py": (129, 163, Risk.HIGH),
    "services/cache.py": (90, 100, Risk.LOW),
}
"""Another one, with the covered and all lines of its files, and the risk that people saw."""

PRIORITIES = Config(
    packages=(
        Package(
            "plain", ("protocols.py", "routes/health.py", "services/cache.py"),
            priority=Priority.LOW,
        ),
        Package("core", ("services/**", "routes/query.py"), priority=Priority.HIGH),
    ),
    critical=(CriticalPath("streaming", ("routes/websocket.py",)),),
)  # fmt: skip

SOURCE = b"""\
def charge(card):
    if not card:
        raise ValueError("no card")
    return 1


def refund(card):
    give(card)
    return 2


def give(card):
    try:
        card.add(1)
    except OSError:
        log("failed")
"""
CONFIG = Config(
    reports=(ReportSource("u*", flag="unit"), ReportSource("i*", flag="integration")),
    project=ProjectRule(target=Fraction(85)),
    packages=(
        Package("pay", ("pay/**",), Fraction(50), Fraction(90), priority=Priority.HIGH),
        Package("web", ("web/**",)),
    ),
    critical=(CriticalPath("payments", ("pay/charge.py",)),),
    goals=GoalsRule(floor=Fraction(30)),
)
CHARGE = FileCoverage(
    "pay/charge.py",
    bitmap([1, 2, 3, 4, 7, 8, 9, 12, 13, 14, 15, 16]),
    bitmap([1, 2, 4, 7, 12, 13, 14]),
    bitmap([2]),
    (BranchLine(2, 1, 2),),
)
UNIT = Report.of([covered("pay/charge.py", 8, 16), covered("web/views.py", 2, 10)])
INTEGRATION = Report.of([covered("pay/charge.py", 12, 16), covered("web/views.py", 1, 10)])
SHOP = Inputs(
    UNIT.merge(INTEGRATION),
    Diff.of([FileDiff("pay/charge.py", "pay/charge.py", bitmap(range(7, 17)), 0, "modified")]),
    CONFIG,
    flags={"integration": INTEGRATION, "unit": UNIT},
    material=Material(
        paths=frozenset(
            {"pay/charge.py", "pay/cards.py", "pay/__init__.py", "web/views.py", "web/forms.py",
             "setup.py", "README.md", "tests/test_views.py", "tests/pay/test_flow.py"}
        ),
        facts={
            "pay/charge.py": read_facts("pay/charge.py", SOURCE),
            "tests/pay/test_flow.py": read_facts(
                "tests/pay/test_flow.py", b"from pay.charge import charge\n"
            ),
        },
        churn={"pay/charge.py": 14},
    ),
)  # fmt: skip


def insight(module, inputs):
    return module.look(analyze(inputs).evidence)


def rows(module, inputs, table=0):
    return insight(module, inputs).tables[table].rows


CASES = {
    "risk": (risk, Inputs(EVENTS, changed("lib/db/client.py"))),
    "missing-tests": (risk, replace(SHOP, report=Report.of([CHARGE]), flags={})),
    "test_types": (test_types, SHOP),
    "goals": (goals, SHOP),
    "under_tested": (
        under_tested,
        Inputs(
            Report.of(covered(path, *two) for path, (*two, _) in ROUTES.items()),
            Diff(),
            PRIORITIES,
        ),
    ),
    "untested_files": (untested_files, SHOP),
    "strengths": (strengths, Inputs(EVENTS, Diff())),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_analysis_is_as_it_was_read_and_approved(name, golden):
    """A team would get a table that nobody has compared with the ones made by hand."""
    module, inputs = CASES[name]
    verdict = analyze(inputs)
    alone = Verdict(verdict.evidence, verdict.results, lambda evidence: (module.look(evidence),))
    golden(f"insights/{name}.md", insight_page(alone, CONTEXT, budget=60_000) + "\n")


def test_files_are_ranked_as_the_team_ranked_them():
    """The file that lets a bug through to production would stand below a harmless one."""
    ranked = [(row[0].path, row[1]) for row in rows(risk, Inputs(EVENTS, Diff()))]
    assert ranked == [
        ("lib/events/publisher.py", Risk.CRITICAL),
        ("lib/events/logger.py", Risk.CRITICAL),
        ("lib/db/client.py", Risk.HIGH),
        ("lib/intelligence.py", Risk.HIGH),
        ("lib/agents/execution.py", Risk.HIGH),
        ("lib/routing.py", Risk.MEDIUM),
        ("lib/text.py", Risk.LOW),
    ]


def test_priorities_make_the_levels_that_people_saw():
    """An interface without logic would be called critical, and the payment route medium."""
    told = {row[0].path: row[3] for row in rows(*CASES["under_tested"])}
    assert told == {path: level for path, (*_, level) in ROUTES.items() if path in told}
    assert len(told) == len(ROUTES) - 1


@pytest.mark.parametrize(
    ("rule", "changes", "expected"),
    [
        (RiskRule(), None, Risk.MEDIUM),
        (RiskRule(), 9, Risk.MEDIUM),
        (RiskRule(), 10, Risk.HIGH),
        (RiskRule(churn=0), 99, Risk.MEDIUM),
        (RiskRule(medium=RiskLevel(Fraction(50))), 99, Risk.LOW),
        (RiskRule(critical=RiskLevel(Fraction(101), 50)), None, Risk.CRITICAL),
        (RiskRule(critical=RiskLevel(Fraction(101), 51)), None, Risk.MEDIUM),
    ],
)
def test_thresholds_and_churn_decide_the_level(rule, changes, expected):
    """A team's own thresholds would change nothing, or a busy file would look calm."""
    material = Material(churn=None if changes is None else {"a.py": changes})
    inputs = Inputs(
        Report.of([covered("a.py", 50, 100)]), Diff(), Config(risk=rule), material=material
    )
    assert rows(risk, inputs)[0][1] is expected


def test_a_change_of_a_critical_file_fails_where_a_team_asks_for_it():
    """Code that nothing tests would be changed again although the team forbade it."""
    config = Config(risk=RiskRule(blocking=True))
    for path, outcome in (("lib/events/logger.py", "fail"), ("lib/text.py", "pass")):
        verdict = analyze(Inputs(EVENTS, changed(path), config))
        assert verdict.result("risk").outcome == outcome
        assert verdict.result("risk").blocks is (outcome == "fail")
    unsure = analyze(Inputs(EVENTS, changed("lib/events/logger.py"), config, incomplete=True))
    assert unsure.result("risk").outcome is Outcome.NEUTRAL
    assert analyze(Inputs(EVENTS, Diff())).result("risk") is None


def test_missing_tests_come_from_functions_error_paths_and_branches():
    """A developer would have to read the whole file to find out what to test."""
    found = rows(*CASES["missing-tests"], 1)
    path = Place("pay/charge.py")
    assert [row[:3] for row in found] == [
        (path, "call it", Code("refund")),
        (path, "make it fail: its error path is not run", Code("charge")),
        (path, "make it fail: its error path is not run", Code("give")),
        (path, "take the other branch on 1 line", Code("charge")),
    ]
    assert found[1][3].lines == bitmap([3])


def test_functions_are_the_reports_own_where_it_names_them():
    """A function that the report knows as never called would not be listed."""
    functions = (Function(1, "charge", 3, 4), Function(7, "refund", 0, 9))
    file = covered("pay/a.rb", 7, 9, functions=functions)
    (row,) = rows(risk, Inputs(Report.of([file]), Diff()))
    assert row[4] == (Code("refund"),)


def test_lines_of_one_type_only_are_told_apart():
    """Code that end-to-end tests alone reach would look as well tested as any other."""
    by_type = rows(test_types, SHOP)
    assert [(row[0].text, row[3]) for row in by_type] == [("integration", 4), ("unit", 1)]
    assert insight(test_types, Inputs(UNIT, Diff(), flags={"unit": UNIT})) is None


def test_a_package_below_the_common_floor_fails():
    """One module would rot while the project as a whole looks fine."""
    result = analyze(SHOP).result("package floor")
    assert result.blocks
    assert result.summary == "package web has 20.00 %, 30 % is needed: cover 1 more line"
    assert "Goals:" in insight_section(analyze(SHOP), CONTEXT, budget=9_000)


def test_without_packages_the_folders_have_goals():
    """A team that configured nothing would not learn where the work is."""
    names = [row[0] for row in rows(goals, Inputs(EVENTS, Diff()))]
    folders = ("lib/events", "lib/db", "lib", "lib/agents")
    assert names == ["the whole project", *map(Code, folders)]


def test_without_the_repositorys_files_nothing_is_called_untested():
    """A file would be accused that the analysis has never looked for."""
    assert insight(untested_files, Inputs(EVENTS, Diff())) is None


@pytest.mark.parametrize(
    ("source", "test", "text"),
    [
        ("shop/cart.py", "tests/test_cart.py", ""),
        ("shop/cart.py", "tests/test_flow.py", "import shop.cart\n"),
        ("shop/cart.py", "tests/test_flow.py", "from shop.cart import Cart\n"),
        ("src/shop/cart.py", "tests/test_flow.py", "from shop.cart import Cart\n"),
        ("shop/__init__.py", "tests/test_flow.py", "import shop\n"),
        ("src/cart.ts", "src/cart.test.ts", ""),
        ("src/cart.ts", "tests/flow.test.ts", "import { add } from '../src/cart'\n"),
        ("src/cart.ts", "tests/flow.test.ts", "import { add } from '../src/cart.js'\n"),
        ("src/main/Cart.java", "src/test/CartTest.java", ""),
        ("src/main/Cart.java", "src/test/TestCart.java", ""),
        ("lib/cart.rb", "spec/cart_spec.rb", ""),
        ("cart.go", "cart_test.go", ""),
    ],
)
def test_a_test_belongs_to_a_file_by_its_name_or_its_imports(source, test, text):
    """A well tested file would be called untested, for its test has another name."""
    other = source.replace("cart", "other").replace("Cart", "Other").replace("__init__", "other")
    facts = {test: read_facts(test, text.encode())} if text else {}
    inputs = Inputs(
        Report.of([covered(source, 1, 2)]),
        changed(other),
        material=Material(paths=frozenset({source, test, other}), facts=facts),
    )
    found = insight(untested_files, inputs)
    assert [row[0].path for row in found.tables[2].rows] == [other]
    assert found.relevant


def test_a_file_with_tests_inside_has_its_own():
    """Rust's way of testing would count as none."""
    text = b"fn a() {}\n#[cfg(test)]\nmod tests {\n#[test]\nfn works() { assert!(true); }\n}\n"
    facts = {"src/a.rs": read_facts("src/a.rs", text)}
    paths = frozenset({"src/a.rs", "src/b.rs"})
    inputs = Inputs(
        Report.of([covered("src/a.rs", 1, 2), covered("src/b.rs", 1, 2)]),
        changed("src/b.rs"),
        material=Material(paths=paths, facts=facts),
    )
    found = insight(untested_files, inputs)
    assert [row[0].path for row in found.tables[2].rows] == ["src/b.rs"]
    assert not found.relevant, "some test does reach it"


def test_an_analysis_of_nothing_says_nothing():
    """A perfect project would get a page of empty tables."""
    inputs = Inputs(Report.of([covered("a.py", 5, 5)]), Diff())
    names = {one.name for one in analyze(inputs).insights}
    assert {"risk", "under_tested", "untested_files", "test_types"} & names == set()


@pytest.mark.parametrize("module", [risk, under_tested, goals, strengths])
def test_what_only_the_whole_project_has_is_not_in_the_comment(module):
    """Every pull request would be told again what it has nothing to do with."""
    verdict = analyze(Inputs(EVENTS, changed("lib/text.py")))
    assert insight_section(verdict, CONTEXT, budget=9_000) == ""
    alone = Verdict(verdict.evidence, verdict.results, lambda evidence: (module.look(evidence),))
    assert insight_section(alone, CONTEXT, budget=9_000) == ""
