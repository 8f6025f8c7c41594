"""Side effects that tests run, and that none of them looks at."""

from __future__ import annotations

import pytest

from tests.core.insights.escrow import RUNS, page, service, tables
from tests.core.static.sources import read
from worker.core.insights import (
    side_effects,
)


def test_it_is_as_it_was_read_and_approved(golden):
    """A team would get a table that nobody has compared with the ones made by hand."""
    golden("insights/side_effects.md", page(side_effects, service()))


def effect_rows(test, names):
    """Return what the tests of a side effect check that none of them looks at."""
    texts = {
        "src/shop.py": "def buy(self):\n    self.bus.publish('a')\n    return 1\n",
        "tests/test_shop.py": test,
    }
    known = [one.name for one in read(test).tests if one.name in names]
    runs = {f"tests/test_shop.py::{known[0]}|run": ("buy",)}
    found = tables(side_effects, service(runs, texts, changed=()))
    return [row[2] for row in found[1]] if found else []


CALLED, RESULT = ["nothing"], ["what is handed back"]


@pytest.mark.parametrize(
    ("test", "checks"),
    [
        ("def test_buy(): buy(1)", CALLED),
        ("def test_buy(): assert buy(1) is None", []),
        ("def test_buy(): got = buy(1); assert got == 1", RESULT),
        ("def test_buy(shop): got = shop.buy(1); assert got.id == 1", RESULT),
        ("def test_buy(client): r = client.post('/buy'); assert r.status_code == 201", RESULT),
        ("def test_buy(client): r = client.post('/buy'); assert r.json()['id'] == 1", RESULT),
        ("def test_buy(shop):\n with pytest.raises(ValueError): shop.buy(-1)", RESULT),
        ("def test_buy(shop, db): shop.buy(1); assert db.rows == 1", []),
        ("def test_buy(shop): got = shop.buy(1); saved = shop.find(1); assert got == saved", []),
        ("def test_buy():\n bus = Mock()\n buy(bus)\n bus.publish.assert_called_once()", []),
        ("def test_buy():\n bus = Mock()\n got = buy(bus)\n assert bus.published", []),
        ("def test_buy(): bus = Bus(); got = buy(bus); assert bus.all_of == [1]", []),
        ("def test_buy(): shop = Shop(); shop.buy(1); assert shop.total == 1", []),
        ("def test_buy(mocker):\n m = mocker.patch('a')\n got = buy(1)\n assert m.call_count", []),
        ("def test_buy(capsys): got = buy(1); assert capsys.readouterr().out", []),
        ("def check(): assert 1\ndef test_buy(): got = buy(1); check(); assert got", []),
        ("def test_buy(): sent = []; got = buy(sent.append); assert sent == [1]", []),
        ("def test_buy(): got = buy(1); assert [one for one in got if one]", RESULT),
        ("def test_buy(): got = buy(1); assert len(got) == 2 and got[0].text == 'a'", []),
        ("class TestBuy(TestCase):\n def test_buy(self): self.assertEqual(buy(1), 1)", []),
        (
            "class TestBuy(TestCase):\n def test_buy(self): got = buy(1); self.assertIsNone(got)",
            RESULT,
        ),
        ("class TestBuy(TestCase):\n def test_buy(self): self.assertTrue(self.bus.sent)", []),
    ],
)
def test_a_side_effect_is_checked_if_a_test_may_look_at_it(test, checks):
    """A test would be accused that reads the row back, or a lost message would look tested."""
    names = {"TestBuy::test_buy", "test_buy"}
    assert effect_rows(f"{test}\n", names) == checks


def test_one_test_that_looks_is_enough():
    """A side effect would be called unchecked although another test checks it."""
    rows = tables(side_effects, service())[1]
    texts = [row[1].text for row in rows]
    assert 'self.publisher.publish("settlement.events.v1", escrow)' not in texts
    assert 'self.bus.emit("escrow.expired", escrow)' in texts


def test_an_unknown_test_may_look():
    """A side effect would be called unchecked by tests that nobody has read."""
    runs = {**RUNS, "tests/other.py::test_x|run": ("Escrows.expire",)}
    texts = [row[1].text for row in tables(side_effects, service(runs))[1]]
    assert 'self.bus.emit("escrow.expired", escrow)' not in texts
    assert tables(side_effects, service({})) == []
