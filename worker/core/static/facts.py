"""What reading a file's text tells of it, without running anything: values.

They are made once for each version of a file (by blob id), kept in the store, and given to
the analyses. All lines are line numbers of that version, counted from 1.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = [
    "VERSION",
    "Assertion",
    "FileFacts",
    "Finding",
    "Fixture",
    "Helper",
    "Language",
    "Mock",
    "Skip",
    "SourceFunction",
    "SourcePoint",
    "TestFunction",
]

VERSION = 3
"""Goes up when the same text would give other facts: what is stored is read anew then."""


class Language(StrEnum):
    """How a file was read. By its syntax tree, or by patterns, which is said where it is shown."""

    PYTHON = "python"
    JAVASCRIPT = "javascript"
    """And TypeScript."""
    OTHER = "other"


class _Facts(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A value of many, as in `worker.core.model`; stored without its fields' names."""


class Mock(_Facts, frozen=True, gc=False):
    """Something that stands in for a part of the program."""

    line: int
    target: str
    """What is replaced, as written: "app.db.connect", "producer"; empty where it is not told."""
    how: str
    """By what: "patch", "Mock", "monkeypatch.setattr", "jest.mock", …"""
    replaces: bool = True
    """Whether it stands in for code of this test. What sets a plain value, an environment
    variable or the clock, or only watches (a spy), does not; nor does what a conftest.py does
    to all tests of its folder."""
    path: str = ""
    """The file, where `line` is of another one than the test's: a fixture of conftest.py."""


class Assertion(_Facts, frozen=True, gc=False):
    """A statement that can fail the test."""

    line: int
    how: str
    """"assert", "pytest.raises", "self.assertEqual", "expect", "mock.assert_called", …"""


class Skip(_Facts, frozen=True, gc=False):
    """A test that is not run, always or on a condition."""

    line: int
    reason: str
    """As written; empty where none is."""
    condition: str = ""
    """Of `skipif`, as written; empty where it is always skipped."""


class TestFunction(_Facts, frozen=True, gc=False):
    """One test as it is written (parametrised ones once)."""

    __test__ = False  # or pytest takes this class for a test

    name: str
    """With its classes: "TestCart::test_total"."""
    line: int
    end_line: int
    asserts: tuple[Assertion, ...] = ()
    mocks: tuple[Mock, ...] = ()
    """Those of its own body, decorators and fixtures."""
    skips: tuple[Skip, ...] = ()
    fixtures: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    cases: int = 1
    """How many parameter sets are written out; 1 where that is not told."""
    real: tuple[str, ...] = ()
    """The real components that it touches, by kind: "database", "queue", "network", "http"
    (the program's own web interface, in memory), "process", "files"."""
    calls: tuple[str, ...] = ()
    """What it calls that another file may define (a fixture's value, a helper): `resolve`
    looks there for assertions and mocks."""
    looks: bool = True
    """Whether it may look at more than what the tested code hands back: at a query, a mock, a
    file. False where it was read by its syntax tree and compares results alone."""
    opening: str = ""
    """A digest of its first three statements, where they only prepare and more follow."""
    waits: tuple[int, ...] = ()
    """Lines of its file's helpers that it calls, and that sleep, retry or have a timeout."""


class Fixture(_Facts, frozen=True, gc=False):
    """What prepares tests."""

    name: str
    line: int
    end_line: int
    mocks: tuple[Mock, ...] = ()
    real: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    """Other fixtures."""
    autouse: bool = False
    scope: str = ""
    """The test class that it belongs to ("TestCart"); empty for the whole file. What runs
    before each test by its name (`setUp`, `setup_method`) is a fixture for all of its class."""
    asserts: bool = False
    """Whether it can fail a test, by itself or when what it gives is called."""
    calls: tuple[str, ...] = ()
    """As of a test."""
    digest: str = ""
    """Of its statements; empty for fewer than three lines."""


class Helper(_Facts, frozen=True, gc=False):
    """A function of a test file that tests call, where it asserts, mocks or touches something."""

    name: str
    """With its classes: "Base.check_total". A class whose bases other files define is one too:
    it calls them."""
    line: int
    asserts: bool = False
    mocks: tuple[Mock, ...] = ()
    real: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


class SourceFunction(_Facts, frozen=True, gc=False):
    """A function or method of the program."""

    name: str
    line: int
    end_line: int


class SourcePoint(_Facts, frozen=True, gc=False):
    """Where the program meets the outside: a route, table, topic, queue or external call."""

    kind: str
    """"route", "table", "topic", "queue", "call"."""
    name: str
    line: int
    first: int = 0
    last: int = 0
    """The lines that run when it is used; 0 where they stand elsewhere, or nothing is to run."""
    named: str = ""
    """What stands for it, where that is elsewhere: a table's class, a route's handler."""


class Finding(_Facts, frozen=True, gc=False):
    """Something worth pointing at, of a kind that an analysis knows."""

    kind: str
    """"sleep", "time", "random", "retry", "timeout", "shared-state", "fallback",
    "mock-class", "side-effect", "doctest" (the first of a file), "doctest-ignored", …"""
    line: int
    text: str
    """What stands there, in short."""


class FileFacts(_Facts, frozen=True, gc=False):
    """All that one version of a file tells."""

    language: Language
    lines: int = 0
    """Lines that are neither blank nor comments."""
    tests: tuple[TestFunction, ...] = ()
    fixtures: tuple[Fixture, ...] = ()
    functions: tuple[SourceFunction, ...] = ()
    errors: tuple[int, ...] = ()
    """Lines of error paths, ascending: what runs when something goes wrong."""
    points: tuple[SourcePoint, ...] = ()
    findings: tuple[Finding, ...] = ()
    imports: tuple[str, ...] = ()
    """Modules or files that it imports, as written."""
    identifiers: tuple[tuple[str, int], ...] = ()
    """Ids such as "SECURITY-002" with the line of their first mention."""
    helpers: tuple[Helper, ...] = ()
    partial: bool = False
    """Whether the file was too large or too odd to be read as its language is."""
    calls: tuple[tuple[str, int], ...] = ()
    """What a program calls that may lead outside, with its line: "bus.emit(order.created)"."""
