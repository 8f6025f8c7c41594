"""Integration points: which are found, and which tests get there."""

from __future__ import annotations

import time
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.insights.escrow import CONFIG, page, service, tables
from tests.core.static.sources import read
from worker.core.config import Config, PointPattern
from worker.core.insight import Code, Place
from worker.core.insights import (
    points,
)
from worker.core.insights._points import CallPattern
from worker.core.model import Report, bitmap
from worker.core.numbers import Ratio


def test_it_is_as_it_was_read_and_approved(golden):
    """A team would get a table that nobody has compared with the ones made by hand."""
    golden("insights/points.md", page(points, service(config=CONFIG)))


def point_rows(config=CONFIG, **more):
    """Return the rows of the points by kind and name: what is reached, by what, and where."""
    found = tables(points, service(config=config, **more))
    rows = found[1] if found else ()
    return {(row[0], row[1].text): row for row in rows}


def test_a_route_is_reached_where_its_handler_runs():
    """Registering a route at import would count as testing it."""
    rows = point_rows()
    assert rows["route", "POST /escrows"][2] == Ratio(1, 1)
    assert rows["route", "GET /escrows/{id}"][2:5] == (Ratio(0, 1), 0, ())


def test_a_points_tests_are_told_by_type():
    """A table that only mocked unit tests write would look as safe as an integrated one."""
    rows = point_rows()
    assert rows["table", "escrows"][3:5] == (2, (Code("integration"), Code("unit")))
    assert rows["external call", "httpx.get https://prices.example/v1"][4] == (Code("integration"),)


def test_of_a_point_the_places_without_a_test_are_named():
    """A query that nothing runs would hide behind another one of the same table."""
    row = point_rows()["table", "escrows"]
    assert row[2] == Ratio(1, 2)
    assert row[5] == (Place("src/escrow/repository.py", bitmap([12])),)


def test_without_contexts_flags_tell_the_types():
    """A team without contexts would learn nothing of its integration points."""
    inputs = service(config=CONFIG)
    bare = Report.of(msgspec.structs.replace(file, contexts=()) for file in inputs.report)
    inputs = replace(inputs, report=bare, flags={"system": bare})
    row = next(row for row in tables(points, inputs)[1] if row[1].text == "POST /escrows")
    assert row[2:4] == (Ratio(1, 1), (Code("system"),))


@pytest.mark.parametrize(
    ("texts", "name", "reached"),
    [
        (
            {
                "src/urls.py": "from django.urls import path\nfrom . import views\n"
                "urls = [path('cart/', views.cart)]\n",
                "src/views.py": "def cart(request):\n    return 1\n",
            },
            "ANY /cart/",
            1,
        ),
        (
            {
                "src/urls.py": "from django.urls import path\nfrom shop.views import Cart\n"
                "urls = [path('cart/', Cart.as_view())]\n",
                "src/shop/views.py": "class Cart:\n    def get(self):\n        return 1\n",
            },
            "ANY /cart/",
            1,
        ),
        (
            {
                "src/app.py": "def cart():\n    return 1\n"
                "app.add_url_rule('/cart', 'cart', cart)\n",
            },
            "ANY /cart",
            1,
        ),
        (
            {"src/app.py": "app.add_url_rule('/cart', 'cart', handlers['cart'])\n"},
            "ANY /cart",
            None,
        ),
        (
            {
                "src/models.py": "class Cart(Base):\n    __tablename__ = 'carts'\n",
                "src/shop.py": "from models import Cart\ndef cart():\n    Cart(1)\n",
            },
            "carts",
            1,
        ),
        (
            {
                "src/schema.py": "from sqlalchemy import Table\ncarts = Table('carts', metadata)\n",
                "src/shop.py": "from schema import carts\ndef cart():\n    carts.insert()\n",
            },
            "carts",
            1,
        ),
        ({"src/models.py": "class Cart(Base):\n    __tablename__ = 'carts'\n"}, "carts", None),
    ],
)
def test_what_stands_for_a_point_elsewhere_is_found(texts, name, reached):
    """Every Django route, and every table of an ORM, would look tested or untested for nothing."""
    inputs = service({"tests/test_a.py::test_a|run": ("cart", "Cart.get")}, texts, changed=())
    (row,) = tables(points, inputs)[1]
    assert row[1] == Code(name)
    assert row[2] == (Ratio() if reached is None else Ratio(reached, 1))


