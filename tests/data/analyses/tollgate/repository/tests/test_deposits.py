import sqlite3

import pytest

from tollgate.deposits import Deposit, settle


@pytest.fixture
def session():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE deposits (driver, amount)")
    yield connection
    connection.close()


def test_a_deposit_holds_something():
    with pytest.raises(ValueError):
        Deposit("ada", 0)


def test_a_deposit_goes_from_open_to_repaid():
    deposit = Deposit("ada", 10)
    deposit.move("repaid")
    assert deposit.state == "repaid"
    with pytest.raises(ValueError):
        deposit.move("used")


def test_tolls_are_taken_until_nothing_is_left(session):
    deposit = Deposit("ada", 10)
    assert settle(session, deposit, 4) == 6
    assert settle(session, deposit, 6) == 0
    assert deposit.state == "used"
    rows = session.execute("SELECT amount FROM deposits").fetchall()
    assert rows == [(6,), (0,)]
