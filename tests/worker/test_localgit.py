"""The local checkout: `covgate check` sees what git sees, and says what it can not see."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.checkout import Checkout
from worker.core.diff import FileDiff
from worker.core.errors import GitError
from worker.core.model import bitmap, line_numbers
from worker.localgit import LocalGit

pytestmark = pytest.mark.git


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    """Return a checkout whose branch `topic` left `main`, which moved on since."""
    checkout = Checkout(tmp_path / "project")
    checkout.commit({"a.py": "one\ntwo\nthree\n", "b.py": "x\n", "old name.py": "1\n2\n3\n4\n5\n"})
    checkout.git("checkout", "--quiet", "-b", "topic")
    checkout.git("mv", "old name.py", "naïve.py")
    checkout.commit(
        {"a.py": "one\ntwo\nnew\nthree", "naïve.py": "1\n2\n3\n4\n5\n6\n", "b.py": None}
    )
    checkout.git("checkout", "--quiet", "main")
    checkout.commit({"main.py": "not the topic's\n"})
    checkout.git("checkout", "--quiet", "topic")
    return checkout


TOPIC = [
    FileDiff("a.py", "a.py", bitmap([3, 4]), bitmap([3]), "modified"),
    FileDiff("b.py", "b.py", 0, bitmap([1]), "removed"),
    FileDiff("naïve.py", "old name.py", bitmap([6]), 0, "renamed"),
]


def test_a_branch_is_compared_with_where_it_left_its_base(checkout):
    """What others did on main would be charged to the author."""
    git = LocalGit(checkout.path)
    assert list(git.diff("main", "topic")) == TOPIC
    assert git.merge_base("main", "topic") == checkout.git("rev-parse", "main~")
    assert git.merge_base("main") == checkout.git("rev-parse", "main~")
    assert git.sha("topic") == checkout.git("rev-parse", "topic")


def test_without_a_head_the_working_tree_is_judged(checkout):
    """Who checks before committing would be told of the last commit, not of the work."""
    checkout.git("rm", "--quiet", "naïve.py")
    checkout.write(
        {
            ".gitignore": "*.log\n",
            "a.py": "zero\none\ntwo\nnew\nthree",
            "fresh.py": "x\ny",
            "empty.py": "",
            "staged.py": "z\n",
            "noise.log": "x\n",
        }
    )
    checkout.git("add", "staged.py")
    (checkout.path / "link.py").symlink_to("a.py")
    git = LocalGit(checkout.path)
    lines = {file.path: line_numbers(file.added) for file in git.diff("main")}
    assert lines == {
        ".gitignore": [1], "a.py": [1, 4, 5], "b.py": [], "empty.py": [], "fresh.py": [1, 2],
        "old name.py": [], "staged.py": [1],
    }  # fmt: skip
    assert git.diff("main").files["fresh.py"] == FileDiff("fresh.py", None, 0b110, 0, "added")
    assert list(git.diff("main", "HEAD")) == TOPIC


def test_paths_are_those_of_the_head(checkout):
    """A report's paths would be matched with files that are not there."""
    git = LocalGit(checkout.path)
    assert git.paths("main") == {"a.py", "b.py", "main.py", "old name.py"}
    assert git.paths("topic") == {"a.py", "naïve.py"}
    checkout.write({"new\nline.py": "x", "a.py": None})
    assert git.paths() == {"naïve.py", "new\nline.py"}


def test_a_folder_below_the_top_is_the_same_checkout(checkout):
    """In a subfolder all paths would be wrong."""
    checkout.commit({"sub/c.py": "x\n"})
    git = LocalGit(checkout.path / "sub")
    assert git.root == checkout.path.resolve()
    assert "sub/c.py" in git.diff("main").files
    assert git.paths() == git.paths("HEAD") == {"a.py", "naïve.py", "sub/c.py"}


def test_a_file_is_read_byte_for_byte_at_a_commit(checkout):
    """The configuration of another commit would decide, or a damaged one."""
    odd = b"caf\xe9\r\n\0"
    checkout.commit({"x [*].yml": odd, "sub/x.yml": "x"})
    (checkout.path / "link.yml").symlink_to("a.py")
    checkout.commit({"x [*].yml": odd})
    checkout.write({"x [*].yml": "changed"})
    git = LocalGit(checkout.path / "sub")
    assert git.file("x [*].yml", "topic") == odd
    assert git.file("a.py", "main") == b"one\ntwo\nthree\n"
    for path in ("x [*].yml", "sub", "nowhere.yml"):
        assert git.file(path, "main") is None
    assert git.file("link.yml", "topic") is None
    assert git.file("sub", "topic") is None


