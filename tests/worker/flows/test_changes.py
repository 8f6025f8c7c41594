"""GitHub's lists of changes stop, and leave lines out: nothing of that may hide new code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World, lcov
from worker.core.errors import RefusedError
from worker.core.refs import ChangedFile, Comparison
from worker.flows import sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OLD = b"".join(b"old %d\n" % n for n in range(10))
NEW = OLD + b"".join(b"new %d\n" % n for n in range(5))
PAD = tuple(ChangedFile(f"pad/{n}.txt", "added", 1, 0, "@@ -0,0 +1 @@\n+x") for n in range(3_000))


@pytest.fixture
def world() -> World:
    return World()


def change(world: World, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    """Open the pull request anew, from one tree to another."""
    world.files = {"README.md": b"hello\n"}
    world.base = world.github.put_commit(before, [world.root])
    world.github.branches["main"] = world.base
    world.head = world.github.put_commit(after, [world.base])
    world.github.put_pull(NUMBER, world.head, world.base)


def cut(world: World, files: Iterable[ChangedFile] = PAD) -> None:
    """Let GitHub's lists stop."""
    first = Comparison(world.base, tuple(files)[:300], complete=False)
    world.github.put_comparison("main", world.head, first)
    world.github.put_pull_files(NUMBER, tuple(files))


def without_patches(world: World, *files: tuple[str, str, str | None]) -> None:
    """Let GitHub name these files (path, status, path before), and leave their lines out."""
    changed = tuple(
        ChangedFile(path, status, 0, 0, None, previous_path=before)
        for path, status, before in files
    )
    world.github.put_comparison("main", world.head, Comparison(world.base, changed))


def judge(world: World, reports: Mapping[str, Mapping[int, int]]) -> dict:
    """Let CI end with these hits by line and path, and return the verdict's JSON."""
    report = b"".join(lcov(path, dict(hits)) for path, hits in sorted(reports.items()))
    world.ci(2, {"lcov.info": report})
    world.look()
    verdict = world.store.verdict(REPOSITORY.id, NUMBER, world.head)
    assert verdict is not None
    return json.loads(verdict.details)


def new_lines(told: dict) -> dict[str, tuple[int, int]]:
    """Return covered and all new lines by path."""
    return {file["path"]: (file["covered"], file["total"]) for file in told["new_code"]["files"]}


def hits(covered: int, total: int = 15) -> dict[int, int]:
    return {line: int(line <= covered) for line in range(1, total + 1)}


def test_more_than_three_thousand_files_are_judged(world: World) -> None:
    """Whoever pads a pull request would hide its code, or never get a verdict."""
    change(world, {"src/a.py": OLD}, {"src/a.py": NEW, **{one.path: b"x\n" for one in PAD}})
    cut(world)
    assert new_lines(judge(world, {"src/a.py": hits(11)})) == {"src/a.py": (1, 5)}
    assert world.check.conclusion == "failure"
    asked = {method: world.github.count(method) for method in ("tree", "archive", "file")}
    assert asked == {"tree": 2, "archive": 0, "file": 3}  # the configuration and two sources


def test_what_was_only_moved_is_not_new(world: World) -> None:
    """A pull request that moves thousands of files would be judged by all of their lines."""
    before = {f"old/{n}.py": b"file %d\n" % n + OLD for n in range(60)}
    after = {path.replace("old/", "new/"): data for path, data in before.items()}
    change(world, before, after)
    cut(world)
    told = judge(world, {path: hits(0, 11) for path in after})
    assert (told["new_code"]["total"], told["verdict"]) == (0, "pass")
    assert world.github.count("archive") == 1  # for the analyses: they never saw a file of it


def test_a_rename_with_edits_counts_the_edits(world: World) -> None:
    """Beyond 3,000 files, a moved file with one new line would be all new."""
    change(world, {"old/a.py": OLD}, {"new/a.py": NEW})
    cut(world)
    assert new_lines(judge(world, {"new/a.py": hits(11)})) == {"new/a.py": (1, 5)}


