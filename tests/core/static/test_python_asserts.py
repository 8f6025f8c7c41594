"""Which statements of Python tests can fail them on purpose."""

from __future__ import annotations

import pytest

from tests.core.static.sources import hows, one_test, read_all
from worker.core.static import Kind, classify

HEAD = """
import asyncio, json, unittest, warnings
import numpy as np, pandas as pd
import pytest
from pytest import raises
from typing import assert_type
from project.testing import check_output
import project.checks as other
"""


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("assert x", "assert"),
        ("with pytest.raises(E): f()", "pytest.raises"),
        ("with raises(E): f()", "pytest.raises"),
        ("with pytest.warns(E): f()", "pytest.warns"),
        ("pytest.fail('no')", "pytest.fail"),
        ("self.assertEqual(a, b)", "self.assertEqual"),
        ("self.fail('no')", "self.fail"),
        ("m.assert_called_once_with(1)", "mock.assert_called_once_with"),
        ("m.send.assert_not_called()", "mock.assert_not_called"),
        ("np.testing.assert_allclose(a, b)", "numpy.testing.assert_allclose"),
        ("pd.testing.assert_frame_equal(a, b)", "pandas.testing.assert_frame_equal"),
        ("data_regression.check(x)", "data_regression.check"),
        ("snapshot.assert_match(x)", "snapshot.assert_match"),
        ("result.stdout.fnmatch_lines(['*x*'])", "fnmatch_lines"),
        ("response.raise_for_status()", "raise_for_status"),
        ("page.wait_for_selector('x')", "page.wait_for_selector"),
        ("check_output(a)", "project.testing.check_output"),
        ("raise AssertionError('no')", "raise AssertionError"),
        ("if a != b: raise RuntimeError('differs')", "raise"),
        ("m = Mock(side_effect=AssertionError)", "side_effect=AssertionError"),
        ("warnings.simplefilter('error')", "warnings.simplefilter"),
        ("with ExpectLog('x'): f()", "ExpectLog"),
        ("super().test_it()", "super().test_it"),
        ("self.check_total(1)", "self.check_total"),
    ],
)
def test_what_can_fail_a_test_on_purpose_is_an_assertion(body, how):
    """A test that checks in another way than by assert would be called empty."""
    test = one_test(f"{HEAD}\nclass TestIt(Base):\n    def test_it(self, m):\n        {body}")
    assert hows(test) == [how]


@pytest.mark.parametrize(
    "body",
    [
        "f()",
        "x == 1",
        "assert_type(x, int)",
        "asyncio.wait_for(x, 1)",
        "other.check(x)",
        "raise ValueError('on its way')",
        "with ctx: raise ValueError",
        "pytest.approx(1)",
        "if a: raise unittest.SkipTest('no')",
        "warnings.simplefilter('ignore')",
    ],
)
def test_what_only_fails_by_accident_is_none(body):
    """A test that merely runs code would count as one that checks it."""
    test = one_test(f"{HEAD}\nclass TestIt:\n    def test_it(self, m):\n        {body}")
    assert hows(test) == []
    assert classify(test) is Kind.SILENT


@pytest.mark.parametrize("mark", ["xfail(strict=True)", "mpl_image_compare"])
def test_a_mark_asserts(mark):
    """A test that must fail, or whose image is compared, would be called empty."""
    test = one_test(f"@pytest.mark.{mark}\ndef test_it(): f()")
    assert hows(test) == [mark.partition("(")[0]]


def test_helpers_of_the_file_assert_for_those_that_call_them():
    """A suite that keeps its checks in helpers would be called empty."""
    test = one_test("""
        def ends_well(cart):
            inner(cart)
        def inner(cart):
            assert cart.total
        class TestCart:
            def compare(self): ends_well(1)
            def test_it(self): self.compare()
    """)
    assert hows(test) == ["self.compare()"]


def test_inner_functions_assert():
    """A test that wraps its checks in a coroutine would be called empty."""
    test = one_test("""
        def test_it():
            async def run():
                assert 1
            asyncio.run(run())
    """)
    assert hows(test) == ["assert"]


def test_functions_that_are_handed_over_assert():
    """A callback that checks what arrives would be overlooked."""
    test = one_test("""
        class TestQueue:
            def on_message(self, body): assert body
            def test_it(self): Consumer(callbacks=[self.on_message]).run()
    """)
    assert hows(test) == ["self.on_message()"]


def test_functions_under_another_name_assert():
    """An alias of a check, or one made inside of setup_class, would be overlooked."""
    test = one_test("""
        class Response:
            @classmethod
            def read(cls, file): assert file
        read_http = Response.read
        def test_it(): read_http(1)
    """)
    assert hows(test) == ["read_http()"]
    test = one_test("""
        class TestIt:
            @classmethod
            def setup_class(cls):
                def check(a): assert a
                cls.test = staticmethod(check)
            def test_it(self): self.test(1)
    """)
    assert hows(test) == ["self.test()"]


def test_the_other_side_of_a_connection_asserts():
    """CPython's tests of sockets run a client beside the test, which checks what arrives."""
    test = one_test("""
        class SocketTest(ThreadableTest):
            def test_it(self): self.server.send(1)
            def _test_it(self): self.assertEqual(self.client.recv(), 1)
    """)
    assert hows(test) == ["self._test_it()"]


def test_a_local_function_that_checks_nothing_does_not_assert_by_its_name():
    """A helper that is only called check would hide that nothing is checked."""
    test = one_test("""
        class TestCart:
            def check_total(self): print(1)
            def test_it(self): self.check_total()
    """)
    assert hows(test) == []


def test_functions_that_a_class_is_given_assert():
    """A check that is shared through setup_class would be overlooked."""
    test = one_test("""
        def _check(a, b): assert a == b
        class TestIt:
            @classmethod
            def setup_class(cls): cls.check = staticmethod(partial(_check, 1))
            def test_it(self): self.check(2)
    """)
    assert hows(test) == ["self.check()"]


def test_helpers_of_other_files_assert():
    """A suite whose helpers have a file of their own would be called empty."""
    facts = read_all(
        tests__test_shop="""
            from tests.util import same
            from . import more
            from .base import Base
            def test_from(): same(1, 2)
            def test_relative(): more.alike(1)
            class TestCart(Base):
                def test_method(self): self.compare(1)
            def test_nothing(): unknown(1)
        """,
        tests__util="def same(a, b):\n    if a != b: raise ValueError",
        tests__more="from .util import same\ndef alike(a): same(a, a)",
        tests__base="from .deep import Deep\nclass Base(Deep): pass",
        tests__deep="class Deep:\n    def compare(self, a): assert a",
    )
    found = {test.name: len(test.asserts) for test in facts["tests/test_shop.py"].tests}
    assert found == {
        "test_from": 1,
        "test_relative": 1,
        "TestCart::test_method": 1,
        "test_nothing": 0,
    }


def test_what_a_fixture_gives_asserts_when_it_is_called():
    """A check that conftest.py hands to tests would be overlooked."""
    facts = read_all(
        tests__test_shop="def test_it(golden): golden(1)\ndef test_other(golden): f(golden)",
        tests__conftest="""
            @pytest.fixture
            def golden():
                def check(value): assert value
                return check
        """,
    )
    called, handed = facts["tests/test_shop.py"].tests
    assert hows(called) == ["golden()"]
    assert hows(handed) == []
