"""What files tell, in every store: it is kept while it is used, and never for ever."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from worker.core.errors import CovgateError

if TYPE_CHECKING:
    from worker.ports import Store

TODAY = date(2030, 1, 1)
DAY = timedelta(days=1)
KEY = "a" * 40 + ":2.py"
DATA = b"facts\0\xff"


def test_facts_come_back_as_they_were(known: Store) -> None:
    """Every file would be fetched and read again for every verdict."""
    known.keep_facts(70, {KEY: DATA, "b": b""}, TODAY)
    assert known.facts(70, [KEY, "b", "c", KEY], TODAY) == {KEY: DATA, "b": b""}
    assert known.facts(70, [], TODAY) == {}


def test_thousands_of_facts_are_found_at_once(known: Store) -> None:
    """A large repository's facts are more than a database takes values in one statement."""
    many = {f"{number:040x}": str(number).encode() for number in range(1_234)}
    known.keep_facts(70, many, TODAY)
    assert known.facts(70, [*many, "other"], TODAY) == many


def test_newer_facts_replace_older_ones(known: Store) -> None:
    """What was damaged on its way would be read anew, and never be mended."""
    known.keep_facts(70, {KEY: b"old"}, TODAY)
    known.keep_facts(70, {KEY: DATA}, TODAY)
    assert known.facts(70, [KEY], TODAY) == {KEY: DATA}


def test_facts_of_another_repository_are_not_found(known: Store) -> None:
    """Whoever guesses a blob's id could learn what a private file tells."""
    known.keep_facts(70, {KEY: DATA}, TODAY)
    assert known.facts(71, [KEY], TODAY) == {}


def test_facts_go_when_nobody_asks_for_them(known: Store) -> None:
    """The table would grow with every commit, for ever."""
    known.keep_facts(70, {KEY: DATA, "gone": DATA}, TODAY)
    known.keep_facts(71, {KEY: DATA}, TODAY)
    known.facts(70, [KEY], TODAY + 60 * DAY)
    known.keep_facts(70, {}, TODAY + 100 * DAY)
    assert known.facts(70, [KEY, "gone"], TODAY + 100 * DAY) == {KEY: DATA}
    assert known.facts(71, [KEY], TODAY + 100 * DAY) == {KEY: DATA}
    known.keep_facts(70, {}, TODAY + 300 * DAY)
    assert known.facts(70, [KEY], TODAY + 300 * DAY) == {}


def test_facts_are_forgotten_with_their_repository(known: Store) -> None:
    """What a private repository's files tell would outlive the App's removal."""
    known.keep_facts(70, {KEY: DATA}, TODAY)
    known.keep_facts(80, {KEY: DATA}, TODAY)
    known.forget(7)
    assert known.facts(70, [KEY], TODAY) == {}
    assert known.facts(80, [KEY], TODAY) == {KEY: DATA}
    with pytest.raises(CovgateError, match="not remembered"):
        known.keep_facts(70, {KEY: DATA}, TODAY)
