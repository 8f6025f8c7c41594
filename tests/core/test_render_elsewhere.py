"""What people read of lines outside the diff, and of what stands in for missing tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from worker.core.analysis import analyze
from worker.core.config import CarryForward, Config, ReportSource
from worker.core.diff import Diff, FileDiff
from worker.core.flapping import Flapping, shape_of
from worker.core.junit import TestCase, TestRun
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.refs import Sha
from worker.core.render import (
    Context,
    Source,
    render_check,
    render_comment,
    render_json,
    render_terminal,
)
from worker.core.verdict import Baseline, CarriedFlag, Inputs

Golden = Callable[[str, str], None]

BASE = Sha("b" * 40)
CONTEXT = Context(
    head=Sha("a1b2c3d" + "0" * 33),
    merge_base=Sha("e4f5a6b" + "0" * 33),
    base_ref="main",
    repository_url="https://github.com/octo/humanize",
    sources=(Source("coverage-unit", "coverage.xml", "cobertura", 12),),
)
HOSTILE = "a|b`<img src=x>](https://evil) @team\n# x.py"


def file(path: str, hit: set[int], total: int = 400) -> FileCoverage:
    measured = bitmap(range(1, total + 1))
    return FileCoverage(path, measured, bitmap(hit))


def suite(name: str, outcome: str) -> TestRun:
    return TestRun((TestCase(f"tests.test_time::{name}", name, "", "", None, outcome),))


def everything(name: str = "src/humanize/time.py") -> Inputs:
    """Return the inputs of a change with flips of many kinds."""
    whole = set(range(1, 401))
    time, number, filesize = (
        file(name, whole),
        file("src/humanize/number.py", whole - {7}),
        file("src/humanize/filesize.py", whole),
    )
    flags = {"unit": Report.of([time]), "e2e": Report.of([filesize])}
    baseline = Baseline(
        BASE,
        2,
        Report.of([time, number, filesize, file("src/humanize/i18n.py", whole)]),
        flags,
        suite("test_natural_day", "passed"),
        carried=(CarriedFlag("e2e", Sha("c" * 40), 4, 3),),
        same_tree_as=Sha("d" * 40),
    )
    head = [
        file(name, whole - {12, 13, 14, 90}, 404),
        file("src/humanize/number.py", whole - {20}),
        filesize,
    ]
    known = Flapping.of([("src/humanize/number.py", shape_of(number), bitmap([7, 20]))])
    return Inputs(
        report=Report.of(head),
        diff=Diff.of([FileDiff(name, name, bitmap(range(401, 405)), bitmap([300]), "modified")]),
        config=Config(
            reports=(
                ReportSource("unit*", flag="unit"),
                ReportSource("e2e*", flag="e2e", carry_forward=CarryForward()),
            )
        ),
        baseline=baseline,
        flags={"unit": Report.of(head)},
        tests=suite("test_natural_day", "skipped"),
        flapping=known,
    )


def test_the_section_is_as_it_was_read_and_approved(golden: Golden) -> None:
    """A reviewer would meet a text that nobody has looked at."""
    verdict = analyze(everything())
    golden("comment/elsewhere.md", render_comment(verdict, CONTEXT))
    page = render_check(verdict, CONTEXT)
    golden("check/elsewhere.md", f"# {page.title}\n\n{page.summary}\n")
    golden("terminal/elsewhere.txt", render_terminal(verdict, CONTEXT))
    golden("json/elsewhere.json", render_json(verdict, CONTEXT))


def test_hostile_names_stay_names() -> None:
    """A file or test name could put a link, an image or a mention into the comment."""
    inputs = everything(HOSTILE)
    hostile = replace(inputs, tests=suite(HOSTILE, "failed"))
    for one in (inputs, hostile, replace(inputs, tests=suite("other", "passed"))):
        assert one.baseline is not None
        given = replace(
            one,
            artifacts=("x",),
            carried=(CarriedFlag(HOSTILE, BASE, 0, 0),),
            baseline=replace(one.baseline, artifacts=("x", HOSTILE)),
        )
        text = render_comment(analyze(given), CONTEXT)
        html = MarkdownIt("gfm-like", {"linkify": False}).render(text)
        assert "<img" not in html.replace("&lt;img", "")
        assert 'href="https://evil' not in html
        assert "<h1>" not in html
        assert "\n# x.py" not in render_terminal(analyze(given), CONTEXT)


def test_thousands_of_files_stay_within_githubs_limits() -> None:
    """The comment would be refused, and the pull request have none."""
    before = [file(f"src/{'x' * 200}/{number}.py", {1, 2, 3}, 3) for number in range(3_000)]
    after = [file(one.path, {1}, 3) for one in before]
    baseline = Baseline(BASE, 0, Report.of(before))
    verdict = analyze(Inputs(Report.of(after), Diff(), baseline=baseline))
    comment = render_comment(verdict, CONTEXT)
    assert len(comment.encode()) < 65_000
    assert "Elsewhere: 6,000 lines lost their coverage, no cause seen" in comment
    assert "more files." in comment
    assert len(render_check(verdict, CONTEXT).summary.encode()) < 65_000
    data = json.loads(render_json(verdict, CONTEXT))["elsewhere"]
    assert (len(data["files"]), data["more_files"], data["lost"]) == (200, 2_800, 6_000)


@pytest.mark.parametrize("since", [None, Diff()])
def test_it_is_said_where_nothing_could_be_compared(since: Diff | None) -> None:
    """Silence would be read as "nothing changed elsewhere"."""
    report = Report.of([file("a.py", {1}, 1)])
    baseline = Baseline(BASE, 1, report, since=since)
    text = render_comment(analyze(Inputs(report, Diff(), baseline=baseline)), CONTEXT)
    assert ("Elsewhere: not compared" in text) == (since is None)
