"""Which Python functions are tests, how often they run, and what they ask for."""

from __future__ import annotations

import pytest

from tests.core.static.sources import one_test, read


def names(text, path="tests/test_shop.py"):
    return [test.name for test in read(text, path).tests]


def test_tests_are_found_as_pytest_collects_them():
    """Counts per file, and contexts' names, would not fit what ran."""
    source = """
        def test_plain(): ...
        async def test_async(): ...
        def helper(): ...
        class TestCart:
            def test_total(self): ...
            def helper(self): ...
            class TestInner:
                def test_deep(self): ...
        class CartTest(TestCase):
            def testCamel(self): ...
        class Ledger(SomeTestCase):
            def test_book(self): ...
        class Cart:
            def test_drive(self): ...
        if sys.platform == "win32":
            def test_windows(): ...
    """
    assert names(source) == [
        "test_plain",
        "test_async",
        "TestCart::test_total",
        "TestCart::TestInner::test_deep",
        "CartTest::testCamel",
        "Ledger::test_book",
        "test_windows",
    ]


@pytest.mark.parametrize("path", ["src/shop.py", "tests/typing/typing_shop.py"])
def test_functions_elsewhere_are_no_tests(path):
    """A program's function that is called test_… would count as one that asserts nothing."""
    assert names("def test_drive(): ...", path) == []


def test_lines_of_a_test_are_its_own():
    """A finding would point at the decorator, or past the end."""
    test = one_test("""
        @pytest.mark.slow
        def test_it():
            assert 1

            assert 2
    """)
    assert (test.line, test.end_line) == (3, 6)


@pytest.mark.parametrize(
    ("decorators", "cases"),
    [
        ('@pytest.mark.parametrize("a", [1, 2, 3])', 3),
        ('@pytest.mark.parametrize("a", [1, 2])\n@pytest.mark.parametrize("b", (1, 2, 3))', 6),
        ('@pytest.mark.parametrize("a", CASES)', 2),
        ('@pytest.mark.parametrize("a", make())', 1),
        ('@pytest.mark.parametrize("a", [1, *more])', 1),
        ("@given(a=integers())", 1),
    ],
)
def test_written_cases_are_counted(decorators, cases):
    """A table of a hundred cases would look like one test."""
    source = f"""
from hypothesis import given
CASES = ["x", "y"]
{decorators}
def test_it(a, b=1): assert a
"""
    assert one_test(source).cases == cases


def test_fixtures_are_the_arguments_that_nobody_else_gives():
    """Mocks would be looked for behind the arguments of patch and parametrize."""
    test = one_test("""
        from unittest.mock import patch
        pytestmark = pytest.mark.usefixtures("network")
        @pytest.mark.usefixtures("clean")
        class TestCart:
            @pytest.mark.parametrize("a, b", [(1, 2)])
            @patch("shop.send")
            @patch("shop.LIMIT", 5)
            def test_it(self, send, db, a, b, *, queue, tries=3): assert 1
    """)
    assert test.fixtures == ("db", "queue", "clean", "network")


def test_what_given_fills_is_no_fixture():
    """Values of hypothesis would be taken for fixtures."""
    test = one_test("""
        from hypothesis import given
        @given(integers(), integers())
        def test_it(db, a, b): assert 1
    """)
    assert test.fixtures == ("db",)


def test_marks_come_from_test_class_and_file():
    """Tests could not be told by their tier."""
    test = one_test("""
        pytestmark = [pytest.mark.integration]
        @pytest.mark.db
        class TestCart:
            @pytest.mark.slow
            def test_it(self): assert 1
    """)
    assert test.markers == ("slow", "db", "integration")


@pytest.mark.parametrize(
    ("body", "real"),
    [
        ("psycopg.connect(dsn)", "database"),
        ("PostgresContainer('postgres:16')", "database"),
        ("redis.Redis()", "database"),
        ("create_engine('postgresql://x')", "database"),
        ("create_engine(url)", "database"),
        ("kafka.KafkaProducer()", "queue"),
        ("requests.get('http://x')", "network"),
        ("socket.create_connection(a)", "network"),
        ("MockServer().start()", "network"),
        ("boto3.client('s3')", "network"),
        ("TestClient(app).get('/')", "http"),
        ("app.test_client().get('/')", "http"),
        ("subprocess.run(['x'])", "process"),
        ("open('x')", "files"),
        ("path.write_text('x')", "files"),
    ],
)
def test_real_components_are_told_by_calls(body, real):
    """A test on a real database would count for no more than one on a mock."""
    source = f"""
import psycopg, redis, kafka, requests, socket, boto3, subprocess
from testcontainers.postgres import PostgresContainer
from sqlalchemy import create_engine
from fastapi.testclient import TestClient
def test_it(): assert {body}
"""
    assert one_test(source).real == (real,)


@pytest.mark.parametrize(
    "body", ["create_engine('sqlite://')", "create_engine(f'sqlite:///{x}')", "len(x)"]
)
def test_sqlite_is_no_real_database(body):
    """The very fall-back that hid a missing database would count as the database."""
    source = f"from sqlalchemy import create_engine\ndef test_it(): assert {body}"
    assert one_test(source).real == ()


@pytest.mark.parametrize(
    ("argument", "real"),
    [("tmp_path", "files"), ("httpbin", "network"), ("db", "database"), ("live_server", "network")],
)
def test_real_components_are_told_by_known_fixtures(argument, real):
    """A test would seem to touch nothing because a plugin does it."""
    assert one_test(f"def test_it({argument}): assert 1").real == (real,)


def test_a_mark_lets_a_test_touch_the_database():
    """Django's tests would seem to touch nothing."""
    assert one_test("@pytest.mark.django_db\ndef test_it(): assert 1").real == ("database",)


@pytest.mark.parametrize("argument", ["requests_mock", "httpx_mock", "respx_mock"])
def test_a_mocked_network_is_not_real(argument):
    """A recorded answer would count as the service itself."""
    source = f"import requests\ndef test_it({argument}): assert requests.get('http://x')"
    assert one_test(source).real == ()
