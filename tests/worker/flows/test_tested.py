"""CI tests a merge of the head, whose lines are other ones once the base has moved on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.fakes.github import REPOSITORY
from tests.worker.flows.world import NUMBER, World, fake_sha, lcov
from worker.contracts import Subject

if TYPE_CHECKING:
    from worker.core.refs import Sha

INSERTED = b"# Ten of them.\n\nimport old\n\n"
"""What the base gets above the lines that the head changes; one line of it is code."""
HEAD_LINES = range(1, 16)
MERGE_LINES = [3, *range(5, 20)]


@dataclass
class MovedOn(World):
    """A world whose base has four lines more, above those of the pull request."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.moved = self.advance_base({"src/a.py": INSERTED + self.files["src/a.py"]})
        self.merge = self.merged({"src/a.py": INSERTED + self.source(self.head)})

    def source(self, commit: Sha) -> bytes:
        return self.github.file("src/a.py", commit, limit=10_000) or b""

    def advance_base(self, files: dict[str, bytes]) -> Sha:
        """Push to the base branch."""
        tip = self.github.branches["main"]
        made = self.github.put_commit({**self.files, **files}, [tip])
        self.github.branches["main"] = made
        return made

    def merged(self, files: dict[str, bytes]) -> Sha:
        """Let GitHub make its test merge of now."""
        parents = [self.github.branches["main"], self.head]
        made = self.github.put_commit({**self.files, **files}, parents)
        self.github.put_pull(NUMBER, self.head, self.base, merge_commit_sha=made)
        return made

    def tested_by(self, run: int, lines, covered, **changes) -> None:
        """Let CI leave a report in which `lines` are measured."""
        hits = {line: int(line in covered) for line in lines}
        self.ci(run, {"lcov.info": lcov("src/a.py", hits)}, **changes)

    @property
    def asked(self) -> set[object]:
        """The commits that were asked for."""
        return {call.arguments[0] for call in self.github.calls if call.method == "commit"}

    def told(self) -> dict:
        verdict = self.store.verdict(REPOSITORY.id, NUMBER, self.head)
        assert verdict is not None
        return json.loads(verdict.details)


@pytest.fixture
def world() -> MovedOn:
    return MovedOn()


def test_a_tested_merges_lines_are_its_own(world: MovedOn) -> None:
    """With lines inserted above, old code would be judged as new and new code not at all."""
    world.look()
    world.tested_by(2, MERGE_LINES, {3, *range(5, 17)})
    world.look()
    told = world.told()
    assert told["tested"] == {
        "commit": world.merge,
        "kind": "merge",
        "base": world.moved,
        "doubt": None,
    }
    assert (told["new_code"]["covered"], told["new_code"]["total"]) == (2, 5)
    assert told["new_code"]["files"][0]["uncovered"] == [17, 18, 19]
    assert told["notes"] == []


def test_links_lead_to_the_heads_lines(world: MovedOn) -> None:
    """A reader would be led four lines too far down, or to a commit he does not know."""
    world.look()
    world.tested_by(2, MERGE_LINES, {3, *range(5, 17)})
    world.look()
    (comment,) = world.comments
    assert f"/blob/{world.head}/src/a.py#L13-L15" in comment
    assert "#L17" not in comment


def test_the_check_says_which_commits_were_compared(world: MovedOn) -> None:
    """Nobody could tell why the numbers are not those of the head."""
    world.look()
    world.tested_by(2, MERGE_LINES, set(MERGE_LINES))
    world.look()
    (comment,) = world.comments
    for text in (world.check.output.summary + world.check.output.text, comment):
        assert f"Tested: merge of [{world.head[:7]}]" in text
        assert f"into `main` at [{world.moved[:7]}]" in text


def test_a_workflow_that_checks_out_the_head_is_recognised(world: MovedOn) -> None:
    """`ref: head.sha` in a workflow would have its lines read as the merge's."""
    world.look()
    world.tested_by(2, HEAD_LINES, set(range(1, 13)))
    world.look()
    told = world.told()
    assert (told["tested"]["commit"], told["tested"]["kind"]) == (world.head, "head")
    assert (told["tested"]["base"], told["tested"]["doubt"]) == (world.base, None)
    assert (told["new_code"]["covered"], told["new_code"]["total"]) == (2, 5)


def test_a_push_run_tested_the_head(world: MovedOn) -> None:
    """A branch's own run would be taken for one of the merge."""
    world.look()
    world.tested_by(2, HEAD_LINES, set(range(1, 13)), event="push", head_branch="topic-7")
    world.look()
    assert world.told()["tested"]["kind"] == "head"
    assert world.merge not in world.asked


