"""A head's tree made of its base's is the one that GitHub would list."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.diffs import diff_trees
from bot.sandbox.objects import blob_sha
from worker.core.refs import ChangedFile, Comparison, Sha
from worker.github_api.trees import Trees, step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.adapter import Adapter

TREE = "/repos/{owner}/{repo}/git/trees/{tree_sha}"
BASE, HEAD = Sha("b" * 40), Sha("a" * 40)
FILES = st.dictionaries(
    st.sampled_from(["a", "b", "c/d", "e", "f"]),
    st.lists(st.sampled_from([b"one\n", b"two\n", b"three\n", b"four\n"]), max_size=6).map(
        b"".join
    ),
)


def tree_of(files: Mapping[str, bytes]) -> dict[str, Sha]:
    return {path: Sha(blob_sha(data)) for path, data in files.items()}


def comparison_of(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Comparison:
    files = [
        ChangedFile(
            change.path,
            change.status,
            change.additions,
            change.deletions,
            change.patch,
            change.previous,
            Sha(change.sha),
        )
        for change in diff_trees(old, new)
    ]
    return Comparison(BASE, tuple(files))


@settings(deadline=None, max_examples=150)
@given(FILES, FILES)
def test_a_step_leads_to_the_very_tree_or_nowhere(
    old: dict[str, bytes], new: dict[str, bytes]
) -> None:
    """A report's paths would be held against files that are not there."""
    made = step(tree_of(old), comparison_of(old, new))
    assert made is None or dict(made) == tree_of(new)


def test_files_that_change_places_keep_their_contents() -> None:
    """Each would be taken for the other."""
    blobs = {"a": Sha("1" * 40), "b": Sha("2" * 40)}
    swapped = (
        ChangedFile("b", "renamed", 0, 0, None, "a", blobs["a"]),
        ChangedFile("a", "renamed", 0, 0, None, "b", blobs["b"]),
    )
    assert step(blobs, Comparison(BASE, swapped)) == {"b": "1" * 40, "a": "2" * 40}


ADDED = ChangedFile("x", "added", 1, 0, "@@ -0,0 +1 @@\n+x", None, Sha("1" * 40))


@pytest.mark.parametrize(
    "change",
    [
        {"patch": "@@ -0,0 +1 @@\n+../secret\n\\ No newline at end of file"},
        {"patch": "@@ -0,0 +1 @@\n+Subproject commit 1234"},
        {"patch": None},
        {"blob_sha": None},
        {"status": "copied"},
        {"status": "modified"},
    ],
)
def test_what_may_be_a_link_or_a_submodule_is_asked_for(change: dict) -> None:
    """A link into another folder would count as a file of the repository."""
    assert step({}, Comparison(BASE, (ADDED,))) == {"x": ADDED.blob_sha}
    assert step({}, Comparison(BASE, (replace(ADDED, **change),))) is None


def test_a_list_that_was_cut_leads_nowhere() -> None:
    """All files beyond the first 300 would be missing."""
    assert step({}, Comparison(BASE, (ADDED,), complete=False)) is None


def test_a_base_is_listed_once_for_all_heads(adapter: Adapter) -> None:
    """Each push would list the whole repository again."""
    base = Sha(adapter.repo.tip())
    for number in range(3):
        head = Sha(adapter.repo.commit(f"topic-{number}", {"a.py": b"%d\n" % number}))
        with adapter.another() as github:
            github.compare(base, head)
            assert github.paths(head) == {"README.md", "a.py"}
    assert adapter.world.count_requests("GET", TREE) == 1


def test_a_damaged_entry_is_as_good_as_none() -> None:
    """Two versions of Covgate on one Redis would stop each other."""

    class Rubbish:
        def get(self, key: str) -> bytes | None:
            return b"no zlib at all"

        def put(self, key: str, value: bytes) -> None:
            pass

    assert Trees(lambda _sha: {"a": Sha("1")}, Rubbish(), "1:2:").get(HEAD) == {"a": "1"}
