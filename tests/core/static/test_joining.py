"""Joining: the written test that a runner's report speaks of."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.core.static.sources import read
from worker.core.junit import TestCase, parse_junit
from worker.core.static.joining import Joiner

JUNIT = Path(__file__).parents[2] / "data" / "junit"

PYTHON = """
class TestCart:
    def test_total(self): assert 1
    class TestInner:
        def test_total(self): assert 1
def test_total(): assert 1
def test_adds(): assert 1
"""
SCRIPT = """
describe('Cart', () => {
  it('adds one', () => { expect(1).toBe(1) })
  describe('total', () => { it('is zero', () => { expect(1).toBe(1) }) })
})
test('stands alone', () => { expect(1).toBe(1) })
"""
JAVA = """
class CartTest {
  @Test void total() { assertEquals(1, 1); }
  @ParameterizedTest @ValueSource(ints = {1}) void adds(int one) { assertEquals(1, 1); }
}
"""
GO = "package cart\nfunc TestTotal(t *testing.T) { t.Error() }\n"
RUST = """
fn add() {}
#[cfg(test)]
mod tests {
    #[test]
    fn adds() { assert!(true); }
}
"""
PHP = "<?php class CartTest { public function testTotal() { $this->assertTrue(true); } }\n"
RUBY = """
RSpec.describe Cart do
  it "is zero" do
    expect(1).to eq(1)
  end
  it "adds one" do
    expect(1).to eq(1)
  end
