"""Changes of suites of tests, as the analyses of them are tried on."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from tests.core.insights.suites import case, inputs, run
from worker.core.analysis import analyze
from worker.core.config import (
    BudgetsRule,
    Config,
    ReportSource,
    TestsRule,
)
from worker.core.insights import (
    budgets,
    doctests,
    fixtures,
    pyramid,
    skipped,
    slow,
    statistics,
    test_changes,
)
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.verdict import Inputs


def insight(module, given):
    return module.look(analyze(given).evidence)


def rows(module, given, table=0):
    return insight(module, given).tables[table].rows


def rule(**parts):
    return Config(tests=TestsRule(**parts))


OPENFGA = """
import pytest

class TestCircuitBreaker:
    def test_opens(self, client):
        assert client.check() is False

    def test_closes(self, client):
        assert client.check() is False

    def test_counts(self, client):
        assert client.check() is False
"""


RETRY = """
import time
import pytest

def wait(seconds):
    time.sleep(4)

@pytest.fixture
def server():
    time.sleep(2)
    return object()

def test_exponential_backoff_timing():
    for attempt in range(4):
        time.sleep(3)
    assert attempt == 3

def test_waits_in_a_helper(server):
    wait(4)
    assert server

@pytest.mark.timeout(60)
def test_gives_up():
    assert True
"""


CLIENT = """
from resilience import retry_with_backoff

class Client:
    @retry_with_backoff(attempts=3)
    def check(self):
        self.calls += 1
        return self.ask()
"""


OLD_SUITE = {"tests/test_openfga.py": OPENFGA, "src/client.py": CLIENT}


SUITE = {**OLD_SUITE, "tests/resilience/test_retry.py": RETRY}


BREAKER = "tests.test_openfga.TestCircuitBreaker"


OPENS = "tests/test_openfga.py::TestCircuitBreaker::test_opens"


TIMES = [
    case(f"{BREAKER}::test_opens", "45.1"),
    case(f"{BREAKER}::test_closes", "44.9"),
    case(f"{BREAKER}::test_counts", "45"),
    case("tests.resilience.test_retry::test_exponential_backoff_timing", "14.25"),
    case("tests.resilience.test_retry::test_waits_in_a_helper", "10.5"),
    case("tests.resilience.test_retry::test_gives_up", "10"),
]


BEFORE = run(*TIMES[:2], case(f"{BREAKER}::test_counts", "9"))


REACHED = Report.of(
    [
        FileCoverage(
            "src/client.py",
            bitmap([2, 4, 5, 6, 7, 8]),
            bitmap([2, 4, 5, 6, 7, 8]),
            contexts=((f"{OPENS}|run", bitmap([7, 8])),),
        )
    ]
)  # fmt: skip


SLOW = inputs(SUITE, OLD_SUITE, report=REACHED, ran=run(*TIMES), ran_before=BEFORE)


def unit_and_more(unit, integration, e2e, contract=0):
    """Return a suite of so many tests of each type, ten in a file, two assertions each."""
    texts = {}
    for folder, count in {
        "unit": unit, "integration": integration, "e2e": e2e, "contract": contract
    }.items():  # fmt: skip
        for number in range(count):
            path = f"tests/{folder}/test_{number // 10}.py"
            asserts = "    assert 1\n" * (1 + (number % 7 != 0))
            texts[path] = texts.get(path, "") + f"def test_{number}():\n{asserts}\n"
    texts["src/api.py"] = "x = 1\n" * 1000
    return texts


API = unit_and_more(490, 280, 1, 5)


"""A suite as a team counted it by hand: 490 unit, 280 integration and one end-to-end test."""


SKIPS = """
import sys
import pytest
import unittest

@pytest.mark.skip
def test_bare(): assert 1

@pytest.mark.skip(reason="the API is down, see #12")
def test_said(): assert 1

@pytest.mark.skipif(sys.platform == "win32", reason="no fork on Windows")
def test_forks(): assert 1

def test_asks():
    if not connect():
        pytest.skip()
    assert 1
"""


NEW_SKIPS = SKIPS + "\n@pytest.mark.skip()\ndef test_fresh(): assert 1\n"


SKIPPED = inputs(
    {"tests/test_api.py": NEW_SKIPS},
    {"tests/test_api.py": SKIPS},
    ran=run(
        case("tests.test_api::test_bare", outcome="skipped", reason="unconditional skip"),
        case("tests.test_api::test_said", outcome="skipped", reason="the API is down, see #12"),
        case("tests.test_api::test_forks"),
        case("tests.test_other::test_network", outcome="skipped", reason="needs a network"),
        case("web.cart::adds", outcome="skipped"),
    ),
    ran_before=run(
        case("web.cart::adds"), case("tests.test_other::test_network", outcome="skipped")
    ),
)  # fmt: skip


CONFTEST = "import pytest\n" + "".join(
    f"\n@pytest.fixture\ndef part_{number}():\n    one = {number}\n    return one\n"
    for number in range(80)
)


REPEATED = """
import pytest

