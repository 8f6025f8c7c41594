"""The diff: which lines a pull request adds, from whatever source tells it."""

from __future__ import annotations

import difflib
import json
import random
from pathlib import Path

import pytest
from diff_cover.diff_reporter import GitDiffReporter
from diff_cover.git_diff import GitDiffFileTool
from hypothesis import given
from hypothesis import strategies as st

from tests.support.checkout import Checkout
from worker.core.diff import (
    Diff,
    FileDiff,
    diff_of,
    diff_texts,
    fill,
    parse_patch,
    parse_unified,
    texts,
)
from worker.core.errors import DiffIncompleteError
from worker.core.model import MAX_LINE, bitmap, line_numbers
from worker.core.refs import ChangedFile, Sha

DATA = Path(__file__).parents[1] / "data" / "diffs"
PROJECTS = sorted(path.name for path in DATA.iterdir() if path.is_dir())

# Few different lines, so that many repeat; some look like parts of a diff.
LINES = st.lists(
    st.sampled_from(["a", "b", "", "}", "++ x", "-- x", "@@ -1 +1 @@", "\\ x", "c\r", "d\u2028e"]),
    max_size=12,
)
TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["", "\n"]))


def split(text: str) -> list[str]:
    """Return a text's lines with their ends; only a line feed ends one."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def without(text: str, lines: int) -> list[str]:
    """Return a text's lines but for those in a bitmap."""
    assert lines >> (len(split(text)) + 1) == 0, "a line is named that the text has not"
    return [line for number, line in enumerate(split(text), start=1) if not lines >> number & 1]


def patch_of(old: str, new: str, context: int) -> str:
    """Return difflib's hunks, written as git writes them."""
    hunks = list(difflib.unified_diff(split(old), split(new), n=context))[2:]
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in hunks
    )


def changed(path: str = "a.py", **values) -> ChangedFile:
    """Return a file of GitHub's list."""
    given = {"status": "modified", "additions": 0, "deletions": 0, "patch": None} | values
    return ChangedFile(path, **given)


# Patches and whole diffs


@pytest.mark.parametrize("name", ["changes.diff", "changes.U0.diff"])
@pytest.mark.parametrize("project", PROJECTS)
def test_real_releases_have_the_lines_that_were_counted(project, name):
    """New code would be judged on lines that nobody wrote, or not on those somebody did."""
    expected = json.loads((DATA / project / "changed_lines.json").read_text())["files"]
    diff = parse_unified((DATA / project / name).read_bytes().decode())
    assert {file.path: line_numbers(file.added) for file in diff if file.added} == expected
    assert all(path.endswith(".mo") for path in diff.incomplete)


@pytest.mark.parametrize("project", PROJECTS)
def test_diff_cover_finds_the_same_lines(project):
    """A team that moves from diff-cover would see another number without a reason."""
    path = DATA / project / "changes.U0.diff"
    oracle = GitDiffReporter(git_diff=GitDiffFileTool(str(path)))
    diff = parse_unified(path.read_bytes().decode())
    for file in diff:
        assert line_numbers(file.added) == sorted(oracle.lines_changed(file.path)), file.path


@given(old=TEXTS, new=TEXTS, context=st.integers(0, 3))
def test_what_a_patch_leaves_is_the_same_on_both_sides(old, new, context):
    """A line would be off by one, or one of several equal lines taken for another."""
    added, removed = parse_patch(patch_of(old, new, context))
    assert without(old, removed) == without(new, added)


def test_the_note_on_the_last_line_s_end_is_no_line():
    """A file without a newline at its end would have its new lines counted one too low."""
    note = "\\ No newline at end of file"
    patch = f"@@ -1,2 +1,3 @@\n a\n-b\n{note}\n+b\n+c\n{note}"
    assert parse_patch(patch) == (bitmap([2, 3]), bitmap([2]))


def test_an_empty_line_may_come_without_its_space():
    """With diff.suppressBlankEmpty set, the lines below an empty one would be off."""
    assert parse_patch("@@ -1,3 +1,4 @@\n a\n\n b\n+c") == (bitmap([4]), 0)


@pytest.mark.parametrize(
    "patch",
    [
        "@@ -1,2 +1,3 @@\n a\n+b",
        "@@ -1 +1 @@\n-a\n+b\n+c",
        "@@ -1 +1 @@\n-a\n@@ -5 +5 @@\n-a\n+b",
        "@@ -1,1 +1,1 @@\n-a\n-b\n+c",
        "@@ -0,0 +0,1 @@\n+a",
        "+a",
        "Binary files differ",
    ],
)
def test_a_patch_that_was_cut_is_never_read_as_a_smaller_one(patch):
    """Code hidden behind a cut patch would pass as no new code."""
    with pytest.raises(DiffIncompleteError, match="can not be read at its line"):
        parse_patch(patch)


