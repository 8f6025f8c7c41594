"""Coverage contexts: every tool's name of a test leads to the test function that it means."""

from __future__ import annotations

import pytest

from worker.core.analysis import analyze
from worker.core.diff import Diff
from worker.core.insights import _contexts
from worker.core.insights._contexts import Reach, TestIndex, contexts_of
from worker.core.insights._reach import add_up, reached_by_path
from worker.core.material import Material
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.numbers import Ratio
from worker.core.static import read_facts
from worker.core.verdict import Inputs

FILES = {
    "shop/tests/test_cart.py": """\
from tests.base import CommonTests

class TestCart(CommonTests):
    def test_total(self):
        assert total() == 1

    class TestInner:
        def test_deep(self):
            assert 1

def test_mocked(mocker):
    mocker.patch("shop.db.connect")
    assert total() == 1

def test_silent():
    total()
""",
    "shop/tests/base.py": """\
import unittest

class CommonTests(unittest.TestCase):
    def test_common(self):
        assert 1
""",
    "shop/tests/test_own.py": """\
class TestBase:
    def test_shared(self):
        assert 1

class TestSub(TestBase):
    pass
""",
    "other/tests/test_pay.py": "def test_pay():\n    assert 1\n",
    "third/tests/test_pay.py": "def test_pay():\n    assert 1\n",
    "web/cart.test.ts": 'test("adds", () => { expect(add(1)).toBe(1) })\n',
    "spec/LoneTest.java": "class LoneTest { @Test void adds() { assertEquals(1, 1); } }\n",
}
CART = "shop/tests/test_cart.py"


def evidence_of(*contexts, files=FILES, **lines):
    """Return evidence of a report that has one line for each context."""
    named = tuple(sorted((name, 1 << at) for at, name in enumerate(contexts, 1)))
    count = len(contexts)
    every = bitmap(range(1, count + 4))
    file = FileCoverage("shop/cart.py", every, bitmap(range(1, count + 2)), contexts=named)
    facts = {path: read_facts(path, text.encode()) for path, text in files.items()}
    inputs = Inputs(Report.of([file]), Diff(), material=Material(facts=facts), **lines)
    return analyze(inputs).evidence


@pytest.mark.parametrize(
    ("context", "test"),
    [
        ("shop/tests/test_cart.py::TestCart::test_total|run", "TestCart::test_total"),
        ("tests/test_cart.py::TestCart::test_total|setup", "TestCart::test_total"),
        ("tests/test_cart.py::TestCart::test_total|teardown", "TestCart::test_total"),
        ("tests/test_cart.py::test_mocked[a|b::c/d.py-[x]]|run", "test_mocked"),
        ("tests/test_cart.py::TestCart::TestInner::test_deep", "TestCart::TestInner::test_deep"),
        ("/home/ci/shop/tests/test_cart.py::test_silent|run", "test_silent"),
        ("tests.test_cart.TestCart.test_total", "TestCart::test_total"),
        ("test_cart.TestCart.test_total", "TestCart::test_total"),
        ("src.shop.tests.test_cart.test_mocked", "test_mocked"),
        ("unit|tests.test_cart.test_mocked", "test_mocked"),
        ("nightly|unit|shop/tests/test_cart.py::test_mocked|run", "test_mocked"),
        ("test_mocked", "test_mocked"),
    ],
)
def test_a_context_leads_to_its_test(context, test):
    """Lines of a tool's reports would belong to no test, and the analysis would be silent."""
    (found,) = contexts_of(evidence_of(context))[context].tests
    assert found.id == f"{CART}::{test}"


@pytest.mark.parametrize(
    ("context", "test"),
    [
        ("shop/tests/test_cart.py::TestCart::test_common|run", "shop/tests/base.py::CommonTests"),
        ("tests/test_own.py::TestSub::test_shared|run", "shop/tests/test_own.py::TestBase"),
    ],
)
def test_an_inherited_test_is_found_where_it_is_written(context, test):
    """The tests of base classes, often most of a suite, would be unknown."""
    (found,) = contexts_of(evidence_of(context))[context].tests
    assert found.id.startswith(test)


