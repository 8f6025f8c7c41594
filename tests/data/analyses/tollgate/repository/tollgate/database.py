"""Where deposits are kept."""

import os
import sqlite3

ADDRESS = os.environ.get("DATABASE_URL", "sqlite:///tollgate.db")


def connect(address=ADDRESS):
    if address.startswith("sqlite:///"):
        return sqlite3.connect(address.removeprefix("sqlite:///"))
    import psycopg

    return psycopg.connect(address)


def save(session, deposit):
    session.execute(
        "INSERT INTO deposits (driver, amount) VALUES (?, ?)", (deposit.driver, deposit.amount)
    )
    session.commit()


def load(session, driver):
    rows = session.execute("SELECT amount FROM deposits WHERE driver = ?", (driver,))
    return [row[0] for row in rows]


def forget(session, driver):
    session.execute("DELETE FROM deposits WHERE driver = ?", (driver,))
    session.execute("DELETE FROM deposit_history WHERE driver = ?", (driver,))
    session.commit()