def test_lines_that_no_report_can_name_are_left_out():
    """A data file of millions of lines would stop the verdict."""
    added, _ = parse_patch(f"@@ -0,0 +{MAX_LINE},2 @@\n+a\n+b")
    assert added == bitmap([MAX_LINE])


HEADERS = """\
commit message, or whatever stands before

diff --git "a/na\\303\\257ve \\"x\\"\\t.py" "b/na\\303\\257ve \\"x\\"\\t.py"
new file mode 100644
index 0000000..e69de29
--- /dev/null
+++ "b/na\\303\\257ve \\"x\\"\\t.py"
@@ -0,0 +1 @@
+++ x
diff --git a/with space b/x.py b/with space b/x.py
index e69de29..d00491f 100644
--- a/with space b/x.py\t
+++ b/with space b/x.py\t
@@ -3,0 +4,2 @@ def f():
+a
+b
diff --git a/old.py b/new.py
similarity index 90%
rename from old.py
rename to new.py
index e69de29..d00491f 100644
--- a/old.py
+++ b/new.py
@@ -2 +2 @@
-a
+b
diff --git a/moved only.py b/dir/moved only.py
similarity index 100%
rename from moved only.py
rename to dir/moved only.py
diff --git a/one.py b/two.py
similarity index 100%
copy from one.py
copy to two.py
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
diff --git a/gone.py b/gone.py
deleted file mode 100644
index d00491f..0000000
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/empty.py b/empty.py
new file mode 100644
index 0000000..e69de29
diff --git a/pic ture.png b/pic ture.png
index 111..222 100644
Binary files a/pic ture.png and b/pic ture.png differ
diff --git a/blob b/blob
index 111..222 100644
GIT binary patch
literal 5
Mc$@*ME

literal 0
HcmV?d00001

diff --git a/sub b/sub
index 1111111..2222222 160000
--- a/sub
+++ b/sub
@@ -1 +1 @@
-Subproject commit 1111111111111111111111111111111111111111
+Subproject commit 2222222222222222222222222222222222222222
diff --git a/link.py b/link.py
deleted file mode 100644
index d00491f..0000000
--- a/link.py
+++ /dev/null
@@ -1,2 +0,0 @@
-x
-y
diff --git a/link.py b/link.py
new file mode 120000
index 0000000..d00491f
--- /dev/null
+++ b/link.py
@@ -0,0 +1 @@
+target.py
\\ No newline at end of file
"""


def test_every_kind_of_header_is_understood():
    """A file with an unusual name or change would be left unjudged, or stop the verdict."""
    expected = [
        FileDiff("blob", "blob", 0, 0, "modified", complete=False, binary=True),
        FileDiff("dir/moved only.py", "moved only.py", 0, 0, "renamed"),
        FileDiff("empty.py", None, 0, 0, "added"),
        FileDiff("gone.py", "gone.py", 0, bitmap([1]), "removed"),
        FileDiff("link.py", "link.py", 0, bitmap([1, 2]), "changed"),
        FileDiff('naïve "x"\t.py', None, bitmap([1]), 0, "added"),
        FileDiff("new.py", "old.py", bitmap([2]), bitmap([2]), "renamed"),
        FileDiff("pic ture.png", "pic ture.png", 0, 0, "modified", complete=False, binary=True),
        FileDiff("run.sh", "run.sh", 0, 0, "changed"),
        FileDiff("sub", "sub", 0, 0, "modified"),
        FileDiff("two.py", "one.py", 0, 0, "copied"),
        FileDiff("with space b/x.py", "with space b/x.py", bitmap([4, 5]), 0, "modified"),
    ]
    assert list(parse_unified(HEADERS)) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("@@ -1 +1 @@\n-a\n+b\n", "belongs to no file"),
        ("diff --cc a.py\n@@@ -1,1 -1,1 +1,1 @@@\n", "not one of a merge"),
        ("diff --git a.py a.py\n--- a.py\n+++ a.py\n@@ -1 +1 @@\n-a\n+b\n", "prefixes a/ and b/"),
        ("diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n+c\n", "longer than"),
    ],
)
def test_a_diff_of_another_make_is_refused_with_a_reason(text, reason):
    """A diff that is not understood would be judged as no change at all."""
    with pytest.raises(DiffIncompleteError, match=reason):
        parse_unified(text)


# GitHub's list of files


def test_a_file_without_a_patch_is_not_complete():
    """Padding a pull request past GitHub's limits would hide its code (T12)."""
    statuses = ["added", "modified", "renamed", "copied", "changed"]
    diff = diff_of([changed(f"{status}.py", status=status) for status in statuses])
    assert diff.incomplete == tuple(f"{status}.py" for status in sorted(statuses))