def test_a_namesake_with_other_content_is_new(world: World) -> None:
    """One `__init__.py` deleted and another one written would pass as old code."""
    fresh = b"".join(b"fresh %d\n" % n for n in range(10))
    change(world, {"old/a.py": OLD}, {"new/a.py": fresh})
    cut(world)
    assert new_lines(judge(world, {"new/a.py": hits(4, 10)})) == {"new/a.py": (4, 10)}


def test_a_copy_is_new_code(world: World) -> None:
    """Copied untested code would come in as covered by nothing and judged by nobody."""
    change(world, {"src/a.py": OLD}, {"src/a.py": OLD, "src/b.py": OLD})
    without_patches(world, ("src/b.py", "copied", "src/a.py"))
    told = judge(world, {"src/a.py": hits(10, 10), "src/b.py": hits(3, 10)})
    assert new_lines(told) == {"src/b.py": (3, 10)}


def test_a_pure_rename_without_a_patch_reads_no_file(world: World) -> None:
    """A moved folder would cost two requests a file."""
    change(world, {"old/a.py": OLD}, {"new/a.py": OLD})
    without_patches(world, ("new/a.py", "renamed", "old/a.py"))
    assert judge(world, {"new/a.py": hits(0, 10)})["new_code"]["total"] == 0
    read = [call.arguments[0] for call in world.github.calls if call.method == "file"]
    assert read == [".github/covgate.yml", "new/a.py"]  # the latter for the analyses, once


def many(world: World, count: int = 60) -> dict[str, dict[int, int]]:
    """Change many measured files, none of which GitHub shows the lines of."""
    before = {f"src/{n}.py": b"# %d\n" % n + OLD for n in range(count)}
    after = {path: data + b"new\nnew\n" for path, data in before.items()}
    change(world, before, after)
    without_patches(world, *((path, "modified", None) for path in before))
    return {path: hits(12, 13) for path in after}


def test_many_files_come_in_two_archives(world: World) -> None:
    """Hundreds of requests for one verdict would end in the rate limit."""
    told = judge(world, many(world))
    assert (told["new_code"]["covered"], told["new_code"]["total"]) == (60, 120)
    assert (world.github.count("archive"), world.github.count("file")) == (2, 1)


def test_what_an_archive_leaves_out_is_read_singly(world: World) -> None:
    """`export-ignore` in the pull request's own attributes would hide its code."""
    reports = many(world)
    world.github.left_out_of_archives = {"src/3.py"}
    told = judge(world, reports)
    assert told["new_code"]["total"] == 120
    assert world.github.count("file") == 3


