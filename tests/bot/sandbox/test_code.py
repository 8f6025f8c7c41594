"""Commits, trees, files, comparisons, and the limits of what GitHub tells."""

from __future__ import annotations

import base64
import io
import tarfile
from typing import TYPE_CHECKING

import pytest
import requests

from bot.sandbox.objects import Executable, Submodule, Symlink

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo
    from bot.sandbox.server import StandIn
    from tests.support.github import Client

REPO = "/repos/octo/calc"
RAW = {"Accept": "application/vnd.github.raw+json"}
DIFF = {"Accept": "application/vnd.github.diff"}


def test_a_comparison_starts_at_the_merge_base(client: Client, repo: Repo):
    """What others did on the base branch would be charged to the pull request."""
    start = repo.tip()
    head = repo.commit("topic", {"calc.py": b"def add(a, b):\n    return b + a\n"})
    repo.commit("main", {"other.py": b"x = 1\n"})
    answer = client.get(f"{REPO}/compare/main...topic").json()
    assert answer["merge_base_commit"]["sha"] == start
    assert (answer["status"], answer["ahead_by"], answer["behind_by"]) == ("diverged", 1, 1)
    assert [file["filename"] for file in answer["files"]] == ["calc.py"]
    assert answer["files"][0]["patch"] == (
        "@@ -1,2 +1,2 @@\n def add(a, b):\n-    return a + b\n+    return b + a"
    )
    same = client.get(f"{REPO}/compare/{start}...{head}", headers=DIFF).text
    assert same.startswith("diff --git a/calc.py b/calc.py\n--- a/calc.py\n+++ b/calc.py\n@@")


def test_a_branch_of_a_fork_can_be_compared(client: Client, repo: Repo):
    """Pull requests from forks would have no diff."""
    repo.fork("eve").commit("evil", {"evil.py": b"x\n"})
    answer = client.get(f"{REPO}/compare/main...eve:evil").json()
    assert [file["filename"] for file in answer["files"]] == ["evil.py"]


def test_what_the_lists_leave_out(stand_in: StandIn, client: Client, repo: Repo):
    """Missing files and patches would be taken for "no new code"."""
    caps = stand_in.world.caps
    caps.compare_files, caps.file_diff_lines, caps.diff_lines = 3, 10, 20
    files = {f"f{number}.py": b"x\n" * 6 for number in range(4)}
    repo.commit("topic", {**files, "e-long.py": b"x\n" * 11, "a.bin": b"\0\1"})
    pull = repo.open_pull("topic")
    compared = client.get(f"{REPO}/compare/main...topic").json()["files"]
    assert len(compared) == 3
    listed = client.get(f"{REPO}/pulls/{pull.number}/files").json()
    assert {row["filename"]: (row["additions"], "patch" in row) for row in listed} == {
        "a.bin": (0, False),  # binary
        "e-long.py": (11, False),  # too long by itself
        "f0.py": (6, True),
        "f1.py": (0, False),  # past the limit of the whole diff: nothing marks it
        "f2.py": (0, False),
        "f3.py": (0, False),
    }
    for path in (f"{REPO}/pulls/{pull.number}", f"{REPO}/compare/main...topic"):
        refused = client.get(path, headers=DIFF)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (406, "too_large")


def test_pull_request_files_stop_at_their_limit(stand_in: StandIn, client: Client, repo: Repo):
    """The 3,001st file would be taken for unchanged."""
    stand_in.world.caps.pull_files = 150
    repo.commit("topic", {f"f{number:03}.py": b"x\n" for number in range(151)})
    repo.open_pull("topic")
    seen, url = 0, f"{REPO}/pulls/1/files?per_page=100"
    while url:
        answer = client.get(url)
        seen += len(answer.json())
        url = answer.links.get("next", {}).get("url", "")
    assert seen == 150


def test_files_come_as_json_and_raw(client: Client, repo: Repo):
    """The configuration could not be read."""
    body = client.get(f"{REPO}/contents/.github/covgate.yml?ref=main").json()
    assert base64.b64decode(body["content"]) == b"version: 1\n"
    assert client.get(f"{REPO}/contents/calc.py", headers=RAW).content == repo.files()["calc.py"]
    assert client.get(f"{REPO}/contents/calc.py?ref=nowhere").status_code == 404
    assert client.get(f"{REPO}/contents/no.py").status_code == 404