def test_the_baseline_is_that_of_the_merges_first_parent(world: MovedOn) -> None:
    """What the base branch lost by itself would be charged to the pull request."""
    world.base_report(covered=10)
    uncovered = {"lcov.info": lcov("src/a.py", dict.fromkeys([3, *range(5, 15)], 0))}
    world.ci(3, uncovered, head=world.moved, event="push", head_branch="main")
    world.look(Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, world.moved))
    world.look()
    world.tested_by(2, MERGE_LINES, set(range(15, 20)))
    world.look()
    told = world.told()
    assert (told["baseline"]["commit"], told["baseline"]["distance"]) == (world.moved, 0)
    assert told["verdict"] == "pass"


def test_a_run_from_before_the_base_moved_is_of_the_first_merge(world: MovedOn) -> None:
    """The base moves while CI runs: the merge of now is not what was tested."""
    late = world.merge
    world.github.branches["main"] = world.base
    early = world.merged({"src/a.py": world.source(world.head)})
    world.look()
    world.github.branches["main"] = world.moved
    world.github.put_pull(NUMBER, world.head, world.base, merge_commit_sha=late)
    world.look()
    world.tested_by(2, HEAD_LINES, set(range(1, 13)))
    world.look()
    told = world.told()
    assert (told["tested"]["commit"], told["tested"]["base"]) == (early, world.base)
    assert (told["new_code"]["covered"], told["new_code"]["total"]) == (2, 5)


def test_a_later_run_is_of_the_later_merge(world: MovedOn) -> None:
    """A second run of the same head tests another merge than the first."""
    world.look()
    newer = world.advance_base({"src/a.py": INSERTED * 2 + world.files["src/a.py"]})
    merge = world.merged({"src/a.py": INSERTED * 2 + world.source(world.head)})
    world.tested_by(2, [3, 7, *range(9, 24)], {3, 7, *range(9, 21)})
    world.look()
    told = world.told()
    assert (told["tested"]["commit"], told["tested"]["base"]) == (merge, newer)
    assert (told["new_code"]["covered"], told["new_code"]["total"]) == (2, 5)


def test_nothing_more_is_asked_where_the_base_has_not_moved(world: MovedOn) -> None:
    """Every verdict would cost requests that only few need."""
    world.github.branches["main"] = world.base
    merge = world.merged({"src/a.py": world.source(world.head)})
    world.look()
    world.ci(2, world.report(15))
    before = {method: world.github.count(method) for method in ("tree", "file", "compare")}
    world.look()
    asked = {method: world.github.count(method) - count for method, count in before.items()}
    # The configuration, and for the analyses what changed, by trees that the adapter has already.
    assert asked == {"tree": 2, "file": 2, "compare": 1}
    assert merge not in world.asked


def test_a_merge_that_github_has_no_more_is_said(world: MovedOn) -> None:
    """After a base was pushed over, a verdict would fail, or hide that it may be off."""
    world.github.put_pull(NUMBER, world.head, world.base, merge_commit_sha=fake_sha("collected"))
    world.look()
    world.tested_by(2, HEAD_LINES, set(HEAD_LINES))
    world.look()
    told = world.told()
    assert (told["tested"]["kind"], told["tested"]["doubt"]) == ("head", "gone")
    assert "no longer has a merge of this head" in told["notes"][0]


def test_a_merge_of_an_older_head_is_no_candidate(world: MovedOn) -> None:
    """GitHub makes the merge a moment after a push: until then it shows the old one."""
    stale = world.merge
    world.push({"src/a.py": world.source(world.head) + b"more\n"})
    world.github.put_pull(NUMBER, world.head, world.base, merge_commit_sha=stale)
    world.look()
    world.tested_by(2, range(1, 17), set(range(1, 17)))
    world.look()
    assert world.told()["tested"]["doubt"] == "gone"


def test_a_file_that_only_the_merge_has_settles_it_without_reading(world: MovedOn) -> None:
    """Files would be fetched one by one where a name says it all."""
    world.advance_base({"src/new.py": b"x\n"})
    world.merged({"src/new.py": b"x\n", "src/a.py": world.source(world.head)})
    world.look()
    report = lcov("src/a.py", dict.fromkeys(HEAD_LINES, 1)) + lcov("src/new.py", {1: 1})
    world.ci(2, {"lcov.info": report})
    before = len(world.github.calls)
    world.look()
    assert world.told()["tested"]["kind"] == "merge"
    read = {call.arguments[1] for call in world.github.calls[before:] if call.method == "file"}
    assert world.head not in read  # the analyses read the merge, and nothing else was compared