@pytest.fixture
def database():
    pool = connect("postgres:///shop")
    pool.migrate()
    yield pool
    pool.close()

def test_one():
    \"\"\"The first.\"\"\"
    cart = Cart()
    cart.add("apple", 2)
    cart.add("pear", 1)
    assert cart.total() == 3

def test_two():
    cart = Cart()
    cart.add("apple", 2)
    # and a pear
    cart.add("pear", 1)
    assert cart.count() == 2

def test_three(a, b, c, d, e, f, g, h, i):
    cart = Cart()
    cart.add("apple", 2)
    cart.add("pear", 1)
    assert not cart.empty()
"""


BLOATED = inputs(
    {
        "tests/conftest.py": CONFTEST,
        "tests/test_cart.py": REPEATED,
        "tests/test_flow.py": REPEATED.replace("Cart()", "Other()").replace(", a", ""),
    },
    {"tests/conftest.py": CONFTEST[:900], "tests/test_cart.py": REPEATED},
)


EXAMPLES = '''
def total(one):
    """Sum it up.

    >>> total([1])
    1
    >>> total([2])  # doctest: +SKIP
    2
    """
'''


RUST = "/// ```ignore\n/// add(1)\n/// ```\nfn add() {}\n/// ```no_run\n/// add(1)\n/// ```\n"


ONE_TEST = "def test_a(): assert 1\n"


DOCTESTS = inputs(
    {"src/shop/total.py": EXAMPLES, "src/lib.rs": RUST, "tests/test_a.py": ONE_TEST},
    {"src/shop/total.py": EXAMPLES, "src/lib.rs": "", "tests/test_a.py": ONE_TEST},
    ran=run(case("tests.test_a::test_a")),
)  # fmt: skip


FLAGGED = Config(
    reports=(ReportSource("u*", flag="unit"), ReportSource("i*", flag="integration")),
    tests=TestsRule(budgets=BudgetsRule((("unit", Fraction(60)),), Fraction(1000))),
)


BUDGETS = Inputs(
    Report(),
    inputs({}).diff,
    FLAGGED,
    suites={
        "unit": run(case("tests.a::test_a", "50.5"), case("tests.a::test_b", "12")),
        "integration": run(case("tests.i::test_c", "500")),
    },
    tests=run(
        case("tests.a::test_a", "50.5"),
        case("tests.a::test_b", "12"),
        case("tests.i::test_c", "500"),
    ),
    baseline=SLOW.baseline and replace(
        SLOW.baseline,
        tests=run(case("tests.a::test_a", "48"), case("tests.i::test_c", "450")),
    ),
)  # fmt: skip


CART = "def add(one):\n    return one\n"


CART_LONGER = CART + "\n\ndef take(one):\n    if one:\n        return one\n    return None\n"


CART_TEST = "from shop.cart import add\n\n\ndef test_add():\n    assert add(1) == 1\n"


TESTED = CART_TEST + "\n\ndef test_take():\n    assert take(1)\n"


LONGER = Report.of([
    FileCoverage("src/shop/cart.py", bitmap([1, 2, 5, 6, 7, 8]), bitmap([1, 2, 5, 6, 7])),
    FileCoverage("src/shop/pay.py", bitmap([1, 2, 5, 6, 7, 8]), bitmap([1, 2, 5])),
])  # fmt: skip


CHANGED_SOURCE = {"src/shop/cart.py": CART_LONGER, "src/shop/pay.py": CART_LONGER}


UNTESTED = inputs(
    {**CHANGED_SOURCE, "tests/test_cart.py": CART_TEST},
    {"src/shop/cart.py": CART, "src/shop/pay.py": CART, "tests/test_cart.py": CART_TEST},
    report=LONGER,
)  # fmt: skip


WITH_TEST = inputs(
    {**CHANGED_SOURCE, "tests/test_cart.py": TESTED},
    {"src/shop/cart.py": CART, "src/shop/pay.py": CART, "tests/test_cart.py": CART_TEST},
    report=LONGER,
)  # fmt: skip


CASES = {
    "test_changes": (test_changes, UNTESTED),
    "test-changes-with-tests": (test_changes, WITH_TEST),
    "statistics": (statistics, inputs(API)),
    "statistics-changed": (statistics, WITH_TEST),
    "pyramid": (pyramid, inputs(API)),
    "skipped": (skipped, SKIPPED),
    "slow": (slow, SLOW),
    "budgets": (budgets, BUDGETS),
    "fixtures": (fixtures, BLOATED),
    "doctests": (doctests, DOCTESTS),
}


def blocking(**parts):
    """Return a configuration with one analysis set to block."""
    return {"config": rule(**parts)}


def result(given, gate, subject=""):
    return analyze(given).result(gate, subject)
