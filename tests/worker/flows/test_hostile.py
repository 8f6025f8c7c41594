"""Pull requests that attack: each with the number that docs/security.md has for it."""

from __future__ import annotations

import json
import sys
from functools import cache

import pytest
from hypothesis import given, settings

from tests.fakes.github import REPOSITORY
from tests.support.gfm import hidden_characters, shape_of
from tests.support.hostile import HARMLESS, HOSTILE, NAMES, compare
from tests.worker.flows.world import NUMBER, World, coverage_data, lcov
from worker.contracts import Subject
from worker.core.errors import NotFoundError, RefusedError
from worker.core.refs import ChangedFile, Comparison

MAIN = {"event": "push", "head_branch": "main"}


@pytest.fixture
def world() -> World:
    return World()


def python_report(files: dict[str, tuple[list[int], list[int]]], functions: str = "") -> bytes:
    """Return coverage.py's JSON of files: executed and missing lines."""
    regions = {functions: {"executed_lines": [], "missing_lines": [11], "start_line": 11}}
    told = {
        path: {
            "executed_lines": executed,
            "missing_lines": missing,
            "functions": regions if functions and 11 in missing else {},
        }
        for path, (executed, missing) in files.items()
    }
    return json.dumps({"meta": {"version": "7.6"}, "files": told}).encode()


def junit(name: str) -> bytes:
    """Return a test report with a name in every place that has one; broken where it can't be."""
    shown = "".join(c if c.isprintable() and c not in '<>&"' else "?" for c in name)
    skipped = f'<skipped message="why{shown}"/>'
    case = f'<testcase name="{shown}" classname="{shown}">{skipped}</testcase>'
    return f'<testsuites><testsuite name="{shown}">{case}</testsuite></testsuites>'.encode()


def judged(world: World, name: str) -> None:
    """Let everything that can be named carry the name, and be judged."""
    leaf = name.replace("/", "\N{DIVISION SLASH}")  # in a path it would be another folder
    path = f"src/b{leaf}.py"
    was = {**world.files, f"src/c{leaf}.py": b"x\n" * 4}
    world.base = world.github.put_commit(was, [world.root])
    world.github.branches["main"] = world.github.branches[f"to{name}"] = world.base
    world.files = was
    world.push({path: b"y\n" * 20})
    world.github.put_pull(NUMBER, world.head, world.base, base_ref=f"to{name}", title=name)
    before = {"src/a.py": (list(range(1, 11)), []), f"src/c{leaf}.py": ([1, 2, 3, 4], [])}
    world.ci(1, {"coverage.json": python_report(before)}, head=world.base, **MAIN)
    world.look(Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, world.base))
    after = {
        "src/a.py": ([1, 2], list(range(3, 11))),
        f"src/c{leaf}.py": ([1], [2, 3, 4]),
        path: ([1], list(range(2, 21))),
        "/gone/d.py": ([1], []),
    }
    whole = {
        f"coverage{name}.json": python_report(after, f"run{name}"),
        f"junit{name}.xml": junit(name),
        f"broken{name}.xml": b"<testsuites><testsuite>" + name.encode(errors="replace"),
    }
    world.ci(2, whole, name=f"coverage{name}", workflow_id=2, conclusion="failure")
    world.github.put_run(2, world.head, name=f"CI{name}", head_branch=f"topic{name}")
    world.ci(3, name="", workflow_id=3, conclusion="skipped")
    world.github.put_run(3, world.head, name=f"lint{name}")


def unreadable(world: World, name: str) -> None:
    """Leave reports that are refused with words of their own, and a page of another kind."""
    judged(world, name)
    bad = {
        f"a{name}.json": python_report({f"x{name}": ([1], [1])}),
        f"b{name}.info": f"TN:\nSF:a.py\nDA:{name}x,1\n".encode(errors="replace"),
        f"c{name}.xml": f'<coverage line-rate="1">&x{name};</coverage>'.encode(errors="replace"),
    }
    world.ci(4, bad, {f"d{name}.html": b"<html>"}, name=f"coverage-e{name}", workflow_id=4)
    expired = world.github.put_artifact(2, f"coverage-old{name}", b"")
    world.github.expire(expired)


def unnamed(world: World, name: str) -> None:
    """Leave an artifact that nobody looks for, by a run of that name."""
    world.base_report()
    world.ci(2, {f"x{name}": b"x"}, name=f"lcov{name}")
    world.github.put_run(2, world.head, name=f"CI{name}", conclusion="failure")


def elsewhere(world: World, name: str) -> None:
    """Report files of which the repository has none."""
    world.ci(2, {"coverage.json": python_report({f"/gone/d{name}.py": ([1], [])})})


def misconfigured(world: World, name: str) -> None:
    """Write the name where a key should be, and a value."""
    world.configure(json.dumps({f"k{name}": 1, "partial": f"v{name}"}))
    world.ci(2, world.report(15))


