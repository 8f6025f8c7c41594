"""Two versions of a tree, and what stands for the facts of one file."""

from __future__ import annotations

import pytest

from worker.core.static import encode_facts, key_of_facts, rank_files, read_facts, resolve_versions

CONFTEST = b"""
import pytest
from unittest import mock
@pytest.fixture
def db():
    with mock.patch("shop.db.connect") as connect:
        yield connect
"""
TEST = b"def test_total(db):\n    assert db\n"


def key(path: str) -> str:
    return key_of_facts(path, "a" * 40, "3.13")


def test_the_version_before_a_change_is_joined_with_what_did_not_change():
    """A test that was mocked all along would be told as newly mocked."""
    head = {
        "tests/test_cart.py": read_facts("tests/test_cart.py", TEST + b"\ndef test_b(): ...\n"),
        "tests/conftest.py": read_facts("tests/conftest.py", CONFTEST),
    }
    base = {"tests/test_cart.py": read_facts("tests/test_cart.py", TEST)}
    facts, base_facts = resolve_versions(head, base)
    assert list(facts) == ["tests/conftest.py", "tests/test_cart.py"]
    assert list(base_facts) == ["tests/test_cart.py"]
    (before,) = base_facts["tests/test_cart.py"].tests
    assert before == facts["tests/test_cart.py"].tests[0]
    assert [mock.path for mock in before.mocks] == ["tests/conftest.py"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("src/a.py", "lib/b.py", True),
        ("src/a.ts", "lib/b.ts", True),
        ("src/a.py", "tests/a.py", False),
        ("src/a.py", "src/a.rb", False),
        ("tests/test_a.py", "tests/helper.py", False),
    ],
)
def test_files_have_one_key_where_they_are_read_alike(one, other, same):
    """A test that was moved into the program would keep the facts of a test, for ever."""
    assert (key(one) == key(other)) is same
    assert key(one) != key_of_facts(one, "b" * 40, "3.13")
    assert (key(one) != key_of_facts(one, "a" * 40, "3.14")) is one.endswith(".py")


def test_half_a_character_can_be_stored():
    """An escape in a test's text would end the look that tries to keep it."""
    data = b'@pytest.mark.skip(reason="\\ud800 \\U0000DFFF")\ndef test_a(): ...\n'
    (test,) = read_facts("tests/test_a.py", data).tests
    assert test.skips[0].reason == "\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}"
    assert encode_facts(read_facts("tests/test_a.py", data))


def test_what_matters_most_is_read_first():
    """Of a huge repository, the files of the change would be left out."""
    paths = [
        "src/a.py", "src/b.py", "src/gen/c.py", "src/other.go", "tests/test_a.py", "README.md",
        "tests/data.json", "vendor/x/tests/test_x.py", "notes/plan.md", "docs/rules.md",
        "tests/gen/test_c.py",
    ]  # fmt: skip
    ranked = rank_files(paths, {"src/a.py"}, {"src/b.py"}, ["**/gen/**"])
    assert ranked == (
        "src/b.py", "tests/gen/test_c.py", "tests/test_a.py", "src/a.py", "README.md",
        "docs/rules.md",
    )  # fmt: skip
