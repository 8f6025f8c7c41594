"""Contents of files, in every store: kept in so much room while they are used."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from worker.core.errors import CovgateError

if TYPE_CHECKING:
    from worker.ports import Store

TODAY = date(2030, 1, 1)
DAY = timedelta(days=1)
ROOM = 1_000
DATA = b"content\0\xff"
ONE, TWO, THREE = ("1" * 40, "2" * 40, "3" * 40)


def test_contents_come_back_as_they_were(known: Store) -> None:
    """A changed file would be asked for, though its base was kept."""
    known.keep_sources(70, {TWO: DATA, ONE: b"other"}, TODAY, room=ROOM)
    assert known.sources(70, [ONE, TWO, THREE, ONE], TODAY) == {ONE: b"other", TWO: DATA}
    assert list(known.known_sources(70, [TWO, THREE, ONE, TWO], TODAY)) == [ONE, TWO]
    assert known.sources(70, [], TODAY) == {}
    known.keep_sources(70, {ONE: b"newer"}, TODAY, room=ROOM)
    assert known.sources(70, [ONE], TODAY) == {ONE: b"newer"}


def test_thousands_of_contents_are_found_at_once(known: Store) -> None:
    """A large repository has more files than a database takes values in one statement."""
    many = {f"{number:040x}": b"%d" % number for number in range(1_500)}
    known.keep_sources(70, many, TODAY, room=10_000)
    assert known.sources(70, [*many, ONE], TODAY) == many
    assert len(known.known_sources(70, [*many, ONE], TODAY)) == 1_500


def test_contents_of_another_repository_are_not_found(known: Store) -> None:
    """Somebody could read a private file by naming its blob in a repository of their own."""
    known.keep_sources(70, {ONE: DATA}, TODAY, room=ROOM)
    assert known.sources(71, [ONE], TODAY) == {}
    assert not known.known_sources(71, [ONE], TODAY)


def test_a_file_without_content_is_known(known: Store) -> None:
    """A long file would be fetched again by every push."""
    known.keep_sources(70, {ONE: b""}, TODAY, room=ROOM)
    assert known.sources(70, [ONE], TODAY) == {}
    assert list(known.known_sources(70, [ONE], TODAY)) == [ONE]


def test_what_was_used_last_has_the_room(known: Store) -> None:
    """A large repository would fill the disk, or lose the files that its pull requests change."""
    known.keep_sources(70, {ONE: b"x" * 400, TWO: b"x" * 400}, TODAY, room=ROOM)
    known.keep_sources(71, {ONE: b"x" * 400}, TODAY, room=ROOM)
    known.sources(70, [ONE], TODAY + 8 * DAY)
    known.keep_sources(70, {THREE: b"x" * 400}, TODAY + 9 * DAY, room=ROOM)
    day = TODAY + 9 * DAY
    assert list(known.sources(70, [ONE, TWO, THREE], day)) == [ONE, THREE]
    assert list(known.known_sources(70, [ONE, TWO, THREE], day)) == [ONE, TWO, THREE]
    assert list(known.sources(71, [ONE], day)) == [ONE]
    known.keep_sources(70, {}, day, room=ROOM)
    assert list(known.sources(70, [ONE, TWO, THREE], day)) == [ONE, THREE]


def test_contents_go_when_nobody_uses_them(known: Store) -> None:
    """Sources would stay in the database for ever, also those of a dormant repository."""
    known.keep_sources(70, {ONE: DATA, TWO: DATA, THREE: DATA}, TODAY, room=ROOM)
    known.keep_sources(71, {ONE: DATA}, TODAY, room=ROOM)
    known.sources(70, [ONE], TODAY + 20 * DAY)
    known.known_sources(70, [TWO], TODAY + 20 * DAY)
    known.keep_sources(70, {}, TODAY + 40 * DAY, room=ROOM)
    day = TODAY + 40 * DAY
    assert list(known.sources(70, [ONE, TWO, THREE], day)) == [ONE, TWO]
    assert not known.known_sources(71, [ONE], day)


def test_contents_are_forgotten_with_their_repository(known: Store) -> None:
    """A private repository's files would be kept after the App was removed."""
    known.keep_sources(70, {ONE: DATA}, TODAY, room=ROOM)
    known.keep_sources(80, {ONE: DATA}, TODAY, room=ROOM)
    known.forget(7, 70)
    assert known.sources(70, [ONE], TODAY) == {}
    assert known.sources(80, [ONE], TODAY) == {ONE: DATA}
    with pytest.raises(CovgateError, match="not remembered"):
        known.keep_sources(70, {ONE: DATA}, TODAY, room=ROOM)


def test_an_operator_who_keeps_no_sources_has_none(known: Store) -> None:
    """What was kept before the setting was changed would stay."""
    known.keep_sources(70, {ONE: DATA}, TODAY, room=ROOM)
    known.keep_sources(80, {ONE: DATA}, TODAY, room=ROOM)
    known.drop_sources()
    assert not known.known_sources(70, [ONE], TODAY)
    assert not known.known_sources(80, [ONE], TODAY)
