"""The list of missing tests: what to write first, and what that would cover."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.core.insights.test_gaps import CHARGE, EVENTS, SHOP, covered
from worker.core.analysis import analyze
from worker.core.config import Config, CriticalPath, GoalsRule
from worker.core.diff import Diff
from worker.core.insight import Code, Risk
from worker.core.insights._choice import choose_files_of
from worker.core.insights._gaps import list_gaps
from worker.core.material import Material
from worker.core.model import BranchLine, FileCoverage, Function, Report, bitmap
from worker.core.static import read_facts
from worker.core.verdict import Inputs

STORE = b"""\
def save(order):
    session.execute("INSERT INTO orders VALUES (1)")
    return order


def price(order):
    return order.sum
"""


def gaps(report, config=None, facts=None):
    material = Material(facts=facts or {})
    inputs = Inputs(Report.of(report), Diff(), config or Config(), material=material)
    return list_gaps(analyze(inputs).evidence)


def test_the_worst_files_come_first_and_all_their_lines_are_in_the_list():
    """Somebody would begin with what matters least, or the sum of the work be wrong."""
    found = gaps(EVENTS)
    assert [gap.priority for gap in found] == sorted(gap.priority for gap in found)
    assert [gap.path for gap in found if gap.priority == 1] == [
        "lib/events/publisher.py", "lib/events/logger.py",
    ]  # fmt: skip
    for gap in found:
        assert gap.lines == EVENTS.files[gap.path].missed
        assert gap.what == "run its uncovered lines"
    assert "lib/text.py" not in {gap.path for gap in found}, "it is well tested"


def test_tests_are_named_by_function_and_nothing_is_counted_twice():
    """A developer would read the whole file to find out what to test."""
    facts = {"pay/charge.py": SHOP.material.facts["pay/charge.py"]}
    found = gaps([CHARGE], Config(critical=(CriticalPath("pay", ("pay/**",)),)), facts)
    assert [(gap.what, gap.function) for gap in found] == [
        ("call it", Code("refund")),
        ("make it fail: its error path is not run", Code("give")),
        ("make it fail: its error path is not run", Code("charge")),
        ("take it through its other branches", Code("charge")),
    ]
    lines = [gap.lines for gap in found]
    assert sum(one.bit_count() for one in lines) == (CHARGE.missed | CHARGE.partial).bit_count()
    assert {gap.priority for gap in found} == {1}
    assert {gap.risk for gap in found} == {Risk.CRITICAL}


def test_a_function_whose_end_is_not_told_ends_before_the_next_one():
    """LCOV seldom tells ends: each untested function would be one line long."""
    functions = (Function(1, "one", 0), Function(5, "two", 3), Function(8, "three", 0))
    file = FileCoverage(
        "a.c", bitmap(range(1, 11)), bitmap([5, 6]), bitmap([6]), (BranchLine(6, 1, 2),),
        functions=functions,
    )  # fmt: skip
    assert [(gap.function, gap.lines) for gap in gaps([file])] == [
        (Code("one"), bitmap([1, 2, 3, 4])),
        (Code("three"), bitmap([8, 9, 10])),
        (Code("two"), bitmap([6, 7])),
    ]


def test_what_meets_a_database_asks_for_an_integration_test():
    """One more test with a stand-in would be written, and hide what goes wrong there."""
    facts = read_facts("store.py", STORE)
    assert facts.points, "the table is seen"
    file = FileCoverage("store.py", bitmap([1, 2, 3, 6, 7]), bitmap([1, 6]))
    levels = {gap.function: gap.level for gap in gaps([file], facts={"store.py": facts})}
    assert levels == {Code("save"): "integration", Code("price"): "unit"}


def test_many_functions_of_one_file_do_not_crowd_out_the_others():
    """The list would be of one long file alone."""
    functions = tuple(Function(line, f"f{line}", 0, line) for line in range(1, 101))
    found = gaps([covered("a.py", 0, 100, functions=functions), covered("b.py", 0, 50)])
    assert [gap.path for gap in found] == ["a.py"] * 5 + ["b.py"]
    assert found[4].what == "run the other uncovered lines"
    assert found[4].lines.bit_count() == 96


@pytest.mark.parametrize(
    ("wanted", "files", "close"),
    [
        ("pay", {"pay/charge.py"}, ""),
        ("`PAY`", {"pay/charge.py"}, ""),
        ("pay/", {"pay/charge.py"}, ""),
        ("web", {"web/views.py"}, ""),
        ("pey", set(), "pay"),
        ("xyzzy", set(), ""),
        ("", set(), ""),
        ("web/view", set(), "web"),
    ],
)
def test_a_package_is_found_by_its_name_or_its_folder(wanted, files, close):
    """A capital letter or a slash would end in an empty answer."""
    choice = choose_files_of(analyze(SHOP).evidence, wanted)
    assert choice.files == files
    assert choice.close == close
    assert choice.names == (() if files else ("pay", "web"))


def test_a_folder_below_the_topmost_ones_is_a_choice_too():
    """Of a large package nobody could ask for a part."""
    config = Config(goals=GoalsRule(target=Fraction(50)))
    report = Report.of([covered("src/shop/pay/a.py", 0, 5), covered("src/web/b.py", 0, 5)])
    evidence = analyze(Inputs(report, Diff(), config)).evidence
    assert choose_files_of(evidence, "src/shop/pay").files == {"src/shop/pay/a.py"}
    assert choose_files_of(evidence, "src").files == {"src/shop/pay/a.py", "src/web/b.py"}
    assert choose_files_of(evidence, "Shpo").close == "src/shop"
