"""What files told the last time: a shortcut that may never change an answer."""

from __future__ import annotations

import os
from datetime import date

import pytest

from bot.checkout import read_material
from bot.kept_facts import KeptFacts
from tests.support.checkout import Checkout
from worker.core.config import DEFAULT_CONFIG
from worker.core.model import EMPTY_REPORT
from worker.core.static import read_facts
from worker.localgit import LocalGit

TEST = b"def test_a():\n    assert 1\n"


def test_what_is_kept_is_what_reading_tells(tmp_path):
    """A second run would give another verdict than the first."""
    kept = KeptFacts(tmp_path / "own")
    first = {path: kept.read(path, TEST) for path in ("tests/test_a.py", "a.py", "test.js")}
    kept.save()
    again = KeptFacts(tmp_path / "own")
    assert {path: again.read(path, TEST) for path in first} == first
    assert first == {path: read_facts(path, TEST) for path in first}


def test_nothing_is_read_twice(tmp_path, monkeypatch):
    """A check before every push would take as long as the first one."""
    kept = KeptFacts(tmp_path)
    facts = kept.read("tests/test_a.py", TEST)
    kept.save()
    monkeypatch.setattr("bot.kept_facts.read_facts", None)
    assert KeptFacts(tmp_path).read("tests/test_a.py", TEST) == facts


@pytest.mark.parametrize("damage", [b"", b"\x81", b"\x81\xa1a\xc4\x01x", b"no", os.urandom(200)])
def test_a_damaged_file_is_as_none(tmp_path, damage):
    """One broken file beside git's data would end every check."""
    kept = KeptFacts(tmp_path)
    facts = kept.read("tests/test_a.py", TEST)
    kept.save()
    (tmp_path / "facts").write_bytes(damage)
    again = KeptFacts(tmp_path)
    assert again.read("tests/test_a.py", TEST) == facts
    again.save()
    assert KeptFacts(tmp_path).read("tests/test_a.py", TEST) == facts


def test_what_is_not_asked_for_any_more_is_dropped(tmp_path):
    """The file would grow with every version of every file."""
    kept = KeptFacts(tmp_path)
    for number in range(50):
        kept.read("a.py", b"x = %d\n" % number)
    kept.save()
    large = (tmp_path / "facts").stat().st_size
    again = KeptFacts(tmp_path)
    again.read("a.py", b"x = 1\n")
    again.save()
    assert (tmp_path / "facts").stat().st_size < large / 10
    assert [path.name for path in tmp_path.iterdir()] == ["facts"]


def test_a_folder_that_can_not_be_written_is_no_matter(tmp_path):
    """A checkout that is mounted read-only could not be checked."""
    (tmp_path / "own").write_text("a file is in the way")
    kept = KeptFacts(tmp_path / "own")
    kept.read("a.py", TEST)
    kept.save()
    assert (tmp_path / "own").read_text() == "a file is in the way"


@pytest.mark.git
def test_a_checkout_keeps_them_beside_gits_own_data(tmp_path):
    """A file of ours would lie in the working tree, and be committed one day."""
    checkout = Checkout(tmp_path / "shop")
    checkout.commit({"tests/test_a.py": TEST})
    read = [
        read_material(LocalGit(checkout.path), None, EMPTY_REPORT, DEFAULT_CONFIG, date(2026, 1, 1))
        for _ in range(2)
    ]
    assert read[0] == read[1]
    assert (checkout.path / ".git" / "covgate" / "facts").exists()
    assert checkout.git("status", "--porcelain") == ""
