"""What Python files tell beside their tests: risks, error paths, ways to the outside."""

from __future__ import annotations

import pytest

from tests.core.static.sources import read


def found(text, path="tests/test_shop.py"):
    return [(one.kind, one.line) for one in read(text, path).findings]


HEAD = """import time, random, asyncio, datetime
from unittest.mock import patch
CACHE = {}
"""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("time.sleep(1)", "sleep"),
        ("asyncio.sleep(0.5)", "sleep"),
        ("datetime.datetime.now()", "time"),
        ("datetime.datetime.now(tz)", "time"),
        ("time.time()", "time"),
        ("random.randint(1, 2)", "random"),
        ("random.Random()", "random"),
        ("CACHE['a'] = 1", "shared-state"),
        ("CACHE.update(a=1)", "shared-state"),
        ("get(url, timeout=5)", "timeout"),
    ],
)
def test_risks_of_tests_are_pointed_at(body, kind):
    """What makes tests slow or unsteady would have to be looked for by hand."""
    assert found(f"{HEAD}def test_it():\n    {body}") == [(kind, 5)]


@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(0)",
        "asyncio.sleep(delay)",
        "random.Random(1)",
        "random.seed(1); random.random()",
        "CACHE = {}; CACHE['a'] = 1",
        "time.localtime(0)",
        "with patch('shop.time'): time.time()",
    ],
)
def test_what_is_steady_is_no_risk(body):
    """A list of false alarms is read once."""
    assert found(f"{HEAD}def test_it():\n    {body}") == []


@pytest.mark.parametrize(
    ("decorator", "kind"),
    [("@pytest.mark.flaky(reruns=3)", "retry"), ("@pytest.mark.timeout(60)", "timeout")],
)
def test_retries_and_limits_are_pointed_at(decorator, kind):
    """A test that is run until it passes would look steady."""
    assert found(f"{decorator}\ndef test_it(): assert 1") == [(kind, 1)]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("URL = os.getenv('DATABASE_URL', 'sqlite:///dev.db')", "fallback"),
        ("URL = os.environ.get('DATABASE_URL') or 'sqlite://'", "fallback"),
        ("URL = url if url else 'sqlite+aiosqlite:///x'", "fallback"),
        ("def connect(url='sqlite://'): ...", "fallback"),
        ("class MockRiskCalculator: ...", "mock-class"),
        ("class InMemoryQueue: ...", "mock-class"),
        ("publisher.publish(event)", "side-effect"),
        ("session.commit()", "side-effect"),
    ],
)
def test_weaknesses_of_the_program_are_pointed_at(line, kind):
    """Tests would pass on a stand-in that production falls back to, and nobody would know."""
    assert found(f"import os\n{line}", "src/shop.py") == [(kind, 2)]


def test_a_setting_and_a_handler_may_fall_back():
    """The fall-back of the seed stood in a settings class and in an except."""
    source = """
        class Settings:
            url: str = "sqlite:///dev.db"
        try:
            from risk import Calculator
        except ImportError:
            Calculator = MockCalculator
    """
    assert found(source, "src/shop.py") == [("fallback", 3), ("fallback", 7)]


@pytest.mark.parametrize(
    "line", ["URL = 'sqlite://'", "class Mockery: ...", "sys.stdout.write(x)", "rows.insert(0, x)"]
)
def test_what_is_meant_is_no_weakness(line):
    """A program that is made for SQLite would be blamed for it."""
    assert found(f"import sys\n{line}", "src/shop.py") == []


def test_ignored_doctests_are_pointed_at():
    """An example that is never run would count as tested."""
    source = 'def f():\n    """\n    >>> f()  # doctest: +SKIP\n    """'
    assert found(source, "src/shop.py") == [("doctest-ignored", 3)]


def test_functions_have_their_names_and_lines():
    """A function without a test could not be named in the risk table."""
    source = """
        class Cart:
            def total(self):
                def inner(): ...
                return 1
        if True:
            async def main(): ...
    """
    functions = [(one.name, one.line, one.end_line) for one in read(source, "shop.py").functions]
    assert functions == [("Cart.total", 3, 5), ("Cart.total.inner", 4, 4), ("main", 7, 7)]


def test_error_paths_are_handlers_and_raises():
    """The seed's error-path coverage could not be computed."""
    source = """
        def f():
            try:
                g()
            except E as e:
                log(e)
                g()
            if x:
                raise ValueError(
                    "no"
                )
            raise NotImplementedError
    """
    assert read(source, "shop.py").errors == (6, 7, 9, 10, 11)


@pytest.mark.parametrize(
    ("source", "point"),
    [
        ("@app.route('/users')\ndef f(): ...", ("route", "ANY /users")),
        ("@router.get('/users/{id}')\nasync def f(): ...", ("route", "GET /users/{id}")),
        ("from django.urls import path\npath('users/', view)", ("route", "ANY /users/")),
        ("app.add_url_rule('/users', view)", ("route", "ANY /users")),
        ("class User(Base):\n    __tablename__ = 'users'", ("table", "users")),
        ("from sqlalchemy import Table\nTable('users', metadata)", ("table", "users")),
        ("from django.db import models\nclass User(models.Model): ...", ("table", "User")),
        ("cursor.execute('SELECT * FROM users')", ("table", "users")),
        ("text('INSERT INTO users VALUES (1)')", ("table", "users")),
        ("producer.send('orders', event)", ("topic", "orders")),
        ("KafkaConsumer('orders')", ("topic", "orders")),
        ("publisher.publish(TOPIC, event)", ("topic", "TOPIC")),
        ("channel.queue_declare(queue='jobs')", ("queue", "jobs")),
        ("from celery import shared_task\n@shared_task\ndef job(): ...", ("queue", "job")),
        ("import requests\nrequests.get('https://x')", ("call", "requests.get https://x")),
    ],
)
def test_ways_to_the_outside_are_listed(source, point):
    """Routes, tables and topics without a test could not be told."""
    assert [(one.kind, one.name) for one in read(source, "src/shop.py").points] == [point]


@pytest.mark.parametrize("source", ["mapping.get('/x')", "text('from here on')", "d.send(1)"])
def test_what_stays_inside_is_not_listed(source):
    """The inventory would be full of words."""
    assert read(source, "src/shop.py").points == ()


def test_imports_and_lines_are_counted():
    """The test-to-code ratio, and who tests what, could not be told."""
    facts = read("import os.path\nfrom .cart import total\n\n# a comment\nx = 1\n", "src/shop.py")
    assert facts.imports == (".cart", ".cart.total", "os.path")
    assert facts.lines == 3
