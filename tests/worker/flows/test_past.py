"""What is learned of a branch's commits: figures, snapshots, churn, what fixes changed."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World, lcov
from worker.contracts import Subject
from worker.core.errors import CovgateError, NotFoundError, PostponedError
from worker.core.replay import decode_replay

if TYPE_CHECKING:
    from worker.core.refs import Sha
    from worker.ports import PointRecord

BEGUN = datetime(2030, 1, 1, 10, tzinfo=UTC)
JUNIT = b"""<testsuite><testcase name="a" time="1.5"/><testcase name="b" time="0.25"/>
<testcase name="c"><skipped/></testcase></testsuite>"""


@pytest.fixture
def world() -> World:
    return World()


class Branch:
    """The main branch, to which commits are pushed one after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tip = world.base
        self.run = 1
        self.text = world.files["src/a.py"]

    def push(
        self, message: str, text: bytes, *, covered: int = 9, parent: Sha | None = None
    ) -> Sha:
        """Push a commit that changes the file; its CI leaves a report of ten lines."""
        files = {**self.world.files, "src/a.py": text}
        self.tip = self.world.github.put_commit(files, [parent or self.tip])
        self.world.github.messages[self.tip] = message
        self.ci(self.tip, covered)
        return self.tip

    def ci(self, sha: Sha, covered: int = 9, **changes: object) -> None:
        self.run += 1
        hits = {line: int(line <= covered) for line in range(1, 11)}
        changes.setdefault("started_at", BEGUN + timedelta(hours=self.run))
        self.world.ci(
            self.run,
            {"lcov.info": lcov("src/a.py", hits), "junit.xml": JUNIT},
            **{"head": sha, "event": "push", "head_branch": "main", **changes},
        )
        self.look(sha)

    def look(self, sha: Sha) -> str:
        return self.world.look(Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, sha))

    @property
    def points(self) -> tuple[PointRecord, ...]:
        return self.world.store.points(REPOSITORY.id, "main", most=100)


@pytest.fixture
def main(world: World) -> Branch:
    """Return the main branch with a first commit that was tested."""
    branch = Branch(world)
    branch.ci(branch.tip)
    return branch


def test_each_commit_of_the_branch_leaves_its_figures(main: Branch) -> None:
    """There would be no trend, ever."""
    main.push("feat: more", main.text + b"more\n", covered=10)
    first, second = main.points
    assert (first.covered, first.total, first.commit) == (9, 10, main.world.base)
    assert (second.covered, second.total, second.commit) == (10, 10, main.tip)
    assert json.loads(second.data) == {
        "flaky": 0,
        "packages": {"src": [10, 10]},
        "seconds": "7/4",
        "skipped": 1,
        "tests": 3,
    }


def test_the_assertions_of_the_tests_are_counted(main: Branch) -> None:
    """Nobody would see that tests are added that check less and less."""
    main.world.files["tests/test_a.py"] = b"def test_a():\n    assert 1\n    assert 2\n"
    main.push("test: more", main.text)
    assert [json.loads(point.data).get("assertions") for point in main.points] == [None, 2]


def test_the_default_branch_has_a_snapshot_of_the_whole_analysis(main: Branch) -> None:
    """The dashboard would have nothing to show beside a number."""
    snapshot = main.world.store.snapshot(REPOSITORY.id, "main")
    assert snapshot is not None
    assert snapshot.commit == main.tip
    shown = json.loads(zlib.decompress(snapshot.data))
    assert shown["files"] == [["src/a.py", 9, 10]]
    assert shown["packages"] == [{"name": "src", "covered": 9, "total": 10, "target": None}]
    assert "risk" in {one["name"] for one in shown["insights"]}


def test_a_push_counts_its_files_once_whatever_is_looked_at_again(main: Branch) -> None:
    """A file would look busier with each delivery that GitHub repeats."""
    store = main.world.store
    since = BEGUN - timedelta(days=1)
    assert store.churn(REPOSITORY.id, since) is None
    main.push("feat: more", main.text + b"more\n")
    main.look(main.tip)
    main.ci(main.tip)
    assert store.churn(REPOSITORY.id, since) == {"src/a.py": 1}
    assert main.world.github.count("compare") == 1