def test_files_that_can_add_nothing_need_no_further_look():
    """Each deleted file and each empty `__init__.py` would cost requests to GitHub."""
    empty = Sha("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
    files = [
        changed("gone.py", status="removed"),
        changed("new.py", status="added", blob_sha=empty),
    ]
    assert diff_of(files).incomplete == ()


def test_a_patch_must_have_the_counts_that_stand_beside_it():
    """A patch that GitHub cut between two hunks would pass for a whole one."""
    patch = "@@ -1 +1,2 @@\n-a\n+b\n+c"
    whole = changed("whole.py", patch=patch, additions=2, deletions=1)
    cut = changed("cut.py", patch=patch, additions=90, deletions=1)
    broken = changed("broken.py", patch=patch + "\n+d", additions=3, deletions=1)
    diff = diff_of([whole, cut, broken])
    assert diff.incomplete == ("broken.py", "cut.py")
    assert diff.files["whole.py"] == FileDiff(
        "whole.py", "whole.py", bitmap([1, 2]), bitmap([1]), "modified"
    )


def test_a_renamed_file_remembers_where_it_was():
    """Lines of a moved file could not be found in the baseline's report."""
    file = changed("new.py", status="renamed", previous_path="old.py", patch="@@ -1 +1 @@\n-a\n+b")
    assert diff_of([file]).files["new.py"].old_path == "old.py"
    assert diff_of([changed("x.py", status="added")]).files["x.py"].old_path is None


def test_blobs_fill_what_the_patch_left_out():
    """A file that is too long for GitHub's diff would never get a verdict."""
    file = diff_of([changed("a.py")]).files["a.py"]
    assert fill(file, b"a\nb\n", b"a\nx\nb\n") == FileDiff(
        "a.py", "a.py", bitmap([2]), 0, "modified"
    )
    added = diff_of([changed("n.py", status="added")]).files["n.py"]
    assert fill(added, None, b"a\nb").added == bitmap([1, 2])


def test_lines_of_a_file_with_zero_bytes_count():
    """Sources in UTF-16, or with one zero byte in a comment, would go unjudged."""
    file = fill(
        FileDiff("a.cs", "a.cs", 0, 0, "modified", complete=False),
        "one\nthree\n".encode("utf-16"),
        "one\ntwo\nthree\n".encode("utf-16"),
    )
    assert file.binary
    assert file.complete
    assert file.added == bitmap([2])


def test_files_are_kept_by_path_and_sorted():
    """The same pull request would be told in another order from run to run."""
    later = FileDiff("a", None, 2, 0, "added")
    diff = Diff.of([FileDiff("b", None, 0, 0, "added"), FileDiff("a", None, 0, 0, "added"), later])
    assert list(diff) == [later, FileDiff("b", None, 0, 0, "added")]
    assert len(diff) == 2


# Texts


def longest_common(old: list[str], new: list[str]) -> int:
    """Return the length of the longest common subsequence, the slow way."""
    row = [0] * (len(new) + 1)
    for line in old:
        previous = row
        row = [0]
        for index, other in enumerate(new):
            best = previous[index] + 1 if line == other else max(row[-1], previous[index + 1])
            row.append(best)
    return row[-1]


@given(old=TEXTS, new=TEXTS)
def test_no_shorter_diff_of_two_texts_exists(old, new):
    """Lines that nobody touched would be judged as new code."""
    added, removed = diff_texts(old, new)
    assert without(old, removed) == without(new, added)
    assert len(without(old, removed)) == longest_common(split(old), split(new))
    assert diff_texts(old.encode(), new.encode()) == (added, removed)


@given(old=TEXTS, new=TEXTS, cells=st.integers(0, 30))
def test_texts_too_large_for_one_table_are_split_or_refused(old, new, cells):
    """A long generated file would take all memory, or be told with wrong lines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "MAX_CELLS", cells)
        try:
            added, removed = diff_texts(old, new)
        except DiffIncompleteError:
            assert cells < len(split(old)) * len(split(new))
            return
    assert without(old, removed) == without(new, added)


def test_a_large_file_with_few_edits_is_told_exactly():
    """The very files that GitHub gives no patch for would be refused."""
    old = [f"line {number}" if number % 3 else "}" for number in range(60_000)]
    new = [*old[:10], "first", *old[10:30_000], *old[30_001:59_990], "last", *old[59_991:]]
    added, removed = diff_texts("\n".join(old), "\n".join(new))
    assert (added, removed) == (bitmap([11, 59_991]), bitmap([30_001, 59_991]))


def test_a_diff_that_can_not_be_made_names_the_file_and_the_way_out():
    """The author would be told that something is wrong, and not what to do."""
    old = "a\nb\n" * 15_000
    file = FileDiff("gen.c", "gen.c", 0, 0, "modified", complete=False)
    with pytest.raises(DiffIncompleteError, match=r"^gen\.c: .*`ignore`"):
        fill(file, old.encode(), ("b\nb\na\n" * 12_000).encode())


# Git itself

NAMES = [
    "plain.py",
    "with space.py",
    "x b/y.py",
    'q"uote.py',
    "tab\t.py",
    "new\nline.py",
    "naïve.py",
    "back\\slash.py",
    "-dash.py",
    "a/b/c.py",
    "日本.py",
    "trailing ",
]


def random_text(source: random.Random) -> str:
    words = ["a", "b", "c", "", "    x", "}", "++ y", "-- y", "w\r", "\x0c", "diff --git a/x b/x"]
    lines = [source.choice(words) for _ in range(source.randrange(30))]
    return "\n".join(lines) + source.choice(["", "\n"])


def edited(text: str, source: random.Random) -> str:
    lines = text.split("\n")
    for _ in range(source.randrange(6)):
        at = source.randrange(len(lines) + 1)
        lines[at : at + source.randrange(3)] = [source.choice(["n", "a", "", "++ z", "-- z"])]
    return "\n".join(lines)


class TestGit:
    """The same changes, told by git."""

    pytestmark = pytest.mark.git

    @pytest.mark.parametrize("options", [["-U0"], ["-U3"], ["-M"], ["-U1", "--patience"]])
    def test_generated_histories_are_read_as_git_means_them(self, tmp_path, options):
        """Some file of some repository would have its lines counted wrong."""
        source = random.Random(str(options))
        old = {f"{i} {name}": random_text(source) for i in range(4) for name in NAMES}
        new = {name: edited(text, source) for name, text in old.items() if source.random() < 0.9}
        new |= {f"fresh {name}": random_text(source) for name in NAMES}
        checkout = Checkout(tmp_path)
        checkout.commit(dict(old))
        checkout.commit(new | {name: None for name in old if name not in new})
        diff = parse_unified(checkout.git("diff", *options, "HEAD~", "HEAD"))
        for file in diff:
            before = old[file.old_path] if file.old_path else ""
            after = "" if file.status == "removed" else new[file.path]
            assert without(before, file.removed) == without(after, file.added), file
        renamed = {file.old_path for file in diff if file.status == "renamed"}
        changes = {name for name in old | new if old.get(name) != new.get(name)}
        assert {file.path for file in diff} == changes - renamed

    def test_two_texts_differ_in_no_more_lines_than_git_finds(self, tmp_path):
        """A file without a patch would have more new code than the same file with one."""
        source = random.Random(7)
        old = {f"{i}.txt": random_text(source) for i in range(60)}
        new = {name: edited(edited(text, source), source) for name, text in old.items()}
        checkout = Checkout(tmp_path)
        checkout.commit(dict(old))
        checkout.commit(dict(new))
        counted = checkout.git("diff", "--minimal", "--numstat", "HEAD~", "HEAD").split("\n")
        assert len(counted) > 30
        for line in counted:
            additions, deletions, name = line.split("\t")
            added, removed = diff_texts(old[name], new[name])
            assert (added.bit_count(), removed.bit_count()) == (int(additions), int(deletions))

    def test_submodules_links_modes_and_binary_files(self, tmp_path):
        """A change that is no text would be taken for new lines, or stop the verdict."""
        checkout = Checkout(tmp_path)
        checkout.commit({"was.py": "x\n", "run.py": "x\n", "pic": b"\0\1", "both.py": "a\nb\nc\n"})
        (tmp_path / "was.py").unlink()
        (tmp_path / "was.py").symlink_to("run.py")
        (tmp_path / "run.py").chmod(0o755)
        checkout.git("mv", "both.py", "moved.py")
        link = "160000,1111111111111111111111111111111111111111,sub"
        checkout.git("update-index", "--add", "--cacheinfo", link)
        checkout.write({"pic": b"\0\2"})
        checkout.git("add", "was.py", "run.py", "pic")
        checkout.git("commit", "--quiet", "--message", "change")
        assert list(parse_unified(checkout.git("diff", "-M", "HEAD~", "HEAD"))) == [
            FileDiff("moved.py", "both.py", 0, 0, "renamed"),
            FileDiff("pic", "pic", 0, 0, "modified", complete=False, binary=True),
            FileDiff("run.py", "run.py", 0, 0, "changed"),
            FileDiff("sub", None, 0, 0, "added"),
            FileDiff("was.py", "was.py", 0, bitmap([1]), "changed"),
        ]
