"""What the store keeps as JSON, read by another version than wrote it."""

from __future__ import annotations

import json
import zlib

import pytest

from bot.dashboard.facts import EMPTY_SNAPSHOT, read_snapshot, read_verdict
from bot.dashboard.reading import target_of
from tests.bot.dashboard.samples import DETAILS, OPEN, snapshot


def test_what_a_newer_version_adds_is_passed_over():
    """After stepping back to the release before, every page would be empty."""
    document = json.loads(DETAILS) | {"new": {"of": "tomorrow"}}
    facts = read_verdict(json.dumps(document))
    assert facts.gates[0].name == "new_code"


def test_what_an_older_version_lacked_is_left_out():
    """After an update, the pages of all former pull requests would fail."""
    facts = read_verdict('{"title": "so"}')
    assert facts.title == "so"
    assert facts.gates == []


@pytest.mark.parametrize(
    "details", ["", "{}", " {}", "no json", "[]", '{"gates": 7}', "{" * 99_999]
)
def test_a_damaged_verdict_is_as_good_as_none(details):
    """One damaged row would make a page fail for ever."""
    assert read_verdict(details) is None


@pytest.mark.parametrize(
    "data",
    [b"", b"no zlib", zlib.compress(b"no json"), snapshot(OPEN).data[:-9], zlib.compress(b"\xff")],
)
def test_a_damaged_snapshot_is_an_empty_one(data):
    """One damaged row would make a repository's page fail for ever."""
    assert read_snapshot(data) == EMPTY_SNAPSHOT


def test_half_a_character_in_a_path_spoils_nothing():
    """One odd name would take all analyses off the page."""
    facts = read_snapshot(zlib.compress(json.dumps({"files": [["\ud800", 1, 2]]}).encode()))
    assert facts.counted[0][0] == "\ud800"


@pytest.mark.parametrize("target", ["80 %", "101 %", "-1 %", "x", "1/0", ""])
def test_the_target_is_a_percentage_or_none(target):
    """A plot would be stretched to a target that nobody can reach."""
    table = {"columns": ["package", "target"], "rows": [["the whole project", target]]}
    data = json.dumps({"insights": [{"name": "goals", "tables": [table]}]})
    found = target_of(read_snapshot(zlib.compress(data.encode())))
    assert found == (80 if target == "80 %" else None)


def test_counts_that_make_no_sense_are_none():
    """A ratio above one would end the page with an error."""
    facts = read_snapshot(zlib.compress(b'{"files": [["a.py", 9, 2], ["b.py", -1, 2]]}'))
    assert [lines.total for _, lines in facts.counted] == [0, 0]
