"""What a pull request is compared with, and what is learned on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World, lcov, zipped
from worker.contracts import Subject

if TYPE_CHECKING:
    from worker.core.refs import Sha

OLD = b"".join(b"old %d\n" % n for n in range(10))
FLAGS = """version: 1
reports:
  - {artifact: unit, flag: unit}
  - {artifact: e2e, flag: e2e%s}
"""
CARRY = FLAGS % ", carry_forward: {commits: 3, days: 2}"


@pytest.fixture
def world() -> World:
    return World()


def commit(sha: str) -> Subject:
    return Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, sha)


def covering(*covered: int, total: int = 10) -> dict[str, bytes]:
    """Return an artifact whose report covers these lines of the file."""
    hits = {line: int(line in covered) for line in range(1, total + 1)}
    return {"lcov.info": lcov("src/a.py", hits)}


def junit(**outcomes: str) -> bytes:
    cases = "".join(
        f'<testcase classname="tests.test_a" name="{name}">{inside}</testcase>'
        for name, inside in outcomes.items()
    )
    return f"<testsuite>{cases}</testsuite>".encode()


def twin(world: World) -> Sha:
    """Commit the base's very files on a branch of their own, as a squash is made of one."""
    return world.github.put_commit(world.files, [world.root])


def push(world: World, run: int, sha: Sha, *archives: dict[str, bytes], **changes) -> None:
    """Let a push's run end, and look at its commit."""
    world.ci(run, *archives, head=sha, event="push", **{"head_branch": "main"} | changes)
    world.look(commit(sha))


def suites(world: World, run: int, sha: Sha, **reports: dict[str, bytes]) -> None:
    """Let a push to main upload an artifact for each suite."""
    world.github.put_run(run, sha, event="push", head_branch="main")
    upload(world, run, **reports)
    world.look(commit(sha))


def upload(world: World, run: int, **reports: dict[str, bytes]) -> None:
    for name, files in reports.items():
        world.github.put_artifact(run, name, zipped(files))


def test_after_a_squash_the_same_files_report_serves_and_it_is_said(world: World) -> None:
    """Teams that squash and do not test main again would never have a baseline."""
    branch = twin(world)
    push(world, 1, branch, covering(*range(1, 10)), head_branch="topic-1")
    assert not world.store.has_baseline(REPOSITORY.id)
    world.ci(2, world.report(14))
    world.look()
    assert "project 90.00 → 93.33 %" in world.check.output.title
    assert f"[{branch[:7]}]" in world.check.output.summary
    assert "(the same files as" in world.check.output.summary


def test_a_forks_run_on_the_same_files_does_not_serve(world: World) -> None:
    """A stranger could choose what others are compared with, by copying the tree."""
    branch = twin(world)
    push(world, 1, branch, covering(1), head_branch="main", head_repository="mallory/hello")
    world.ci(2, world.report(14))
    world.look()
    assert not world.store.has_baseline(REPOSITORY.id)
    assert "not judged" in world.check.output.summary


def test_a_commits_own_report_comes_before_that_of_the_same_files(world: World) -> None:
    """The commit that the check names would not be the one on the branch."""
    branch = twin(world)
    push(world, 1, branch, covering(1), head_branch="topic-1")
    push(world, 2, world.base, covering(*range(1, 10)))
    world.ci(3, world.report(14))
    world.look()
    assert "project 90.00 → 93.33 %" in world.check.output.title


def test_an_older_commits_same_files_serve_at_their_distance(world: World) -> None:
    """Batched merges, of which only the branches were tested, would have no baseline."""
    world.github.put_pull(99, world.head, world.base, base_ref="release")
    branch = world.github.put_commit({"README.md": b"hello\n", "src/a.py": OLD}, [])
    middle = world.github.put_commit({"README.md": b"hello\n", "src/a.py": OLD}, [world.root])
    push(world, 1, branch, covering(*range(1, 10)), head_branch="release")
    world.base = world.github.put_commit({**world.files, "b.txt": b"b\n"}, [middle])
    world.github.branches["main"] = world.base
    world.push({"src/a.py": OLD + b"new\n" * 5, "b.txt": b"b\n"})
    world.ci(2, world.report(14))
    world.look()
    assert "project 90.00 → 93.33 %" in world.check.output.title
    assert "1 commit before it" in world.check.output.summary
    assert f"the same files as [{middle[:7]}]" in world.check.output.summary


