"""How Python tests begin and wait: repeated set-up, sleeps, retries, examples."""

from __future__ import annotations

from tests.core.static.sources import one_test, read


def test_the_same_first_three_statements_are_the_same_opening():
    """Set-up that a fixture could hold would be found in one place only."""
    one = one_test('''
        def test_it():
            """A cart."""
            cart = Cart()
            cart.add("apple")

            # and pay
            cart.pay()
            assert cart.paid
    ''')  # fmt: skip
    other = one_test('''
        class TestCart:
            def test_it(self):
                cart = Cart()
                cart.add("apple")
                cart.pay()
                assert cart.empty
    ''')  # fmt: skip
    assert one.opening == other.opening != ""


def test_a_test_that_checks_at_once_has_no_set_up():
    """Assertions that several tests begin with would be called set-up."""
    assert one_test("def test_it():\n    a = 1\n    assert a\n    b = 2\n    c = 3\n").opening == ""
    assert one_test("def test_it():\n    a = 1\n    b = 2\n    c = 3\n").opening == ""
    assert one_test('def test_it():\n    """Says."""\n').opening == ""


def test_the_waits_of_helpers_belong_to_the_tests_that_call_them():
    """A slow test would seem to have no cause, for a helper sleeps in its stead."""
    text = """
        import time
        def settle():
            time.sleep(2)
        def twice():
            settle()
        def test_it():
            twice()
            assert done()
        def test_other():
            assert done()
    """
    assert one_test(text).waits == (4,)
    assert one_test(text, "test_other").waits == ()


def test_a_fixture_is_told_by_its_statements():
    """The same fixture in two files would look like two."""
    text = """
        import pytest
        @pytest.fixture
        def cart():
            made = Cart()
            yield made
            made.close()
        @pytest.fixture
        def other():
            made = Cart()
            yield made
            made.close()
        @pytest.fixture
        def short():
            return Cart()
    """
    cart, other, short = read(text).fixtures
    assert cart.digest == other.digest != ""
    assert short.digest == ""


def test_the_programs_own_waits_and_examples_are_found():
    """A test would be slow because of a retry in the program, and nobody could tell."""
    text = '''
        import time
        from tenacity import retry

        @retry(stop=3)
        def ask():
            """Ask.

            >>> ask()
            1
            >>> ask()
            """
            time.sleep(delay)
            time.sleep(0)
    '''
    found = [(one.kind, one.line) for one in read(text, "src/a.py").findings]
    assert found == [("retry", 5), ("doctest", 9), ("sleep", 13)]
    assert "doctest" not in {one.kind for one in read(text, "tests/test_a.py").findings}