def waiting(world: World, name: str) -> None:
    """Start a run that does not end."""
    world.github.put_run(2, world.head, name=f"CI{name}", status="in_progress", conclusion=None)


def refused(world: World, name: str) -> None:
    """Let GitHub quote the name."""
    world.ci(2, world.report(15))
    world.github.arm("compare", RefusedError(f"422: no commit {name}"))


def too_large(world: World, name: str) -> None:
    """Let a measured file be one that GitHub shows no lines of and gives no content of."""
    path = f"src/b{name}.py"
    world.push({path: b"n\n" * 5})
    listed = (ChangedFile(path, "added", 0, 0, None),)
    world.github.put_comparison("main", world.head, Comparison(world.base, listed))
    world.ci(2, {"coverage.json": python_report({path: ([1], [2])})})
    world.github.arm("file", RefusedError(f"{path}: too large"), times=9)
    world.github.arm("archive", RefusedError("too large"), times=9)


STORIES = {
    story.__name__: story
    for story in (
        judged, unreadable, unnamed, elsewhere, misconfigured, waiting, refused, too_large,
    )
}  # fmt: skip


def told(story: str, name: str) -> tuple[dict[str, str], str]:
    """Return what is published of a story, as Markdown by place, and the check's title."""
    world = World()
    STORIES[story](world, name)
    world.look()
    output = world.check.output
    comments = {f"comment {number}": text for number, text in enumerate(world.comments)}
    return {"summary": output.summary, "text": output.text, **comments}, output.title


@cache
def harmless(story: str):
    markdown, _ = told(story, HARMLESS)
    return {where: shape_of(text) for where, text in markdown.items()}


def check_story(story: str, name: str) -> None:
    name = name.encode(errors="replace").decode()  # GitHub's JSON and zip files hold no halves
    markdown, title = told(story, name)
    assert markdown.keys() == harmless(story).keys()
    compare(markdown, harmless(story))
    assert hidden_characters(title) == []


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_t5_nothing_that_ci_leaves_is_markup(story: str, name: str) -> None:
    """A fork's artifact, report, branch or workflow would write into the App's comment."""
    check_story(story, name)


@settings(max_examples=15, deadline=None)
@given(NAMES)
def test_t5_nothing_that_nobody_thought_of_is_markup(name: str) -> None:
    """There would be a trick between those that were thought of."""
    check_story("unreadable", name)


def test_t3_a_hundred_replays_change_nothing(world: World) -> None:
    """Who recorded one delivery could have a conversation mailed a hundred times."""
    world.ci(2, world.report(11))
    world.look()
    before = [call.method for call in world.github.writes]
    for number in range(100):
        # Every other one under the id that it had: GitHub's own redelivery.
        world.deliveries = 0 if number % 2 else number
        world.look()
    assert [call.method for call in world.github.writes] == before
    assert len(world.comments) == 1


def test_t4_no_file_in_an_artifact_chooses_the_pull_request(world: World) -> None:
    """A fork's upload would write the verdict onto somebody else's pull request."""
    victim = world.github.put_commit({**world.files, "b.py": b"x\n"}, [world.base])
    world.github.put_pull(1, victim, world.base)
    lies = dict.fromkeys(("pr", "NR", "pr_number.txt", "pr.json", "event.json"), b"1")
    world.ci(2, {**world.report(15), **lies, "github.json": b'{"number": 1, "sha": "%s"}'})
    world.look(Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, world.head))
    world.look()
    assert world.check.conclusion == "success"
    assert world.github.comment_bodies(1) == []
    assert {world.github.check_head(number) for number in world.github.check_states} == {world.head}


def test_t8_another_apps_check_of_our_name_is_left_alone(world: World) -> None:
    """A forged check would be taken for ours, or ours never be made."""
    forged = world.github.put_check(world.head, "covgate")
    world.ci(2, world.report(11))
    world.look()
    assert world.check.conclusion == "failure"
    assert forged.id not in world.github.check_states


@pytest.mark.parametrize("event", ["pull_request", "push"])
def test_t10_a_forks_run_on_main_is_never_a_baseline(world: World, event: str) -> None:
    """A stranger would choose what everybody else is compared with, and let coverage fall."""
    none = {"lcov.info": lcov("src/a.py", dict.fromkeys(range(1, 11), 0))}
    fork = {"head": world.base, "head_branch": "main", "head_repository": "mallory/hello"}
    world.ci(1, none, event=event, **fork)
    world.look(Subject.commit(REPOSITORY.installation_id, REPOSITORY.id, world.base))
    world.ci(2, world.report(15))
    world.look()
    assert not world.store.has_baseline(REPOSITORY.id)
    assert "no baseline yet" in world.check.output.summary