end
"""
FILES = {
    "tests/unit/test_cart.py": PYTHON,
    "tests/integration/test_cart.py": PYTHON,
    "tests/test_flow.py": "def test_flow(): assert 1\ndef test_total(): assert 1\n",
    "web/src/cart.test.ts": SCRIPT,
    "src/test/java/com/shop/CartTest.java": JAVA,
    "cart/cart_test.go": GO,
    "other/cart_test.go": GO,
    "src/cart.rs": RUST,
    "tests/Unit/CartTest.php": PHP,
    "spec/models/cart_spec.rb": RUBY,
}
JOINER = Joiner({path: read(text, path).tests for path, text in FILES.items()})


def find(classname, name, file=""):
    id_ = "::".join(part for part in (classname, name) if part)
    found = JOINER.find(TestCase(id_, name, classname, file, None, "passed"))
    return None if found is None else (found.path, found.test and found.test.name)


@pytest.mark.parametrize(
    ("classname", "name", "file", "path", "test"),
    [
        # pytest: modules with dots from its own root, classes behind them, cases in brackets
        ("tests.unit.test_cart", "test_adds", "", "tests/unit/test_cart.py", "test_adds"),
        ("tests.unit.test_cart", "test_total[a.b-2]", "", "tests/unit/test_cart.py", "test_total"),
        ("unit.test_cart.TestCart", "test_total", "", "tests/unit/test_cart.py",
         "TestCart::test_total"),
        ("tests.integration.test_cart.TestCart.TestInner", "test_total", "",
         "tests/integration/test_cart.py", "TestCart::TestInner::test_total"),
        ("test_flow", "test_flow", "", "tests/test_flow.py", "test_flow"),
        ("test_cart.TestCart", "test_total", "tests/unit/test_cart.py",
         "tests/unit/test_cart.py", "TestCart::test_total"),
        ("backend.tests.test_flow", "test_flow", "", "tests/test_flow.py", "test_flow"),
        # Vitest names the file, jest-junit suite and test, Jest's own reporters both in one
        ("src/cart.test.ts", "Cart > adds one", "", "web/src/cart.test.ts", "Cart > adds one"),
        ("Cart adds one", "Cart adds one", "", "web/src/cart.test.ts", "Cart > adds one"),
        ("Cart total", "is zero", "/home/ci/web/src/cart.test.ts", "web/src/cart.test.ts",
         "Cart > total > is zero"),
        ("Cart › total", "is zero", "", "web/src/cart.test.ts", "Cart > total > is zero"),  # noqa: RUF001
        ("", "stands alone", "", "web/src/cart.test.ts", "stands alone"),
        # Surefire, Gradle, JUnit 5 with its cases
        ("com.shop.CartTest", "total", "", "src/test/java/com/shop/CartTest.java", "total"),
        ("com.shop.CartTest", "total()", "", "src/test/java/com/shop/CartTest.java", "total"),
        ("com.shop.CartTest", "adds(int)[2]", "", "src/test/java/com/shop/CartTest.java", "adds"),
        ("com.shop.CartTest", "adds{int}[1]", "", "src/test/java/com/shop/CartTest.java", "adds"),
        # go-junit-report and gotestsum: the package's path, subtests behind a slash
        ("example.com/shop/cart", "TestTotal", "", "cart/cart_test.go", "TestTotal"),
        ("example.com/shop/other", "TestTotal/two_items", "", "other/cart_test.go", "TestTotal"),
        # cargo-nextest: the crate, and modules before the name
        ("shop", "cart::tests::adds", "", "src/cart.rs", "adds"),
        # PHPUnit: a namespace with dots, cases in words
        ("Tests.Unit.CartTest", 'testTotal with data set "two"', "", "tests/Unit/CartTest.php",
         "testTotal"),
        # RSpec: the whole description
        ("spec.models.cart_spec", "Cart total is zero", "./spec/models/cart_spec.rb",
         "spec/models/cart_spec.rb", "is zero"),
    ],
)  # fmt: skip
def test_every_runners_way_of_naming_is_read(classname, name, file, path, test):
    """A slow or skipped test would be reported without its file and line."""
    assert find(classname, name, file) == (path, test)


@pytest.mark.parametrize(
    ("classname", "name"),
    [
        ("", "test_total"),
        ("com.other.Unknown", "test_total"),
        ("Cart", "there is no such test"),
        ("com.else.CartTest", "total2"),
    ],
)
def test_what_is_not_certain_is_not_joined(classname, name):
    """A test would be blamed for what another one of the same name does."""
    assert find(classname, name) is None


def test_a_file_is_told_where_its_test_is_not():
    """A test that a class inherits would have no place at all."""
    assert find("tests.unit.test_cart.TestCart", "test_inherited") == (
        "tests/unit/test_cart.py",
        None,
    )


def parse(name):
    data = (JUNIT / name).read_bytes()
    return parse_junit(gzip.decompress(data) if name.endswith("gz") else data).cases


def written(names, text):
    return "\n".join(text % name for name in dict.fromkeys(names))


def python_of(cases):
    """Return sources that hold the functions of a pytest report."""
    files = {}
    for one in cases:
        module, _, last = one.classname.rpartition(".")
        name = one.name.partition("[")[0]
        if last[0].isupper():
            source = f"class {last}:\n    def {name}(self): assert 1\n"
        else:
            module, source = one.classname, f"def {name}(): assert 1\n"
        path = module.replace(".", "/") + ".py"
        files[path] = files.get(path, "") + source * (source not in files.get(path, ""))
    return files


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("humanize-head.xml.gz", python_of),
        ("mishakav-pytest_1.xml", python_of),
        (
            "pytest-junit.fail.xml",
            lambda cases: {
                "test/test_spark.py": "class SparkTests:\n"
                + written([one.name for one in cases], "    def %s(self): assert 1")
            },
        ),
        (
            "gotestsum-pflag.xml",
            lambda cases: {
                "flag_test.go": written(
                    [one.name.partition("/")[0] for one in cases],
                    "func %s(t *testing.T) { t.Error() }",
                )
            },
        ),
        (
            "surefire-email.xml",
            lambda cases: {
                "src/test/java/action/surefire/report/email/EmailAddressTest.java": written(
                    [one.name for one in cases], "@Test public void %s() { assertTrue(true); }"
                )
            },
        ),
        (
            "ant-TEST-DefaultParserTest.xml",
            lambda cases: {
                "src/test/java/org/apache/commons/cli/DefaultParserTest.java": written(
                    [one.name for one in cases], "@Test public void %s() { assertTrue(true); }"
                )
            },
        ),
        (
            "nextest-basic.xml",
            lambda cases: {
                "src/lib.rs": written(
                    [one.name.rpartition("::")[2] for one in cases],
                    "#[test]\nfn %s() { assert!(true); }",
                )
            },
        ),
        (
            "dorny-jest-junit.xml",
            lambda cases: {
                "src/main.test.js": "\n".join(
                    "".join(f"describe('{step}', () => {{" for step in steps)
                    + f"test('{one.name}', () => {{ expect(1).toBe(1) }})"
                    + "})" * len(steps)
                    for one in cases
                    for steps in [one.classname.split(" › ")]  # noqa: RUF001
                )
            },
        ),
    ],
)  # fmt: skip
def test_real_reports_are_joined_with_their_tests(name, sources):
    """What holds for made-up names would fail on what runners really write."""
    cases = [one for one in parse(name) if one.classname]
    joiner = Joiner({path: read(text, path).tests for path, text in sources(cases).items()})
    left = [one.id for one in cases if (found := joiner.find(one)) is None or found.test is None]
    assert left == []
    assert cases