def test_the_nearest_file_counts_where_several_have_the_same_name():
    """A test would be taken for its namesake in another service."""
    full, short = "third/tests/test_pay.py::test_pay|run", "tests/test_pay.py::test_pay|run"
    known = contexts_of(evidence_of(full, short))
    assert [one.path for one in known[full].tests] == ["third/tests/test_pay.py"]
    assert len(known[short].tests) == 2, "either may be meant"


@pytest.mark.parametrize(
    ("context", "reach"),
    [
        ("", Reach.IMPORT),
        ("tests/test_cart.py::TestCart::test_total|run", Reach.REAL),
        ("tests/test_cart.py::test_mocked|run", Reach.MOCKED),
        ("tests/test_cart.py::test_silent|run", Reach.SILENT),
        ("tests/test_cart.py::test_gone|run", Reach.UNKNOWN),
        ("tests/unknown/test_cart.py::test_silent|run", Reach.UNKNOWN),
        ("shop/cart.py::shop.cart.total|run", Reach.REAL),
        ("shop/__init__.py::shop|run", Reach.REAL),
        ("README.md::README.md|run", Reach.REAL),
        ("tests/test_cart.py|run", Reach.REAL),
        ("spec.LoneTest", Reach.REAL),
        ("adds", Reach.UNKNOWN),
        ("worker 1", Reach.UNKNOWN),
    ],
)
def test_a_context_is_worth_what_its_tests_prove(context, reach):
    """A line would count as proven that only a mocked test has touched, or the reverse."""
    assert contexts_of(evidence_of(context))[context].reach is reach


def test_a_static_context_by_itself_is_no_test():
    """What runs on import would be called unknown wherever a team names its runs."""
    alone = contexts_of(evidence_of("unit", "unit|tests.test_cart.test_mocked"))
    assert alone["unit"].reach is Reach.IMPORT
    assert contexts_of(evidence_of("unit"))["unit"].reach is Reach.UNKNOWN


def test_each_line_belongs_to_the_best_that_reaches_it():
    """A line that one real test proves would still be called hollow."""
    tests = ("TestCart::test_total", "test_mocked", "test_silent")
    real, mocked, silent = (f"tests/test_cart.py::{name}|run" for name in tests)
    ran = {"": [1, 6, 8], real: [2], mocked: [2, 3, 6], silent: [2, 3, 4], "?": [5]}
    file = FileCoverage(
        "a.py",
        bitmap(range(1, 11)),
        bitmap(range(1, 10)),
        contexts=tuple(sorted((name, bitmap(lines)) for name, lines in ran.items())),
    )
    facts = evidence_of(real).inputs.material.facts
    text = b"def f():\n  b()\n  c()\n  d()\n  e()\nX = 1\nY = 2\ndef g():\n  h()\n  i()\n"
    material = Material(facts={**facts, "a.py": read_facts("a.py", text)})
    inputs = Inputs(Report.of([file]), Diff(), material=material)
    (found,) = reached_by_path(analyze(inputs).evidence).values()
    assert (found.real, found.mocked, found.silent) == (1 << 2, 1 << 3, 1 << 4)
    assert found.unknown == bitmap([5, 9]), "the last stands in a function, and nobody ran it"
    assert found.imported == bitmap([1, 6, 7, 8]), "whichever test imported the module first"
    assert found.missed == 1 << 10
    counts = add_up([found])
    assert counts.share == Ratio(1, 6), "four lines run on import alone"
    assert counts.possible == Ratio(3, 6)
    assert counts.covered == 9


def test_what_is_written_in_any_language_can_be_named():
    """Tests of one language alone would be joined."""
    tests = _contexts.tests_of(evidence_of())
    index = TestIndex(tests, {})
    assert [one.path for one in index.find("web/cart.test.ts::adds")] == ["web/cart.test.ts"]
    assert [one.test.name for one in index.find("spec.LoneTest.adds")] == ["adds"]
    assert len(index.find("test_pay")) == 2, "a file's name stands for all of its tests"
    assert index.find("adds") == (), "two tests have this name"
