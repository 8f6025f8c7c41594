"""Reading test sources without running them: 10,000 test functions on one core. Run by hand.

    python -m benchmarks.static [--tests 10000] [--rounds 3] [--folder FOLDER]

The made-up suite has ten tests a file, as suites have them: fixtures in conftest.py, classes
with a set-up, helpers, mocks, parametrised and skipped tests. With `--folder`, the files of a
checkout are read instead. Prints medians of CPU seconds, and how many bytes the store takes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from worker.core.static import classify, encode_facts, read_facts, resolve

MOST = 10.0
"""CPU seconds for 10,000 test functions."""
TESTS_A_FILE = 10

CONFTEST = b"""
import pytest
from unittest.mock import Mock
from testcontainers.postgres import PostgresContainer

@pytest.fixture(scope="session")
def postgres():
    with PostgresContainer("postgres:16") as server:
        yield server

@pytest.fixture
def database(postgres):
    return connect(postgres.url)

@pytest.fixture
def publisher():
    return Mock(spec=["publish"])
"""
FILE = '''
"""Orders: how they are placed, paid and sent."""
import json
import time
from decimal import Decimal
from unittest.mock import Mock, patch

import pytest

from shop.orders import Order, OrderError, place, total
from tests.helpers import assert_same_order


@pytest.fixture
def order(database):
    return Order(number=7, lines=[("apple", 2, Decimal("0.30")), ("pear", 1, Decimal("0.50"))])


def check_total(order, expected):
    assert total(order) == expected
    assert order.total == expected


def test_total_{n}(order):
    """A customer would pay a wrong price."""
    check_total(order, Decimal("1.10"))


@pytest.mark.parametrize(
    ("quantity", "price", "expected"),
    [(1, "0.30", "0.30"), (2, "0.30", "0.60"), (0, "0.30", "0.00"), (3, "0.10", "0.30")],
)
def test_total_of_a_line_{n}(quantity, price, expected):
    line = ("apple", quantity, Decimal(price))
    order = Order(number=1, lines=[line])
    assert total(order) == Decimal(expected)


def test_order_is_published_{n}(order, publisher):
    place(order, publisher=publisher)
    publisher.publish.assert_called_once()
    topic, message = publisher.publish.call_args.args
    assert topic == "orders"
    assert json.loads(message) == {{"number": 7, "total": "1.10", "state": "placed"}}


@patch("shop.orders.send_mail")
def test_mail_is_sent_{n}(send_mail, order):
    place(order)
    send_mail.assert_called_once_with("customer@example.org", subject="Your order 7")


def test_order_without_lines_{n}():
    with pytest.raises(OrderError, match="no lines"):
        place(Order(number=8, lines=[]))


@pytest.mark.skip(reason="waits for the new tax rules")
def test_tax_{n}(order):
    assert order.tax == Decimal("0.21")


class TestPayment{n}:
    def setup_method(self):
        self.gateway = Mock()
        self.gateway.charge.return_value = {{"state": "ok", "id": "ch_1"}}

    def test_charge(self, order):
        payment = order.pay(self.gateway)
        assert payment.state == "ok"
        assert payment.id == "ch_1"
        self.gateway.charge.assert_called_once_with(order.total, currency="EUR")

    def test_refused(self, order):
        self.gateway.charge.return_value = {{"state": "refused"}}
        with pytest.raises(OrderError):
            order.pay(self.gateway)
        assert order.state == "open"

    def test_retry(self, order):
        self.gateway.charge.side_effect = [TimeoutError, {{"state": "ok", "id": "ch_2"}}]
        payment = order.pay(self.gateway, tries=2)
        time.sleep(0.01)
        assert payment.id == "ch_2"

    def test_same_order(self, order, database):
        database.save(order)
        assert_same_order(database.load(7), order)
'''


def make(tests: int) -> dict[str, bytes]:
    """Return the files of a made-up suite."""
    files = {"tests/conftest.py": CONFTEST, "tests/helpers.py": b"def assert_same_order(a, b): ..."}
    for number in range(tests // TESTS_A_FILE):
        text = FILE.format(n=number)
        files[f"tests/part{number % 20}/test_orders_{number}.py"] = text.encode()
    return files


def load(folder: Path) -> dict[str, bytes]:
    """Return the files of a checkout, by path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.parts)
    }


def main() -> None:
    """Print what reading, joining and storing take."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tests", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    files = make(options.tests) if options.folder is None else load(options.folder)
    reading, joining = [], []
    for _ in range(options.rounds):
        start = time.process_time()
        facts = {path: read_facts(path, data) for path, data in files.items()}
        read = time.process_time()
        joined = resolve(facts)
        kinds = [classify(test) for one in joined.values() for test in one.tests]
        reading.append(read - start)
        joining.append(time.process_time() - read)
    stored = sum(len(encode_facts(one)) for one in facts.values())
    size = sum(map(len, files.values()))
    print(f"{len(files):,} files, {size / 1e6:.1f} MB, {len(kinds):,} test functions")
    print(f"read: {statistics.median(reading):.2f} s")
    print(f"joined: {statistics.median(joining):.2f} s")
    print(f"stored: {stored / 1e6:.2f} MB")
    whole = statistics.median(reading) + statistics.median(joining)
    each = whole / max(1, len(kinds)) * 10_000
    print(f"10,000 test functions: {each:.2f} s of {MOST:.0f} s")


if __name__ == "__main__":
    main()