def test_the_lines_that_a_fix_changed_are_counted_as_they_were_before(main: Branch) -> None:
    """Nobody would learn whether tests saw what had to be mended later."""
    lines = main.text.splitlines(keepends=True)
    main.push("feat: change two lines", b"".join([b"x\n", b"y\n", *lines[2:]]), covered=8)
    main.push(
        "fix: the last three", b"".join([b"x\n", b"y\n", *lines[2:7], b"1\n", b"2\n", b"3\n"])
    )
    data = [json.loads(point.data) for point in main.points]
    assert [one.get("fixed") for one in data] == [None, None, [1, 3]]
    main.ci(main.tip, covered=2)
    assert json.loads(main.points[-1].data)["fixed"] == [1, 3]


def test_a_late_ci_of_an_older_commit_changes_neither_order_nor_snapshot(main: Branch) -> None:
    """The newest state would be that of whichever CI ended last."""
    early = main.world.github.put_commit(main.world.files, [main.tip])
    main.push("feat: more", main.text + b"more\n", parent=early)
    main.ci(early, covered=1)
    assert [point.commit for point in main.points] == [main.world.base, early, main.tip]
    snapshot = main.world.store.snapshot(REPOSITORY.id, "main")
    assert snapshot is not None
    assert snapshot.commit == main.tip
    assert main.world.store.churn(REPOSITORY.id, BEGUN) == {"src/a.py": 1}
    main.ci(main.world.base, covered=0)
    assert [point.covered for point in main.points] == [0, 1, 9]


def test_another_base_branch_has_points_of_its_own(world: World) -> None:
    """A release branch's coverage would be drawn into main's line."""
    world.github.put_pull(NUMBER, world.head, world.base, base_ref="release")
    main = Branch(world)
    main.ci(main.tip, head_branch="release")
    assert main.points == ()
    assert len(world.store.points(REPOSITORY.id, "release", most=9)) == 1
    assert world.store.snapshot(REPOSITORY.id, "release") is None
    assert world.store.churn(REPOSITORY.id, BEGUN) is None


def test_what_goes_wrong_with_it_never_costs_the_baseline(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One defect of an analysis would leave every pull request without a baseline."""

    def fail(_record: object) -> None:
        raise CovgateError("no")

    monkeypatch.setattr(world.store, "record_point", fail)
    main = Branch(world)
    main.ci(main.tip)
    assert world.store.has_baseline(REPOSITORY.id)
    assert main.points == ()


def test_what_github_can_not_say_now_is_asked_again(main: Branch) -> None:
    """A push during an outage would be missing from the churn for good."""
    main.world.github.arm("compare", PostponedError("later", seconds=5))
    main.push("feat: more", main.text + b"more\n")
    assert main.world.store.baseline(REPOSITORY.id, [main.tip]) is not None
    assert len(main.points) == 1
    main.world.clock.advance(60)
    main.look(main.tip)
    assert len(main.points) == 2
    assert main.world.store.churn(REPOSITORY.id, BEGUN) == {"src/a.py": 1}


def test_a_branch_that_was_pushed_with_force_goes_on(main: Branch) -> None:
    """The trend would end where somebody rewrote the past."""
    main.world.github.arm("compare", NotFoundError("no common ancestor"))
    main.push("fix: more", main.text + b"more\n")
    assert len(main.points) == 2
    assert "fixed" not in json.loads(main.points[-1].data)


def test_a_verdict_is_made_with_the_past_of_its_base(main: Branch) -> None:
    """Risk would know no busy files, and the comment no trend."""
    world = main.world
    main.push("feat: more", main.text)
    world.ci(90, world.report(15))
    world.look()
    kept = world.store.inputs(REPOSITORY.full_name, NUMBER)
    assert kept is not None
    material = decode_replay(kept[1])[0].material
    assert [point.commit for point in material.history] == [world.base, main.tip]
    assert material.churn == {}
    assert material.today == world.clock.now().date()