def test_lines_are_followed_from_an_older_baseline_through_two_changes(world: World) -> None:
    """What main's own commits inserted would make every line below seem to flip."""
    old = world.github.put_commit({"README.md": b"hello\n", "src/a.py": OLD}, [world.root])
    push(world, 1, old, covering(*range(1, 11)))
    world.base = world.github.put_commit(
        {"README.md": b"hello\n", "src/a.py": b"main\n" + OLD}, [old]
    )
    world.github.branches["main"] = world.base
    world.files = {"README.md": b"hello\n", "src/a.py": b"main\n" + OLD}
    world.push({"src/a.py": b"head\nmain\n" + OLD})
    world.ci(2, covering(*range(1, 8), *range(9, 13), total=12))
    world.look()
    (comment,) = world.comments
    assert "Elsewhere: 1 line lost its coverage, no cause seen" in comment
    assert "#L8)" in comment
    assert "The baseline lies 1 commit back" in comment


def test_a_skipped_test_is_named_where_its_lines_are_no_longer_covered(world: World) -> None:
    """An unexplained drop is what people complain about most."""
    base = covering(*range(1, 11)) | {"junit.xml": junit(test_x="", test_y="")}
    push(world, 1, world.base, base)
    hits = (*range(1, 10), *range(11, 16))
    head = covering(*hits, total=15) | {"junit.xml": junit(test_x="", test_y="<skipped/>")}
    world.ci(2, head)
    world.look()
    (comment,) = world.comments
    assert "Elsewhere: 1 line lost its coverage, 1 cause" in comment
    assert "perhaps `tests.test_a::test_y` skipped" in comment


def test_a_missing_flag_is_named_and_the_regression_left_unjudged(world: World) -> None:
    """A suite that path filters left out would fail the pull request."""
    world.configure(FLAGS % "")
    suites(world, 1, world.base, unit=covering(1, 2, 3), e2e=covering(*range(4, 11)))
    world.github.put_run(2, world.head)
    upload(world, 2, unit=covering(1, 2, 3, *range(11, 16), total=15))
    world.look()
    assert world.check.conclusion == "success"
    (comment,) = world.comments
    assert "no report of the flag e2e, which the baseline has" in comment
    assert "no report of the flag `e2e`" in comment


def test_a_missing_flag_is_carried_forward_where_that_is_wanted(world: World) -> None:
    """A nightly suite would leave every pull request without a judged total."""
    world.configure(CARRY)
    suites(world, 1, world.base, unit=covering(1, 2, 3), e2e=covering(*range(4, 11)))
    world.clock.advance(1 * 86_400)
    world.github.put_run(2, world.head)
    upload(world, 2, unit=covering(1, 2, 3, *range(11, 16), total=15))
    world.look()
    assert "project unchanged at 100.00 %" in world.check.output.title
    (comment,) = world.comments
    assert f"Carried forward: `e2e` of {world.base[:7]}, the merge base, 1 day ago" in comment


def test_a_flag_is_carried_no_longer_than_it_may(world: World) -> None:
    """A suite that was switched off would be believed for ever."""
    world.configure(CARRY)
    suites(world, 1, world.base, unit=covering(1, 2, 3), e2e=covering(*range(4, 11)))
    world.clock.advance(3 * 86_400)
    world.github.put_run(2, world.head)
    upload(world, 2, unit=covering(1, 2, 3, *range(11, 16), total=15))
    world.look()
    (comment,) = world.comments
    assert "no report of the flag e2e, which the baseline has" in comment


def test_the_base_gets_the_flags_that_did_not_run_for_it(world: World) -> None:
    """A head whose slow suite ran would seem far better than a base whose did not."""
    world.configure(CARRY)
    older = world.github.put_commit({"README.md": b"hello\n", "src/a.py": OLD}, [world.root])
    suites(world, 1, older, unit=covering(1), e2e=covering(*range(4, 11)))
    world.base = world.github.put_commit({**world.files, "b.txt": b"b\n"}, [older])
    tip = world.github.put_commit(
        {**world.files, ".github/covgate.yml": CARRY.encode()}, [world.base]
    )
    world.github.branches["main"] = tip
    world.push({"src/a.py": OLD + b"new\n" * 5})
    suites(world, 2, world.base, unit=covering(1, 2, 3))
    world.github.put_run(3, world.head)
    upload(world, 3, unit=covering(1, 2, *range(11, 16), total=15), e2e=covering(*range(4, 11)))
    world.look()
    (comment,) = world.comments
    assert "Carried forward: `e2e` of" in comment
    assert "1 commit before the merge base, today: the baseline has none." in comment
    assert "| regression | **100.00 % → 93.33 %" in comment


