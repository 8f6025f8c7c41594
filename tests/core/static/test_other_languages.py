"""What patterns tell of files in other languages than Python."""

from __future__ import annotations

import pytest

from tests.core.static.sources import hows, read, stand_ins
from worker.core.static import Kind, Language, classify

CART = """
import { send } from './mail';
const api = require("./api");
jest.mock('./mail');
// it('in a comment', () => expect(1))
describe('Cart', () => {
  beforeEach(() => { jest.spyOn(api, 'get').mockResolvedValue(1); });
  it('adds "items"', async () => {
    const pattern = /expect\\(/, text = `it('x', () => { ${f('}')} expect(1) })`;
    expect(sum(1)).toBe(1);
    await new Promise(r => setTimeout(r, 500));
  });
  it.skip('later', () => { expect(1).toBe(2); });
  test.todo('some day');
  describe('inner', function () { xit('old', function () {}); });
  it.each([[1], [2]])('case %i', (n) => { assert.equal(n, n); });
  it('gives up', function () { this.skip('no network'); });
});
"""


def test_tests_of_javascript_are_read():
    """Jest's and Vitest's suites would be a blank in every table."""
    facts = read(CART, "src/cart.test.ts")
    assert facts.language is Language.JAVASCRIPT
    assert [(test.name, hows(test)) for test in facts.tests] == [
        ('Cart > adds "items"', ["expect"]),
        ("Cart > later", ["expect"]),
        ("Cart > some day", []),
        ("Cart > inner > old", []),
        ("Cart > case %i", ["assert.equal"]),
        ("Cart > gives up", []),
    ]
    assert facts.imports == ("./api", "./mail")
    assert [(one.kind, one.line) for one in facts.findings] == [("sleep", 11)]


TAPE = """
var test = require('tape');
test('parse()', function (t) {
  t.test('a string', function (st) { st.deepEqual(parse('a'), 1); st['throws'](parse); });
  t.test('each', function (st) {
    cases.forEach(function (one) { st.test(one.name, function (s2t) { s2t.ok(one); }); });
  });
  t.end();
});
test('alone', function (t) { t.notEqual(1, 2); });
test.skip('old', async (t) => { await t.test('part', () => { assert.ok(1); }); });
"""


def test_tests_that_stand_in_other_tests_are_counted_by_themselves():
    """Two hundred tests of tape or node:test would be fourteen, of which half check nothing."""
    facts = read(TAPE, "test/parse.js")
    assert [(test.name, hows(test)) for test in facts.tests] == [
        ("parse() > a string", ["st.deepEqual", "st['throws']"]),
        ("parse() > each > one.name", ["s2t.ok"]),
        ("alone", ["t.notEqual"]),
        ("old > part", ["assert.ok"]),
    ]
    assert [len(test.skips) for test in facts.tests] == [0, 0, 0, 1]


def test_skips_of_javascript_are_read():
    """A skipped suite would look like one that runs."""
    tests = read(CART, "src/cart.test.ts").tests
    skips = {test.name.rpartition(" > ")[2]: [one.reason for one in test.skips] for test in tests}
    assert skips == {
        'adds "items"': [],
        "later": [""],
        "some day": ["todo"],
        "old": [""],
        "case %i": [],
        "gives up": ["no network"],
    }


def test_mocks_of_javascript_count_where_they_are_in_force():
    """A module that the file's first line replaces would be taken for the real one."""
    first = read(CART, "src/cart.test.ts").tests[0]
    assert [how for how, _ in stand_ins(first)] == ["jest.mock", "jest.spyOn"]
    assert classify(first) is Kind.MOCKED
    source = """
        describe('a', () => { const f = vi.fn(); it('x', () => { expect(f).toBe(1) }) })
        it('y', () => { expect(1).toBe(1); vi.useFakeTimers(); jest.spyOn(a, 'b') })
    """
    inside, alone = read(source, "a.spec.js").tests
    assert [how for how, _ in stand_ins(inside)] == ["vi.fn"]
    assert stand_ins(alone) == [], "timers and a spy replace nothing"


def test_programs_in_javascript_are_read():
    """Functions, error paths and routes of a TypeScript service would be missing."""
    source = """
        import express from 'express'
        app.get('/users/:id', async (req, res) => {
          try { await db.save(req.body) } catch (e) {
            res.status(500)
            throw e
          }
        })
        export function total(a: number): number {
          return fetch(`https://x`)
        }
        class FakeClient {
          async load(url) {
            return 1
          }
        }
        const add = (a, b) => { return a + b }
    """
    facts = read(source, "src/app.ts")
    assert [(one.name, one.line, one.end_line) for one in facts.functions] == [
        ("total", 9, 11),
        ("load", 13, 15),
        ("add", 17, 17),
    ]
    assert facts.errors == (5, 6)
    assert [(one.kind, one.name) for one in facts.points] == [
        ("route", "GET /users/:id"),
        ("call", "fetch https://x"),
    ]
    assert ("mock-class", 12) in {(one.kind, one.line) for one in facts.findings}


