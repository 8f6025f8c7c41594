"""Files that a patch shows are not fetched: what is made of it has to be the file."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.diff.sides import apply_patch, show_sides, undo_patch

if TYPE_CHECKING:
    from pathlib import Path

LINES = st.lists(st.sampled_from(["", "a", "b", "@@ -1 +1 @@", "-x", "+y", "\\ No", " z"]))


def patch_of(folder: Path, old: bytes, new: bytes, context: int = 3) -> str:
    """Return the hunks that git prints."""
    (folder / "old").write_bytes(old)
    (folder / "new").write_bytes(new)
    command = ["git", "diff", "--no-index", f"-U{context}", "old", "new"]
    told = subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout.decode()
    at = told.find("\n@@ ")
    return told[at + 1 :] if at >= 0 else ""


@pytest.mark.git
@settings(max_examples=60, deadline=None)
@given(
    old=LINES, new=LINES, ends=st.tuples(st.booleans(), st.booleans()), context=st.integers(0, 4)
)
def test_what_git_tells_can_be_done_and_undone(tmp_path_factory, old, new, ends, context):
    """Tests would be compared with tests that never were, or be fetched for nothing."""
    before, after = (
        ("\n".join(lines) + ("\n" if lines and end else "")).encode()
        for lines, end in zip((old, new), ends, strict=True)
    )
    patch = patch_of(tmp_path_factory.mktemp("sides"), before, after, context)
    if patch:
        assert undo_patch(patch, after) == before
        assert apply_patch(patch, before) == after
    if patch and context == 4 and max(len(old), len(new)) <= 4:
        assert show_sides(patch) == (before, after)


@pytest.mark.parametrize(
    ("patch", "sides"),
    [
        ("@@ -0,0 +1,2 @@\n+a\n+b", (b"", b"a\nb\n")),
        ("@@ -1 +0,0 @@\n-a\n\\ No newline at end of file", (b"a", b"")),
        (
            "@@ -1,2 +1,2 @@ def f():\n a\n-b\n+c\n\\ No newline at end of file",
            (b"a\nb\n", b"a\nc"),
        ),
        ("@@ -5,2 +5,2 @@\n a\n-b\n+c", None),
        ("@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-a\n+b", None),
        ("", None),
    ],
)
def test_a_patch_from_the_first_line_shows_both_files(patch, sides):
    """A new file of a pull request would be fetched though it stands in its diff."""
    assert show_sides(patch) == sides


def test_a_patch_of_another_file_is_neither_done_nor_undone():
    """A wrong file would be told from, if nobody looked at its blob id."""
    assert apply_patch("@@ -1,2 +1,2 @@\n a\n-b\n+c", b"x\nb\n") is None
    assert apply_patch("@@ -5,1 +5,1 @@\n-b\n+c", b"b\n") is None
    assert undo_patch("@@ -1,2 +1,2 @@\n a\n-b\n+c", b"x\nc\n") is None
    assert undo_patch("@@ -5,1 +5,1 @@\n-b\n+c", b"c\n") is None