def test_a_handler_on_one_line_tells_nothing():
    """A route would look tested because its file was imported."""
    texts = {"src/app.py": "@app.get('/a')\ndef a(): return 1\n"}
    (row,) = tables(points, service({}, texts, changed=()))[1]
    assert row[2] == Ratio()


@pytest.mark.parametrize(
    ("pattern", "call", "name"),
    [
        ("bus.emit(*)", "bus.emit(created)", "created"),
        ("bus.emit(*)", "self.bus.emit(created)", "created"),
        ("bus.emit(*)", "mybus.emit(created)", None),
        ("bus.emit(*)", "bus.emit_all(created)", None),
        ("bus.emit(created)", "bus.emit(created)", ""),
        ("bus.emit(created)", "bus.emit(created.v2)", None),
        ("*.publish(topics/*)", "client.publish(topics/a)", "client a"),
        ("*", "anything(at all)", "anything(at all)"),
        ("a*b*c", "abc", ""),
        ("ab*b", "ab", None),
        ("bus.emit(.*)", "bus.emit(created)", None),
    ],
)
def test_a_pattern_is_a_call_with_stars(pattern, call, name):
    """A team's own bus could not be listed, or a wrong call would be."""
    assert CallPattern(pattern).match(call) == name


@given(
    st.lists(st.text("ab.(", max_size=3), min_size=1, max_size=6),
    st.lists(st.text("ab.(", max_size=3), min_size=6, max_size=6),
)
@settings(deadline=None, max_examples=80)
def test_what_is_written_for_the_stars_always_fits(parts, words):
    """A pattern would miss calls that it plainly describes."""
    call = "".join(part + word for part, word in zip(parts, words, strict=False))
    assert CallPattern("*".join([*parts, ""])).match(call) is not None


def test_no_pattern_makes_the_analysis_slow():
    """A repository could stop the worker with a pattern of its own configuration."""
    pattern, call = CallPattern("a*" * 240 + "b"), "a" * 400 + "(" + "a" * 120 + ")"
    before = time.perf_counter()
    assert pattern.match(call) is None
    assert CallPattern("*." * 200 + "x").match("." * 300) is None
    assert time.perf_counter() - before < 1


def test_a_pattern_looks_into_its_paths_alone():
    """A test helper's bus would be taken for the program's."""
    for paths, count in ((("src/**",), 1), (("lib/**",), 0)):
        config = Config(points=(PointPattern("event", "bus.emit(*)", paths),))
        assert sum(kind == Code("event") for kind, _ in point_rows(config)) == count


def test_routes_of_javascript_run_where_their_handlers_do():
    """A route of an Express service would be tested by being registered."""
    text = "app.get('/a', (req, res) => {\n  res.send(1)\n})\napp.get('/b', other)\n"
    facts = read(text, "src/app.ts")
    assert [(one.name, one.first, one.last) for one in facts.points] == [
        ("GET /a", 2, 3),
        ("GET /b", 0, 0),
    ]


@pytest.mark.parametrize(
    ("path", "text", "calls"),
    [
        ("a.py", "from app import bus\nbus.emit(topic)", [("app.bus.emit(topic)", 2)]),
        ("a.py", "self.bus.emit('x')\nlog.info('x')", [("self.bus.emit(x)", 1)]),
        ("a.ts", "bus.emit('x')\n// bus.emit('y')", [("bus.emit(x)", 1)]),
        ("a.go", 'bus.Publish("x", y)', [("bus.Publish(x)", 1)]),
        ("a.php", "<?php $this->bus->send('x');", [("this.bus.send(x)", 1)]),
        ("a.rs", 'fn a() { client::publish("x"); }', [("client.publish(x)", 1)]),
    ],
)  # fmt: skip
def test_calls_are_kept_for_patterns(path, text, calls):
    """A configured pattern would find nothing in some language."""
    assert list(read(text, path).calls) == calls