RUST = """
/// ```ignore
/// add(1);
/// ```
pub fn add(a: i32) -> Result<i32, E> {
    let x = f()?;
    if a < 0 { return Err(E::Neg); }
    Ok(a)
}
mod tests {
    #[test]
    fn adds() { assert_eq!(add(1), 1); }
    #[test]
    #[ignore = "slow"]
    fn slow<'a>() { std::thread::sleep(x); let c = '}'; let s = r#"assert!("#; }
    #[tokio::test]
    #[ignore]
    async fn mocked() { let m = MockDb::new(); assert!(m.ok()); }
}
"""
GO = """
func TestAdd(t *testing.T) { if add(1) != 1 { t.Errorf("x {") } }
func TestSkip(t *testing.T) { t.Skip("needs a server") }
func TestMock(t *testing.T) { c := gomock.NewController(t); assert.Equal(t, 1, c) }
"""
JAVA = """
class CartTest {
  @Test
  @Disabled("flaky")
  void addsItems() throws Exception { Cart c = mock(Cart.class); assertEquals(1, c.size()); }
  @Test void nothing() { new Cart().add(1); }
}
"""
KOTLIN = (
    "class CartTest {\n @Test fun `adds items`() { val m = mockk<Api>(); assertEquals(1, 1) }\n}"
)
RUBY = """
RSpec.describe Cart do
  it "adds" do
    allow(api).to receive(:x)
    expect(cart.total).to eq(1)
  end
  it "waits" do
    skip "not now"
  end
end
"""
PHP = """<?php
class CartTest extends TestCase {
  public function testAdds(): void { $m = $this->createMock(Api::class); $this->assertSame(1, 1); }
  public function testSkipped() { $this->markTestSkipped('no db'); }
}
"""
CSHARP = """
class CartTests {
  [Fact(Skip = "slow")]
  public void Adds() { var m = new Mock<IApi>(); Assert.Equal(1, 1); }
}
"""
NEWER = """
def test_a():
    match x:
        case 1: assert (
    assert 1
@pytest.mark.skip("why")
def test_b(): type X[T] = 1
"""


@pytest.mark.parametrize(
    ("path", "text", "tests"),
    [
        (
            "src/lib.rs",
            RUST,
            [
                ("adds", ["assert_eq!"], [], []),
                ("slow", [], [], ["slow"]),
                ("mocked", ["assert!"], ["MockDb::new"], [""]),
            ],
        ),
        (
            "cart_test.go",
            GO,
            [
                ("TestAdd", ["t.Errorf"], [], []),
                ("TestSkip", [], [], ["needs a server"]),
                ("TestMock", ["assert.Equal"], ["gomock.NewController"], []),
            ],
        ),
        (
            "CartTest.java",
            JAVA,
            [("addsItems", ["assertEquals"], ["mock"], ["flaky"]), ("nothing", [], [], [])],
        ),
        ("CartTest.kt", KOTLIN, [("adds items", ["assertEquals"], ["mockk"], [])]),
        (
            "spec/cart_spec.rb",
            RUBY,
            [("adds", ["expect"], ["allow"], []), ("waits", [], [], ["not now"])],
        ),
        (
            "tests/CartTest.php",
            PHP,
            [
                ("testAdds", ["assertSame"], ["->createMock"], []),
                ("testSkipped", [], [], ["no db"]),
            ],
        ),
        ("CartTests.cs", CSHARP, [("Adds", ["Assert.Equal"], ["new Mock<"], ["slow"])]),
        (
            "tests/test_new.py",
            NEWER,
            [("test_a", ["assert", "assert"], [], []), ("test_b", [], [], [])],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_tests_of_other_languages_are_read_by_patterns(path, text, tests):
    """Half of a workspace would be missing from the tables."""
    facts = read(text, path)
    assert facts.language is Language.OTHER
    assert [
        (
            test.name,
            hows(test),
            [one.how for one in test.mocks],
            [one.reason for one in test.skips],
        )
        for test in facts.tests
    ] == tests


def test_a_program_in_ruby_tells_its_error_paths():
    """A line that raises on a condition would count as an error that was tried."""
    text = """
        def take(name)
          raise ArgumentError if name.empty?
          raise KeyError unless known?(name)
          fetch(name)
        rescue KeyError
          retry_later

          nil
        end

        def give
          raise NotImplementedError
        end
    """
    assert read(text, "lib/cart.rb").errors == (7, 8, 9, 13)


def test_a_program_in_rust_tells_its_functions_and_error_paths():
    """Inline tests would count as the program's own functions."""
    facts = read(RUST, "src/lib.rs")
    assert [(one.name, one.line, one.end_line) for one in facts.functions] == [("add", 5, 9)]
    assert facts.errors == (7,), "the line of `?` runs when all goes well, too"
    assert [(one.kind, one.line) for one in facts.findings] == [
        ("doctest-ignored", 2),
        ("sleep", 15),
    ]