def test_t11_an_earlier_attempts_report_does_not_come_back(world: World) -> None:
    """A late delivery of the first attempt would bring back what the second one mended."""
    world.ci(2, world.report(10))
    world.look()
    assert world.check.conclusion == "failure"
    world.ci(2, world.report(15), attempt=2)
    world.look()
    for _ in range(3):
        world.look(event="workflow_run.completed")  # the first attempt's, come late
    assert world.check.conclusion == "success"


PADDING = 20_001


@pytest.mark.parametrize("listed", [True, False], ids=["without patches", "not at all"])
def test_t12_padding_hides_no_uncovered_line(world: World, listed: bool) -> None:
    """Generated lines beside it would push uncovered code out of GitHub's diff, and past us."""
    pad = b"".join(b"# %d\n" % number for number in range(PADDING))
    code = world.files["src/a.py"] + b"new\n" * 5
    world.push({"pad.py": pad, "src/a.py": code, "src/z.py": b"x = 1\n" * 50})
    files = [ChangedFile("pad.py", "added", 0, 0, None)]
    if listed:
        files += [ChangedFile(f"src/{name}.py", "modified", 0, 0, None) for name in "az"]
    cut = Comparison(world.base, tuple(files), complete=listed)
    world.github.put_comparison("main", world.head, cut)
    world.github.put_pull_files(NUMBER, files * 3_000)  # where that list ends, too
    padded = lcov("pad.py", dict.fromkeys(range(1, 3), 1))
    world.ci(2, {"lcov.info": world.report(10)["lcov.info"] + padded})
    world.look()
    assert world.check.conclusion == "failure"
    assert "0 of 5" in world.check.output.summary
    assert "`src/z.py`" in world.check.output.summary.partition("in no report")[2]


def test_t15_a_report_opens_no_path_that_it_names(world: World) -> None:
    """A report could make the worker read its own files, or another repository's."""
    named = ["../../etc/passwd", "/etc/passwd", "src/../../../etc/passwd", "C:\\Windows\\win.ini"]
    opened: list[str] = []
    armed = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if armed and event == "open" and isinstance(arguments[0], str):
            opened.append(arguments[0])

    reports = {f"{n}/.coverage": coverage_data(path, [1]) for n, path in enumerate(named)}
    reports |= {f"{n}.info": lcov(path, {1: 1}) for n, path in enumerate(named)}
    world.ci(2, {**world.report(15), **reports})
    sys.addaudithook(watch)  # it can not be taken away again
    try:
        world.look()
    finally:
        armed = False
    assert not [path for path in opened if "etc" in path or "win.ini" in path]
    asked = {call.arguments[0] for call in world.github.calls if call.method == "file"}
    assert asked <= {".github/covgate.yml", "src/a.py", "go.mod"}
    assert "5 of 5 lines" in world.check.output.summary


def test_w16_a_repository_that_the_app_may_not_see_is_asked_for_once(world: World) -> None:
    """A payload of somebody else's repository would be tried until the end of time."""
    world.github.arm("pull", NotFoundError("404: octo/hello"), times=9)
    assert world.look() == "gone"
    assert world.github.writes == []
    assert world.inbox.claim(world.subject) is None


@pytest.mark.parametrize("order", ["opened closed", "closed opened"])
def test_w19_closed_and_opened_end_alike_in_any_order(world: World, order: str) -> None:
    """A closed pull request would get a comment because its deliveries changed places."""
    world.github.put_pull(NUMBER, world.head, world.base, state="closed")
    world.ci(2, world.report(15))
    for action in order.split():
        world.look(event=f"pull_request.{action}")
    assert world.comments == []
    assert world.check.conclusion == "success"


def test_d4_a_diff_that_github_will_not_make_is_no_success(world: World) -> None:
    """Whoever makes a diff too large for GitHub would get a green check."""
    world.ci(2, world.report(15))
    world.github.arm("compare", RefusedError("406: diff exceeded the limit: too_large"), times=9)
    world.look()
    assert world.check.conclusion == "action_required"
    assert "too_large" in world.check.output.summary


def test_d9_a_push_in_the_middle_leaves_the_verdict_of_the_new_head(world: World) -> None:
    """A covered commit's green check would stand for the commit that was pushed after it."""
    world.ci(2, world.report(15))
    original, covered = world.github.compare, world.head

    def slow(base: str, head: str) -> Comparison:
        if world.head == covered:
            world.push({"src/a.py": world.files["src/a.py"] + b"uncovered\n" * 5})
            world.ci(3, world.report(10))
            world.notify(event="pull_request.synchronize")
        return original(base, head)

    world.github.compare = slow
    world.look()
    world.look()
    assert world.check.conclusion == "failure"
    (comment,) = world.comments
    assert "❌" in comment
    assert world.head[:7] in comment