def test_a_repeated_run_of_main_teaches_which_lines_flap(world: World) -> None:
    """Chance would be charged to the next pull request, and again to the one after it."""
    push(world, 1, world.base, covering(*range(1, 11)))
    push(world, 2, world.base, covering(*range(1, 10)))
    push(world, 3, world.base, covering(*range(1, 11)))
    hits = (*range(1, 10), *range(11, 16))
    world.ci(4, covering(*hits, total=15))
    world.look()
    (comment,) = world.comments
    assert "known to flap" in comment
    assert "(1 line of it is known to flap (+0.50 points, the most that is forgiven))" in comment


def test_a_pull_requests_run_and_mains_of_the_same_files_teach_too(world: World) -> None:
    """Few commits of main are ever run twice, and nothing would be learned."""
    world.ci(1, covering(*range(1, 16), total=15))
    world.look()
    squashed = world.github.put_commit(
        {**world.files, "src/a.py": OLD + b"".join(b"new %d\n" % n for n in range(5))},
        [world.base],
    )
    push(world, 2, squashed, covering(*range(2, 16), total=15))
    (known,) = world.store.flapping(REPOSITORY.id)
    assert (known.path, known.lines) == ("src/a.py", 0b10)


@pytest.mark.parametrize(
    "changes", [{"head_repository": "mallory/hello"}, {"conclusion": "failure"}]
)
def test_strangers_and_failures_teach_nothing(world: World, changes: dict[str, str]) -> None:
    """A fork could have its own losses excused as noise."""
    world.ci(1, covering(*range(1, 16), total=15), **changes)
    world.look()
    world.ci(1, covering(*range(2, 16), total=15), attempt=2, **changes)
    world.look()
    assert world.store.flapping(REPOSITORY.id) == ()
    assert world.store.observations == {}


def test_another_suite_on_the_same_files_teaches_nothing(world: World) -> None:
    """A suite that was added to the workflow would make half the project noise."""
    push(world, 1, world.base, covering(*range(1, 11)))
    push(world, 2, world.base, covering(*range(1, 10)), name="coverage-all")
    assert world.store.flapping(REPOSITORY.id) == ()


def test_looking_again_learns_nothing_from_the_same_run(world: World) -> None:
    """Each delivery would read and write for nothing."""
    world.ci(1, covering(*range(1, 16), total=15))
    world.look()
    (before,) = world.store.observations.values()
    world.clock.advance(3_600)
    world.look()
    assert list(world.store.observations.values()) == [before]


def test_a_damaged_flag_costs_that_flag_alone(world: World) -> None:
    """A baseline that can be read would be thrown away."""
    world.configure(FLAGS % "")
    suites(world, 1, world.base, unit=covering(1, 2, 3), e2e=covering(*range(4, 11)))
    record = world.store.baseline(REPOSITORY.id, [world.base])
    assert record is not None
    world.store.record_baseline(replace(record, flags={**record.flags, "e2e": b"\xff"}))
    world.github.put_run(2, world.head)
    upload(world, 2, unit=covering(*range(1, 16), total=15))
    world.look()
    assert "project unchanged at 100.00 %" in world.check.output.title


def test_a_renamed_branch_keeps_its_baselines(world: World) -> None:
    """A team that renames `master` to `main` would lose every baseline."""
    world.base_report(covered=9)
    world.github.branches = {"trunk": world.base}
    world.github.place = replace(world.github.place, default_branch="trunk")
    world.github.put_pull(NUMBER, world.head, world.base, base_ref="trunk")
    world.ci(2, world.report(14))
    world.look()
    assert "project 90.00 → 93.33 %" in world.check.output.title


def test_only_allowed_workflows_make_a_baseline(world: World) -> None:
    """Any workflow's report on main, a trial's too, would become the measure of everybody."""
    world.configure("version: 1\nworkflows: [CI]\n")
    world.ci(1, covering(1), head=world.base, event="push", head_branch="main")
    world.github.put_run(1, world.base, name="Trial", workflow_id=2)
    world.look(commit(world.base))
    assert not world.store.has_baseline(REPOSITORY.id)
    world.github.put_run(1, world.base, name="CI", workflow_id=1)
    world.look(commit(world.base))
    assert world.store.has_baseline(REPOSITORY.id)
