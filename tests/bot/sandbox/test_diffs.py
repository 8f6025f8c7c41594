"""Diffs as git makes them: the lines that the gate will judge."""

from __future__ import annotations

import re
import subprocess
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.diffs import compute_edits, diff_trees, merge_trees, unified_text
from bot.sandbox.objects import Executable, Objects, Submodule, Symlink
from bot.sandbox.samples import SAMPLES, read_export

if TYPE_CHECKING:
    from pathlib import Path

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n"]), max_size=12)


@given(LINES, LINES)
def test_edits_lead_from_the_old_text_to_the_new(old, new):
    """A patch would not fit the files."""
    made, at = [], 0
    for a, b, c, d in compute_edits(old, new):
        made += old[at:a] + new[c:d]
        at = b
    assert made + old[at:] == new


@given(LINES, LINES)
def test_no_line_is_changed_without_need(old, new):
    """Old lines would count as new code."""
    longest = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, left in enumerate(old):
        for j, right in enumerate(new):
            longest[i + 1][j + 1] = (
                longest[i][j] + 1 if left == right else max(longest[i][j + 1], longest[i + 1][j])
            )
    edited = sum(b - a + d - c for a, b, c, d in compute_edits(old, new))
    assert edited == len(old) + len(new) - 2 * longest[-1][-1]


@given(LINES, LINES)
def test_a_merge_with_one_side_unchanged_is_the_other(base, ours):
    """The test merge would hold other lines than CI tested."""
    old, new = {"f": b"".join(base)}, {"f": b"".join(ours)}
    assert merge_trees(old, new, old) == merge_trees(old, old, new) == new


def test_a_merge_takes_both_sides_and_sees_a_conflict():
    """A pull request whose base moved on could not be tested."""
    base = {"f": b"1\n2\n3\n4\n5\n", "gone": b"x\n"}
    ours = {"f": b"0\n1\n2\n3\n4\n5\n", "mine": b"m\n", "gone": b"x\n"}
    theirs = {"f": b"1\n2\n3\n4\n6\n"}
    assert merge_trees(base, ours, theirs) == {"f": b"0\n1\n2\n3\n4\n6\n", "mine": b"m\n"}
    assert merge_trees(base, {**base, "f": b"x\n"}, {**base, "f": b"y\n"}) is None
    assert merge_trees(base, {"f": base["f"]}, {**base, "gone": b"y\n"}) is None


def test_renames_are_found():
    """A moved file would count as new code from end to end."""
    text = b"".join(b"line %d\n" % number for number in range(10))
    old = {"a.py": text, "b.py": text + b"end\n", "c.py": b"x\n"}
    new = {"d.py": text, "e.py": b"start\n" + text + b"end\n", "f.py": b"other\n"}
    changes = diff_trees(old, new)
    assert [(c.path, c.previous, c.status, c.patch is None) for c in changes] == [
        ("c.py", None, "removed", False),
        ("d.py", "a.py", "renamed", True),
        ("e.py", "b.py", "renamed", False),
        ("f.py", None, "added", False),
    ]


ODD_OLD = {
    "no-end": b"1\n2",
    "crlf": b"1\r\n2\r\n",
    "binary": b"\0\1",
    "tab\there": b"1\n",
    "umlaut-ü": b"1\n",
    "separator": "1\u2028a\n2\n".encode(),
    "empty": b"",
    "gone": b"1\n",
    "link": Symlink(b"no-end"),
}
ODD_NEW = {
    "no-end": b"1\n2\n3",
    "crlf": b"1\r\n3\r\n",
    "binary": b"\0\2",
    "tab\there": b"2\n",
    "umlaut-ü": b"2\n",
    "separator": "1\u2028b\n2\n".encode(),
    "empty": b"now\n",
    "new-empty": b"",
    "run": Executable(b"#!/bin/sh\n"),
    "link": Symlink(b"crlf"),
}


def git(folder: Path, *arguments: str, data: bytes = b"") -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def in_common(text: str) -> list[str]:
    """Return a diff's lines without ids and without what git guesses as a hunk's heading."""
    return [
        re.sub(r"^(@@ -\S+ \+\S+ @@).*", r"\1", line)
        for line in text.split("\n")
        if not line.startswith("index ")
    ]


def write(folder: Path, tree) -> None:
    for old in folder.iterdir():
        if old.name != ".git":
            old.unlink()
    for name, data in tree.items():
        if isinstance(data, Symlink):
            (folder / name).symlink_to(data.decode())
        else:
            (folder / name).write_bytes(data)
            (folder / name).chmod(0o755 if isinstance(data, Executable) else 0o644)


WHO = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")


@pytest.mark.git
def test_odd_files_differ_as_git_says(tmp_path: Path):
    """Names, line ends and modes that break parsers would be tested in a wrong form."""
    git(tmp_path, "init", "-q")
    shas = []
    for tree in (ODD_OLD, ODD_NEW):
        write(tmp_path, tree)
        git(tmp_path, "add", "-A")
        git(tmp_path, *WHO, "commit", "-q", "-m", "x", "--no-verify")
        shas.append(git(tmp_path, "rev-parse", "HEAD^{tree}").decode().strip())
    objects = Objects()
    assert shas == [objects.store_tree(ODD_OLD), objects.store_tree(ODD_NEW)]
    real = git(tmp_path, "-c", "core.quotepath=true", "diff", "--no-ext-diff", "HEAD~1", "HEAD")
    assert in_common(unified_text(diff_trees(ODD_OLD, ODD_NEW))) == in_common(real.decode())


@pytest.mark.git
@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_differ_as_git_says(tmp_path: Path, name: str):
    """The sandbox would judge other lines than GitHub shows."""
    export = (files("bot.sandbox") / "samples" / name / "repository.fast-export").read_bytes()
    git(tmp_path, "init", "-q")
    git(tmp_path, "fast-import", "--quiet", data=export)
    snapshots = list(read_export(export))
    revisions = git(tmp_path, "rev-list", "--reverse", "main").decode().split()
    objects = Objects()
    for revision, snapshot in zip(revisions, snapshots, strict=True):
        real = git(tmp_path, "rev-parse", f"{revision}^{{tree}}").decode().strip()
        assert objects.store_tree(snapshot.files) == real
    for number in range(len(revisions) - 1):
        real = git(tmp_path, "diff", "--no-ext-diff", *revisions[number : number + 2]).decode()
        ours = diff_trees(snapshots[number].files, snapshots[number + 1].files)
        assert in_common(unified_text(ours)) == in_common(real)


def test_a_submodule_is_a_line_of_its_own():
    """A new submodule would look like a text file."""
    [change] = diff_trees({"sub": Submodule(b"1" * 40)}, {"sub": Submodule(b"2" * 40)})
    assert change.patch is not None
    assert change.patch.split("\n")[1:] == [
        "-Subproject commit " + "1" * 40,
        "+Subproject commit " + "2" * 40,
    ]
    assert change.sha == "2" * 40
