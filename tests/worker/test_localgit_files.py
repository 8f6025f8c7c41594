"""What `covgate check` and `covgate report` read of a checkout: its own files, and no others."""

from __future__ import annotations

import os
from datetime import date, timedelta

import pytest

from tests.support.checkout import Checkout
from worker.localgit import LocalGit

pytestmark = pytest.mark.git

FILES = {"a.py": "1\n", "b/c.py": "22\n", "naïve é.py": b"\xff\x00\n"}


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    checkout = Checkout(tmp_path / "project")
    checkout.commit(FILES)
    return checkout


@pytest.mark.parametrize("head", [None, "HEAD"])
def test_files_come_with_their_sizes_and_bytes(checkout, head):
    """A file in another coding, or with an odd name, would be read as something else."""
    git = LocalGit(checkout.path)
    assert git.sizes(head) == {"a.py": 2, "b/c.py": 3, "naïve é.py": 3}
    wanted = ["naïve é.py", "a.py", "not/there.py", "b/c.py"]
    assert list(git.contents(wanted, head)) == [
        ("naïve é.py", b"\xff\x00\n"), ("a.py", b"1\n"), ("b/c.py", b"22\n"),
    ]  # fmt: skip


def test_the_working_tree_has_what_is_not_committed_yet(checkout):
    """What somebody has just written would not be looked at."""
    checkout.write({"a.py": "changed\n", "new.py": "new\n", ".gitignore": "old.*\n", "old.py": ""})
    git = LocalGit(checkout.path)
    assert dict(git.contents(["a.py"])) == {"a.py": b"changed\n"}
    assert dict(git.contents(["a.py"], "HEAD")) == {"a.py": b"1\n"}
    assert {"new.py"} <= git.sizes().keys()
    assert "old.py" not in git.sizes()
    assert git.tracked() == FILES.keys()
    assert git.is_changed()
    checkout.commit({})
    assert not LocalGit(checkout.path).is_changed()


def test_no_link_leads_out_of_the_checkout(checkout, tmp_path):
    """A repository could show its reader's own files in a report."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.py").write_text("KEY = 1\n")
    (checkout.path / "link.py").symlink_to(secret / "key.py")
    (checkout.path / "folder").symlink_to(secret)
    checkout.commit({})
    git = LocalGit(checkout.path)
    wanted = ["link.py", "folder", "folder/key.py", "../secret/key.py", str(secret / "key.py")]
    assert list(git.contents(wanted)) == []
    assert list(git.contents(wanted, "HEAD")) == []
    assert git.sizes().keys() == git.sizes("HEAD").keys() == FILES.keys()


def test_many_files_take_few_processes(checkout):
    """A large repository would take minutes to be read."""
    many = {f"m/{number}.py": f"{number}\n" for number in range(450)}
    checkout.commit(many)
    git = LocalGit(checkout.path)
    read = dict(git.contents(sorted(many), "HEAD"))
    assert read == {path: text.encode() for path, text in many.items()}


def test_how_often_files_changed_is_counted_since_a_day(checkout, monkeypatch):
    """The busiest file would look calm, or one that was busy years ago would look busy."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2020-01-01T00:00:00Z")
    for number in range(3):
        checkout.commit({"a.py": f"{number}\n"})
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    git = LocalGit(checkout.path)
    yesterday = date.today() - timedelta(days=2)  # noqa: DTZ011 - two days cover any zone
    assert git.changes(yesterday) == {}, "git stops at the first commit that is too old"
    for number in range(3):
        checkout.commit({"b/c.py": f"{number} {number}\n", "naïve é.py": str(number)})
    checkout.git("checkout", "--quiet", "-b", "topic", "HEAD~1")
    assert git.changes(yesterday) == {"b/c.py": 2, "naïve é.py": 2}
    assert git.changes(yesterday, "main") == {"b/c.py": 3, "naïve é.py": 3}
    assert git.changes(date(2019, 1, 1))["a.py"] == 4


def test_a_shallow_clone_knows_of_no_changes(checkout, tmp_path):
    """Every file would seem to have changed once, in the one commit that there is."""
    clone = tmp_path / "shallow"
    checkout.git("clone", "--quiet", "--depth=1", f"file://{checkout.path}", str(clone))
    assert LocalGit(clone).changes(date(2019, 1, 1)) is None