def test_a_user_s_own_configuration_changes_nothing(checkout, tmp_path, monkeypatch):
    """The same checkout would pass on one machine and fail on another."""
    config = tmp_path / "gitconfig"
    config.write_text(
        "[diff]\n noprefix = true\n renames = false\n external = false\n context = 9\n"
        " algorithm = patience\n indentHeuristic = false\n submodule = log\n"
        " orderFile = /nowhere\n interHunkContext = 5\n suppressBlankEmpty = true\n"
        "[color]\n ui = always\n diff = always\n[core]\n quotePath = false\n"
        '[diff "py"]\n textconv = false\n command = false\n'
    )
    attributes = checkout.path / ".git" / "info" / "attributes"
    attributes.write_text("*.py diff=py\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert list(LocalGit(checkout.path).diff("main", "topic")) == TOPIC


@pytest.mark.parametrize("head", [None, "topic"])
def test_files_that_git_takes_for_no_text_have_lines_all_the_same(checkout, head):
    """A line in .gitattributes would hide code, and sources in UTF-16 would go unjudged."""
    checkout.commit(
        {
            ".gitattributes": "*.py -diff\n",
            "wide.cs": "one\ntwo\n".encode("utf-16"),
            "huge.bin": b"\0" * (10 * 2**20 + 1),
        }
    )
    diff = LocalGit(checkout.path).diff("main", head)
    for told in TOPIC:
        assert diff.files[told.path].added == told.added
        assert diff.files[told.path].binary
    assert line_numbers(diff.files["wide.cs"].added) == [1, 2, 3]  # UTF-16's last zero byte
    assert diff.incomplete == ("huge.bin",)


def test_the_base_is_the_remote_s_default_branch(checkout, tmp_path):
    """Who names no base would be compared with a branch of long ago."""
    assert LocalGit(checkout.path).default_base() == "main"
    checkout.git("branch", "develop", "main")
    checkout.git("checkout", "--quiet", "develop")
    checkout.git("clone", "--quiet", ".", str(tmp_path / "clone"))
    clone = Checkout(tmp_path / "clone")
    assert LocalGit(clone.path).default_base() == "origin/develop"
    clone.git("remote", "set-head", "origin", "--delete")
    assert LocalGit(clone.path).default_base() == "origin/main"


def test_no_known_base_asks_for_one(tmp_path):
    """Nothing would be judged, and nobody told why."""
    checkout = Checkout(tmp_path, branch="trunk")
    checkout.commit({"a": "x"})
    with pytest.raises(GitError, match="name one by `--base`"):
        LocalGit(tmp_path).default_base()


@pytest.mark.parametrize("ref", ["nowhere", "", "--output=x", "a\0b", "HEAD:a.py", "main..topic"])
def test_what_is_no_commit_is_refused_by_name(checkout, ref):
    """A mistyped branch would be an error of git's, or an option to it."""
    git = LocalGit(checkout.path)
    with pytest.raises(GitError, match="is no commit in"):
        git.diff(ref)
    with pytest.raises(GitError, match="is no commit in"):
        git.paths(ref)
    assert not (checkout.path / "x").exists()


def test_a_shallow_clone_is_told_how_to_get_the_rest(checkout, tmp_path):
    """CI systems clone one commit: the job would fail without a way out."""
    url = checkout.path.as_uri()
    shallow = tmp_path / "shallow"
    checkout.git("clone", "--quiet", "--depth=1", "--no-single-branch", url, str(shallow))
    git = LocalGit(shallow)
    with pytest.raises(GitError, match=r"git fetch --unshallow.*fetch-depth: 0"):
        git.diff("origin/main")
    with pytest.raises(GitError, match="git fetch --unshallow"):
        git.diff("elsewhere")
    Checkout(shallow).git("fetch", "--quiet", "--unshallow")
    assert list(git.diff("origin/main", "HEAD")) == TOPIC


def test_histories_without_a_common_ancestor_are_named(checkout):
    """A wrong base would be reported as a missing fetch."""
    checkout.git("checkout", "--quiet", "--orphan", "alone")
    checkout.commit({"z": "z"})
    with pytest.raises(GitError, match=r"'main' and 'HEAD' have no common ancestor$"):
        LocalGit(checkout.path).diff("main")


def test_a_folder_that_is_no_checkout_is_named(tmp_path, monkeypatch):
    """The reader would see a traceback of git's."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(
        GitError, match=f"{tmp_path.name} is no git checkout .*not a git repository"
    ):
        LocalGit(tmp_path)


def test_a_checkout_without_commits_is_named(tmp_path):
    """A new project's first check would end in a traceback."""
    Checkout(tmp_path)
    with pytest.raises(GitError, match="'HEAD' is no commit"):
        LocalGit(tmp_path).sha("HEAD")


def test_without_git_the_reader_is_told_to_install_it(checkout, monkeypatch):
    """A slim container image would end in a traceback."""
    monkeypatch.setenv("PATH", str(Path(checkout.path)))
    with pytest.raises(GitError, match="git is not on PATH"):
        LocalGit(checkout.path)


def test_a_broken_repository_is_told_in_git_s_own_words(checkout):
    """A missing object would be read as no change."""
    blob = checkout.git("rev-parse", "main:a.py")
    (checkout.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(GitError, match=f"could not make the diff: .*{blob}"):
        LocalGit(checkout.path).diff("main", "topic")
