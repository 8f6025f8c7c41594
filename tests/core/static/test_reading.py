"""Reading any file: caps, hostile texts, identifiers, paths, and the way through the store."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.static.sources import read
from worker.core.static import (
    FileFacts,
    Kind,
    Language,
    Mock,
    TestFunction,
    classify,
    decode_facts,
    encode_facts,
    is_test_path,
    read_facts,
    resolve,
)
from worker.core.static.facts import Assertion

SUFFIXES = ["py", "js", "tsx", "rs", "go", "java", "kt", "cs", "rb", "php", "md", "json", "unknown"]
CODE = """def class test_a it( describe( `${ } { ( ) [ ] ' " ''' # // /* */ / \\ @patch assert
import from with raise try: except: lambda f'{ <div> #[test] fn => async Test Mock() = , : ;
r#" #} é"""
WORDS = st.sampled_from([*CODE.split(), "\n", "\t", "\r\n", "\0", "\ufeff", '"""'])


@given(st.sampled_from(SUFFIXES), st.booleans(), st.binary(max_size=300))
@settings(max_examples=150)
def test_no_bytes_can_break_the_reading(suffix, test, data):
    """One odd file in a repository would end the analysis of all."""
    path = f"tests/test_x.{suffix}" if test else f"src/x.{suffix}"
    assert isinstance(read_facts(path, data), FileFacts)


@given(st.sampled_from(SUFFIXES), st.booleans(), st.lists(WORDS, max_size=60))
@settings(max_examples=300)
def test_no_text_of_code_can_break_reading_joining_and_storing(suffix, test, words):
    """Half-written code is what pull requests are made of."""
    path = f"tests/test_x.{suffix}" if test else f"src/x.{suffix}"
    facts = read_facts(path, " ".join(words).encode("utf-8", "surrogatepass"))
    assert decode_facts(encode_facts(facts)) == facts
    joined = resolve({path: facts})
    assert resolve(joined) == joined


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 5_000,
        "x = " + "-" * 50_000 + "1",
        "x = 1" + " + 1" * 50_000,
        "a" + ".b" * 50_000 + "()",
        "if x:\n pass\n" + "elif x:\n pass\n" * 3_000,
        "\n".join(" " * depth + "if x:" for depth in range(99)),
        "a" * 900_000 + "()",
        "# coding: punycode\n" + "x = 1\n" * 1_000,
    ],
    ids=range(8),
)
def test_odd_python_is_read_as_far_as_it_goes(text):
    """A source made to break a parser would end the worker's job."""
    assert isinstance(read_facts("tests/test_x.py", text.encode()), FileFacts)


def test_a_large_file_is_read_by_patterns_and_says_so():
    """Generated megabytes would take minutes, or look as well read as the rest."""
    text = "def test_a():\n    assert 1\n" + "# filler\n" * 150_000
    facts = read_facts("tests/test_x.py", text.encode())
    assert facts.partial
    assert facts.language is Language.OTHER
    assert [test.name for test in facts.tests] == ["test_a"]


def test_binary_files_tell_nothing():
    """An image would be counted as lines of code."""
    assert read_facts("logo.png", b"\x89PNG\0\0") == FileFacts(Language.OTHER, partial=True)


def test_ids_are_found_in_any_text_with_their_first_line():
    """SECURITY-002 in a document could not be matched with the test that names it."""
    text = "# Plan\nSECURITY-002 and UTF-8, SHA-256\nPERF-001, SECURITY-002, XSECURITY-9x, A-1\n"
    assert read(text, "docs/plan.md").identifiers == (("PERF-001", 3), ("SECURITY-002", 2))
    assert read("# for TAS-63\nx = 1", "src/a.py").identifiers == (("TAS-63", 1),)


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("tests/helpers.py", True),
        ("test_cart.py", True),
        ("app/tests.py", True),
        ("src/cart.spec.ts", True),
        ("cart_test.go", True),
        ("t/unit/case.py", True),
        ("src/CartTest.java", True),
        ("src/cart.py", False),
        ("src/contest.py", False),
    ],
)
def test_one_rule_tells_test_files(path, test):
    """The tables would count a file as a test that new code counts as the program."""
    assert is_test_path(path) is test


def test_stored_facts_of_another_version_are_read_anew():
    """A newer Covgate would judge by what an older one saw."""
    data = encode_facts(read("def test_a(): assert 1"))
    assert decode_facts(data[:6] + b"\xff" + data[7:]) is None
    assert decode_facts(data[:-3]) is None
    assert decode_facts(b"") is None


def test_the_rules_are_tried_in_their_order():
    """The hollow tests of a team would be other ones than the documents say."""
    mock, spy = Mock(1, "send", "patch"), Mock(1, "send", "mocker.spy", False)
    asserts = (Assertion(2, "assert"),)
    assert classify(TestFunction("a", 1, 2, mocks=(mock,))) is Kind.SILENT
    assert classify(TestFunction("a", 1, 2, asserts, (mock,))) is Kind.MOCKED
    assert classify(TestFunction("a", 1, 2, asserts, (mock,), real=("files",))) is Kind.MOCKED
    assert classify(TestFunction("a", 1, 2, asserts, (mock,), real=("queue",))) is Kind.REAL
    assert classify(TestFunction("a", 1, 2, asserts, (spy,))) is Kind.REAL


@pytest.mark.parametrize("name", ["a.ts", "a.rs", "a_test.go", "a_spec.rb", "A.java", "a.php"])
@pytest.mark.parametrize("piece", ['"\\', "'\\", "`\\"])
def test_strings_without_an_end_are_read_in_linear_time(name, piece):
    """A file of a megabyte would keep a worker busy for hours: half of one takes a second here."""
    assert not read_facts(name, piece.encode() * 250_000).tests


def test_an_endless_f_string_is_read_by_patterns():
    """Python's own parser would take a minute for it."""
    text = "def test_a():\n    assert f'" + "{a}" * 300_000 + "'\n"
    facts = read_facts("tests/test_a.py", text.encode())
    assert facts.partial
    assert [test.name for test in facts.tests] == ["test_a"]
