"""What differs between two whole trees, told by blobs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.core.diff.trees import diff_of_trees
from worker.core.refs import Sha

PATHS = st.sampled_from(["a.py", "b.py", "src/a.py", "src/b.py", "lib/a.py", "lib/c.py"])
TREES = st.dictionaries(PATHS, st.sampled_from([Sha("1"), Sha("2"), Sha("3")]))


def told(old: dict[str, str], new: dict[str, str]) -> list[tuple[str, str | None, str, bool]]:
    diff = diff_of_trees(
        {path: Sha(blob) for path, blob in old.items()},
        {path: Sha(blob) for path, blob in new.items()},
    )
    return [(file.path, file.old_path, file.status, file.complete) for file in diff]


def test_each_kind_of_change_is_told() -> None:
    """Beyond 3,000 files, all lines of moved files would be new."""
    old = {"same": "1", "edited": "2", "gone": "3", "old/moved": "4", "old/renamed": "5"}
    new = {"same": "1", "edited": "6", "come": "7", "new/moved": "4", "new/renamed": "8"}
    assert told(old, new) == [
        ("come", None, "added", False),
        ("edited", "edited", "modified", False),
        ("gone", "gone", "removed", True),
        ("new/moved", "old/moved", "renamed", True),
        ("new/renamed", "old/renamed", "renamed", False),
    ]


def test_of_equal_files_the_namesake_is_the_one_that_moved() -> None:
    """Empty `__init__.py` files would be paired crosswise."""
    old = {"a/x": "1", "a/y": "1"}
    assert told(old, {"b/y": "1"}) == [
        ("a/x", "a/x", "removed", True),
        ("b/y", "a/y", "renamed", True),
    ]


def test_a_copy_is_an_added_file() -> None:
    """Copied code would not be new."""
    assert told({"a": "1"}, {"a": "1", "b": "1"}) == [("b", None, "added", False)]


def test_a_name_that_is_there_twice_is_not_guessed() -> None:
    """One of many `__init__.py` would be compared with any other."""
    old = {"a/x": "1", "b/x": "2"}
    assert [row[2] for row in told(old, {"c/x": "3"})] == ["removed", "removed", "added"]


@given(TREES, TREES)
def test_every_difference_is_told_once(old: dict[str, Sha], new: dict[str, Sha]) -> None:
    """A file that is in neither list would go unjudged."""
    diff = diff_of_trees(old, new)
    differing = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    before = [file.old_path for file in diff if file.old_path is not None]
    after = [file.path for file in diff if file.status != "removed"]
    assert sorted(before) == sorted(differing & old.keys())
    assert sorted(after) == sorted(differing & new.keys())
    assert all(
        not file.complete or old[file.old_path or ""] == new[file.path]
        for file in diff
        if file.status != "removed"
    )
