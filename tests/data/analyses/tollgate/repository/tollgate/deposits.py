"""Deposits of drivers: opened, used up, paid back."""

from tollgate.database import save

STATES = {"open": {"used", "repaid"}, "used": set(), "repaid": set()}


class Deposit:
    def __init__(self, driver, amount):
        if amount <= 0:
            raise ValueError("a deposit holds something")
        self.driver = driver
        self.amount = amount
        self.state = "open"

    def move(self, state):
        if state not in STATES[self.state]:
            raise ValueError(f"{self.state} deposits are not {state}")
        self.state = state


def settle(session, deposit, toll):
    deposit.amount -= toll
    if deposit.amount <= 0:
        deposit.move("used")
    save(session, deposit)
    return deposit.amount
