"""When Python tests are not run, and whether they say why."""

from __future__ import annotations

import pytest

from tests.core.static.sources import one_test, read_all

HEAD = "import unittest, pytest, sys\n"


def skips(source):
    return [(one.reason, one.condition) for one in one_test(HEAD + source).skips]


@pytest.mark.parametrize(
    ("decorator", "skip"),
    [
        ("@pytest.mark.skip", ("", "")),
        ("@pytest.mark.skip()", ("", "")),
        ("@pytest.mark.skip('slow')", ("slow", "")),
        ("@pytest.mark.skip(reason='slow')", ("slow", "")),
        ("@pytest.mark.skip(reason='')", ("", "")),
        ("@pytest.mark.skip(reason=WHY)", ("WHY", "")),
        ("@pytest.mark.skipif(sys.x, reason='no')", ("no", "sys.x")),
        ("@pytest.mark.skipif('sys.x')", ("", "sys.x")),
        ("@pytest.mark.skipif(a, b)", ("", "a")),
        ("@unittest.skip('slow')", ("slow", "")),
        ("@unittest.skip", ("", "")),
        ("@unittest.skipIf(a, 'no')", ("no", "a")),
        ("@unittest.skipUnless(a, 'no')", ("no", "not a")),
        ("@pytest.mark.xfail(run=False, reason='crash')", ("crash", "")),
        ("@needs_net", ("no net", "offline")),
    ],
)
def test_decorators_skip(decorator, skip):
    """A skipped test would be counted as one that runs, or as one without a reason."""
    head = "needs_net = pytest.mark.skipif(offline, reason='no net')\n"
    assert skips(f"{head}{decorator}\ndef test_it(): assert 1") == [skip]
    inside = f"{head}{decorator}\nclass TestIt:\n    def test_it(self): assert 1"
    assert skips(inside) == [skip]


def test_an_expected_failure_runs():
    """A test that runs would be counted as skipped."""
    assert skips("@pytest.mark.xfail(reason='bug')\ndef test_it(): assert 1") == []


@pytest.mark.parametrize(
    ("body", "skip"),
    [
        ("pytest.skip()", ("", "")),
        ("pytest.skip('later')", ("later", "")),
        ("pytest.skip(reason='later')", ("later", "")),
        ("self.skipTest('later')", ("later", "")),
        ("raise unittest.SkipTest('later')", ("later", "")),
        ("raise unittest.SkipTest", ("", "")),
        ("raise pytest.skip('later')", ("later", "")),
        ("if not ready: pytest.skip('later')", ("later", "not ready")),
        (
            "x = pytest.importorskip('numpy')",
            ("could not import 'numpy'", "numpy is not installed"),
        ),
    ],
)
def test_a_body_skips(body, skip):
    """A test that gives up in its first line would count as one that runs."""
    assert skips(f"class TestIt:\n    def test_it(self):\n        {body}") == [skip]


def test_the_condition_of_a_skip_is_the_innermost_one():
    """The reader would look at the wrong condition."""
    source = """
def test_it():
    if outer:
        try:
            import numpy
        except ImportError:
            pytest.skip()
"""
    assert skips(source) == [("", "except ImportError")]


def test_a_file_skips_all_of_its_tests():
    """A whole file that never runs would look like one that does."""
    source = "try: import x\nexcept ImportError: pytest.skip(allow_module_level=True)\n"
    assert skips(f"{source}def test_it(): assert 1") == [("", "except ImportError")]
    assert skips("pytestmark = pytest.mark.skip\ndef test_it(): assert 1") == [("", "")]


def test_a_skipped_case_is_told_as_one():
    """One case of a table would make the whole test look skipped."""
    source = """
@pytest.mark.parametrize("a", [1, pytest.param(2, marks=pytest.mark.skip(reason="bug"))])
def test_it(a): assert a
"""
    assert skips(source) == [("bug", "one of its cases")]


def test_skips_stay_through_joining():
    """What was read would be lost on the way to the analyses."""
    facts = read_all(tests__test_a="import pytest\n@pytest.mark.skip\ndef test_it(): assert 1")
    assert len(facts["tests/test_a.py"].tests[0].skips) == 1
