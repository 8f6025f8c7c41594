"""Reports whose paths are not the repository's, from the artifact to the check and comment."""

from __future__ import annotations

import json

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World, lcov

LINES = b"".join(b"new %d\n" % n for n in range(5))
HITS = dict.fromkeys(range(1, 6), 1)


@pytest.fixture
def world() -> World:
    return World()


def test_a_report_of_strangers_files_is_told_above_the_gates(world: World) -> None:
    """Numbers of one file in eleven would be read as the project's."""
    names = [f"m{n}.py" for n in range(10)]
    world.push({"src/a.py": LINES, **{f"src/{name}": LINES for name in names}})
    report = b"".join([lcov("src/a.py", HITS), *(lcov(f"dist/{name}", HITS) for name in names)])
    world.ci(2, {"lcov.info": report})
    world.look()
    for text in (world.check.output.summary, world.comments[0]):
        warning = text.index("Only 1 of the 11 files that `lcov.info` names (9.09 %)")
        assert warning < text.index("| gate |")
        assert '  - {from: "dist/", to: "src/"}' in text
    record = world.store.verdict(REPOSITORY.id, NUMBER, world.head)
    assert record is not None
    assert json.loads(record.details)["paths"][0]["found"] == 1


def test_the_fix_that_was_told_mends_it_head_and_baseline(world: World) -> None:
    """The advice would not help, or only the head would be found and the baseline lost."""
    fix = 'path_fixes: [{from: "/app/out/", to: "src/"}]'
    world.push({"src/a.py": world.files["src/a.py"] + LINES, "lib/a.py": LINES})
    world.configure(fix)
    base = {"lcov.info": lcov("/app/out/a.py", dict.fromkeys(range(1, 11), 1))}
    world.ci(1, base, head=world.base, event="push", head_branch="main")
    world.ci(2, {"lcov.info": lcov("/app/out/a.py", dict.fromkeys(range(1, 16), 1))})
    world.look()
    assert world.check.conclusion == "success"
    assert "100.00 % → 100.00 %" in world.check.output.summary


def test_ignored_files_are_not_missed(world: World) -> None:
    """A team could not silence the warning about files that it never commits."""
    world.configure("ignore: ['gen/**']")
    report = lcov("src/a.py", dict.fromkeys(range(1, 16), 1)) + lcov("gen/x.py", HITS)
    world.ci(2, {"lcov.info": report})
    world.look()
    assert "were found in the repository" not in world.check.output.summary


def test_a_path_that_may_be_a_changed_file_asks_for_a_person(world: World) -> None:
    """New code would pass as "nothing to judge", or fail by the lines of another file."""
    world.push({"web/m.py": LINES, "api/m.py": b"1\n", "src/a.py": world.files["src/a.py"]})
    report = lcov("src/a.py", dict.fromkeys(range(1, 11), 1)) + lcov("m.py", HITS)
    world.ci(2, {"lcov.info": report})
    world.look()
    assert world.check.conclusion == "action_required"
    assert world.check.output.title.startswith("1 path of the reports may be several files")
    for text in (world.check.output.summary, world.comments[0]):
        assert "- `m.py` may be `api/m.py` or `web/m.py`: say which by `path_fixes`" in text


def test_where_every_path_may_be_several_files_they_are_named(world: World) -> None:
    """Nobody would know what there is to choose from."""
    world.push({"web/m.py": LINES, "api/m.py": b"1\n"})
    world.ci(2, {"lcov.info": lcov("m.py", HITS)})
    world.look()
    assert world.check.conclusion == "action_required"
    assert "it is not clear which files the report means" in world.check.output.title
    assert "- `m.py`, which may be `api/m.py` or `web/m.py`" in world.check.output.summary


def test_a_path_that_may_be_one_of_several_unchanged_files_is_told(world: World) -> None:
    """An old module's name would stop every pull request of the repository."""
    same = {"web/m.py": LINES, "api/m.py": b"1\n"}
    world.base = world.github.put_commit({**world.files, **same})
    world.github.branches["main"] = world.base
    world.files = {**world.files, **same}
    world.push({**same, "src/a.py": world.files["src/a.py"] + LINES})
    report = lcov("src/a.py", dict.fromkeys(range(1, 16), 1)) + lcov("m.py", HITS)
    world.ci(2, {"lcov.info": report})
    world.look()
    assert world.check.conclusion == "success"
    assert "`m.py` may be `api/m.py` or `web/m.py`: none was guessed" in world.check.output.summary


@pytest.mark.parametrize("refused", [False, True])
def test_go_modules_of_the_head_lead_to_their_files(world: World, refused: bool) -> None:
    """Two modules of a monorepo have the same file names, and none of them would count."""
    # One that GitHub does not give, being too long, is as good as none.
    files = {
        "svc/one/go.mod": b"module example.com/first\n",
        "svc/two/go.mod": b"module example.com/second\n",
        "svc/one/main.go": LINES,
        "svc/two/main.go": LINES,
    }
    world.push(files)
    if refused:
        files["svc/two/go.mod"] += b"//" + b"x" * 2**20
        world.push(files)
    profile = b"mode: set\nexample.com/second/main.go:1.1,5.2 3 1\n"
    world.ci(2, {"cover.out": profile})
    world.look()
    if refused:
        assert world.check.conclusion == "action_required"
    else:
        assert "svc/two/main.go" in world.comments[0]
        assert world.check.conclusion == "success"
