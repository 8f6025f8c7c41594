"""Small sources drawn in tests, and their facts."""

from __future__ import annotations

from textwrap import dedent

from worker.core.static import FileFacts, TestFunction, read_facts, resolve


def read(text: str, path: str = "tests/test_shop.py") -> FileFacts:
    """Return the facts of one source."""
    return read_facts(path, dedent(text).encode())


def read_all(**texts: str) -> dict[str, FileFacts]:
    """Return the joined facts of several files; `tests__conftest` is tests/conftest.py."""
    paths = {name.replace("__", "/") + ".py": text for name, text in texts.items()}
    return resolve({path: read(text, path) for path, text in paths.items()})


def one_test(text: str, name: str = "test_it") -> TestFunction:
    """Return a test of a source, with what its fixtures do."""
    path = "tests/test_shop.py"
    facts = resolve({path: read(text, path)})[path]
    return next(test for test in facts.tests if test.name.endswith(name))


def hows(test: TestFunction) -> list[str]:
    """Return by what a test asserts."""
    return [one.how for one in test.asserts]


def stand_ins(test: TestFunction) -> list[tuple[str, str]]:
    """Return what stands in for code in a test, and for what."""
    return [(one.how, one.target) for one in test.mocks if one.replaces]