def test_an_archive_that_is_too_long_is_done_without(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository of gigabytes would have no verdict, though a few files are enough."""
    monkeypatch.setattr(sources, "MAX_TARBALL", 100)
    told = judge(world, many(world))
    assert told["new_code"]["total"] == 120


def test_a_changed_byte_in_an_archive_is_not_believed(world: World) -> None:
    """`export-subst` or `eol` would have other lines judged than those that were tested."""
    reports = many(world)
    original = world.github.archive

    def other(sha, target, *, limit):
        known = world.github._files[sha]
        world.github._files[sha] = dict.fromkeys(known, b"substituted\n")
        size = original(sha, target, limit=limit)
        world.github._files[sha] = known
        return size

    world.github.archive = other
    assert judge(world, reports)["new_code"]["total"] == 120


def test_too_many_to_be_read_ends_in_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can not be seen would be taken for covered."""
    monkeypatch.setattr(sources, "MAX_TARBALL", 100)
    monkeypatch.setattr(sources, "MOST_READ", 50)
    judge(world, many(world))
    assert world.check.conclusion == "action_required"
    assert "No verdict: the diff could not be had whole" in world.check.output.title


def test_a_file_that_is_refused_ends_in_words(world: World) -> None:
    """The same, for one file that is too long."""
    change(world, {"src/a.py": OLD}, {"src/a.py": NEW})
    without_patches(world, ("src/a.py", "modified", None))
    world.look()
    original = world.github.file

    def file(path, ref, *, limit):
        if path.endswith(".py"):
            raise RefusedError(f"{path} has too many bytes")
        return original(path, ref, limit=limit)

    world.github.file = file
    judge(world, {"src/a.py": hits(15)})
    assert world.check.conclusion == "action_required"
    assert "src/a.py" in world.check.output.summary


def test_the_list_of_another_head_is_not_used(world: World) -> None:
    """A push while the pages are read would have another commit's lines judged."""
    change(world, {"src/a.py": OLD}, {"src/a.py": NEW})
    head, base = world.head, world.base
    cut(world, [ChangedFile("src/a.py", "modified", 1, 0, "@@ -0,0 +1 @@\n+x")] * 301)
    original = world.github.pull_files

    def pull_files(number):
        files = original(number)
        world.github.put_pull(number, world.github.put_commit({"b": b""}, [base]), base)
        return files

    world.github.pull_files = pull_files
    assert new_lines(judge(world, {"src/a.py": hits(11)})) == {"src/a.py": (1, 5)}
    world.github.pull_files = original
    assert world.github.pulls[NUMBER].head_sha != head


def test_the_list_against_another_base_is_not_used(world: World) -> None:
    """After the base was merged into the head, the list still shows what came with it."""
    change(world, {"src/a.py": OLD}, {"src/a.py": NEW})
    world.github.put_pull(NUMBER, world.head, world.root)
    cut(world, [ChangedFile("src/a.py", "added", 1, 0, "@@ -0,0 +1 @@\n+x")] * 301)
    assert new_lines(judge(world, {"src/a.py": hits(11)})) == {"src/a.py": (1, 5)}


def test_a_retargeted_pull_request_is_judged_against_its_new_base(world: World) -> None:
    """Code that the new base has already would be charged to the pull request."""
    change(world, {"src/a.py": OLD}, {"src/a.py": NEW})
    world.github.branches["next"] = world.github.put_commit(
        {"src/a.py": OLD + b"new 0\n"}, [world.base]
    )
    world.look()
    tip = world.github.branches["next"]
    world.head = world.github.put_commit({"src/a.py": NEW}, [tip])
    world.github.put_pull(NUMBER, world.head, tip, base_ref="next")
    assert new_lines(judge(world, {"src/a.py": hits(11)})) == {"src/a.py": (0, 4)}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (OLD, OLD.replace(b"\n", b"\r\n"), 10),
        (OLD, OLD.rstrip(b"\n"), 1),
        (OLD.rstrip(b"\n"), OLD + b"new\n", 2),
        (None, b"", 0),
        (OLD, b"\xff\xfe" + OLD, 1),
        (OLD, b"\0" + OLD, 1),
    ],
)
def test_lines_end_where_git_says(
    world: World, before: bytes | None, after: bytes, expected: int
) -> None:
    """A diff made here would tell other lines than GitHub's own."""
    path = 'src/"od d"\t\u00e4.py'
    change(world, {} if before is None else {path: before}, {path: after, "src/b.py": b"b\n"})
    without_patches(world, (path, "added" if before is None else "modified", None))
    told = judge(world, {path: hits(0, 11), "src/b.py": {1: 1}})
    assert told["new_code"]["total"] == expected


def test_what_is_no_file_has_no_new_lines(world: World) -> None:
    """A submodule's or link's one line would be asked for, and be counted as code."""
    change(world, {"src/a.py": OLD}, {"src/a.py": OLD, "lib/link.py": b"x\n"})
    without_patches(world, ("lib/link.py", "added", None))
    original = world.github.tree

    def tree(sha):
        return {path: blob for path, blob in original(sha).items() if path != "lib/link.py"}

    world.github.tree = tree
    told = judge(world, {"src/a.py": hits(10, 10), "lib/link.py": {1: 0}})
    assert told["new_code"]["total"] == 0