def test_folders_links_and_submodules_are_no_files(client: Client, repo: Repo):
    """A folder called covgate.yml would be parsed."""
    odd = {
        "a/link": Symlink(b"nowhere"),
        "a/to-file": Symlink(b"calc.py"),
        "a/sub": Submodule(b"1" * 40),
        "a/run.sh": Executable(b"#!/bin/sh\n"),
    }
    repo.commit("main", odd)
    folder = client.get(f"{REPO}/contents/a").json()
    assert [(item["name"], item["type"]) for item in folder] == [
        ("link", "symlink"),
        ("run.sh", "file"),
        ("sub", "submodule"),
        ("to-file", "symlink"),
    ]
    kinds = {
        name: client.get(f"{REPO}/contents/a/{name}").json()["type"]
        for name in ("link", "sub", "to-file")
    }
    assert kinds == {"link": "symlink", "sub": "submodule", "to-file": "file"}
    tree = client.get(f"{REPO}/git/trees/main?recursive=1").json()
    modes = {entry["path"]: entry["mode"] for entry in tree["tree"]}
    assert modes["a"] == "040000"
    assert modes["a/link"] == "120000"
    assert modes["a/run.sh"] == "100755"
    assert modes["a/sub"] == "160000"


def test_a_large_file_has_no_content_in_json(stand_in: StandIn, client: Client, repo: Repo):
    """An empty text would be taken for an empty file."""
    stand_in.world.caps.content_bytes, stand_in.world.caps.raw_bytes = 10, 20
    repo.commit("main", {"big": b"x" * 15, "huge": b"x" * 25})
    body = client.get(f"{REPO}/contents/big").json()
    assert (body["content"], body["encoding"], body["size"]) == ("", "none", 15)
    assert client.get(f"{REPO}/contents/big", headers=RAW).content == b"x" * 15
    assert client.get(f"{REPO}/contents/huge").status_code == 403


def test_a_large_tree_is_truncated(stand_in: StandIn, client: Client, repo: Repo):
    """Files past the limit would be taken for deleted."""
    stand_in.world.caps.tree_entries = 3
    answer = client.get(f"{REPO}/git/trees/{repo.tip()}?recursive=1").json()
    assert (len(answer["tree"]), answer["truncated"]) == (3, True)


@pytest.mark.parametrize("branch", ["feature/a", "feature/a b", "münchen", "a%2Fb"])
def test_names_with_slashes_and_odd_letters_are_found(client: Client, repo: Repo, branch: str):
    """A branch called feature/x would have no baseline."""
    sha = repo.commit(branch, {"ü x.py": b"1\n"})
    quoted = requests.utils.quote(branch, safe="")
    assert client.get(f"{REPO}/branches/{quoted}").json()["commit"]["sha"] == sha
    assert client.get(f"{REPO}/commits/{quoted}").json()["sha"] == sha
    listed = client.get(f"{REPO}/commits", params={"sha": branch, "per_page": 1}).json()
    assert listed[0]["sha"] == sha
    params = {"ref": branch}
    assert client.get(f"{REPO}/contents/%C3%BC%20x.py", params=params).json()["size"] == 2


def test_a_merge_ref_names_the_test_merge(client: Client, repo: Repo):
    """The tested commit's own lines could not be read."""
    repo.commit("topic", {"new.py": b"1\n"})
    pull = repo.open_pull("topic")
    repo.commit("main", {"other.py": b"2\n"})
    body = client.get(f"{REPO}/pulls/1").json()
    merge = client.get(f"{REPO}/git/commits/{body['merge_commit_sha']}").json()
    assert [parent["sha"] for parent in merge["parents"]] == [repo.tip(), pull.head_sha]
    at_ref = client.get(f"{REPO}/commits/refs/pull/1/merge").json()
    assert at_ref["sha"] == merge["sha"]
    assert {"new.py", "other.py"} <= set(repo.files("refs/pull/1/merge"))


def test_a_tarball_holds_the_tree(client: Client, repo: Repo):
    """A diff of many files without patches could not be had."""
    answer = client.get(f"{REPO}/tarball/main")
    assert answer.status_code == 302
    archive = requests.get(answer.headers["Location"], timeout=5).content
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        names = packed.getnames()
    assert f"octo-calc-{repo.tip()[:7]}/docs/deep/notes.md" in names