def test_a_report_that_fits_both_says_so(world: MovedOn) -> None:
    """A guess would be sold as a fact."""
    world.look()
    world.tested_by(2, [5, 6, 7, 8], {5, 6})
    world.look()
    told = world.told()
    assert (told["tested"]["kind"], told["tested"]["doubt"]) == ("merge", "alike")
    assert "GitHub does not tell" in told["notes"][0]


def test_a_line_changed_in_place_leaves_no_doubt(world: MovedOn) -> None:
    """Every pull request behind its base would bear a warning about nothing."""
    world.github.branches["main"] = world.base
    changed = world.files["src/a.py"].replace(b"old 3", b"new 3")
    world.advance_base({"src/a.py": changed})
    merge = world.merged({"src/a.py": world.source(world.head).replace(b"old 3", b"new 3")})
    world.look()
    world.tested_by(2, HEAD_LINES, set(HEAD_LINES))
    world.look()
    told = world.told()
    assert (told["tested"]["commit"], told["tested"]["doubt"]) == (merge, None)
    assert told["new_code"]["total"] == 5


def test_a_base_that_was_pushed_over_hides_nothing(world: MovedOn) -> None:
    """Code that is in no base any more would come in with the merge, unjudged."""
    world.look()
    world.github.branches["main"] = world.github.put_commit({"README.md": b"new\n"}, [world.base])
    world.tested_by(2, MERGE_LINES, {3, *range(5, 17)})
    world.look()
    told = world.told()
    assert (told["tested"]["commit"], told["tested"]["base"]) == (world.merge, world.base)
    assert told["new_code"]["total"] == 6
    assert "#L13-L15" in world.comments[0]


def test_another_base_lets_no_code_in(world: MovedOn) -> None:
    """Open it onto a branch that has the code, wait for CI, then let it go into main."""
    feature = world.github.put_commit(
        {**world.files, "src/b.py": b"b\n" * 20, "x": b""}, [world.base]
    )
    tip = world.github.put_commit({**world.files, "src/b.py": b"b\n" * 20}, [world.base])
    both = {"src/b.py": b"b\n" * 20, "src/a.py": world.source(world.head)}
    world.head = world.github.put_commit({**world.files, **both}, [tip])
    world.github.branches["feature"] = feature
    merge = world.github.put_commit({**world.files, **both, "x": b""}, [feature, world.head])
    world.github.put_pull(NUMBER, world.head, feature, base_ref="feature", merge_commit_sha=merge)
    world.look()
    report = lcov("src/a.py", dict.fromkeys(HEAD_LINES, 1))
    world.ci(2, {"lcov.info": report + lcov("src/b.py", dict.fromkeys(range(1, 21), 0))})
    world.github.put_pull(NUMBER, world.head, world.moved, base_ref="main")
    world.look()
    assert world.check.conclusion == "failure"
    assert world.told()["new_code"]["total"] == 25


def test_a_merged_pull_request_keeps_its_new_code(world: MovedOn) -> None:
    """A re-run after the merge would say that nothing is new."""
    world.look()
    world.github.branches["main"] = world.github.put_commit(
        {**world.files, "src/a.py": INSERTED + world.source(world.head)}, [world.moved, world.head]
    )
    world.github.put_pull(NUMBER, world.head, world.base, state="closed")
    world.tested_by(2, MERGE_LINES, {3, *range(5, 17)})
    world.look()
    told = world.told()
    assert (told["new_code"]["covered"], told["new_code"]["total"]) == (2, 5)


def test_a_target_runs_head_comes_first(world: MovedOn) -> None:
    """`pull_request_target` checks out the head where it tests the change at all."""
    world.look()
    world.tested_by(2, [5, 6, 7, 8], {5, 6}, event="pull_request_target")
    world.look()
    told = world.told()
    assert (told["tested"]["kind"], told["tested"]["doubt"]) == ("head", "alike")


def test_a_long_line_of_merges_keeps_the_first_and_the_last(world: MovedOn) -> None:
    """A busy base would push out the merge that the one run tested, or fill the memory."""
    first = world.merge
    world.look()
    for number in range(9):
        world.github.put_pull(
            NUMBER, world.head, world.base, merge_commit_sha=fake_sha(f"merge {number}")
        )
        world.look()
    kept = (world.inbox.effects(world.subject).get("merges") or "").split()
    assert kept == [world.head, first, *(fake_sha(f"merge {n}") for n in (6, 7, 8))]
    world.tested_by(2, MERGE_LINES, set(MERGE_LINES))
    world.look()
    assert world.told()["tested"]["commit"] == first
