"""What people read: drawn verdicts against golden texts, and names that try to break out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.support.drawing import draw, project
from tests.support.runs import run
from worker.core.analysis import analyze
from worker.core.config import (
    BranchesRule,
    CommentRule,
    Config,
    CriticalPath,
    FlagRules,
    FunctionsRule,
    NewCodeRule,
    Package,
    ProjectRule,
    ReportSource,
)
from worker.core.diff import Diff, FileDiff
from worker.core.diff.mapping import LineMap
from worker.core.model import BranchLine, FileCoverage, Function, Report, bitmap
from worker.core.numbers import Ratio
from worker.core.overrides import Debt, Override
from worker.core.refs import Artifact, Sha
from worker.core.render import (
    Context,
    Source,
    conclude,
    messages,
    render_check,
    render_comment,
    render_json,
    render_terminal,
)
from worker.core.render.headline import headline
from worker.core.render.markdown import code, table, truncate_bytes
from worker.core.runs import assess_runs
from worker.core.verdict import Baseline, Inputs, Verdict

Golden = Callable[[str, str], None]

BASE = Sha("b" * 40)
CONTEXT = Context(
    head=Sha("a1b2c3d" + "0" * 33),
    merge_base=Sha("e4f5a6b" + "0" * 33),
    base_ref="main",
    repository_url="https://github.com/octo/humanize",
    sources=(Source("coverage-unit", "coverage.xml", "cobertura", 12),),
)

FAILING = """
src/humanize/time.py
 40 x hit
 7 x miss
+ 5 x hit
+ 2 x miss
 3 x -
+ 2 x miss
+ miss
+ 2 x miss
src/humanize/number.py
 90 x hit
+ 4 x hit
+ miss
src/humanize/lists.py
+ 3 x hit
"""


def verdict_of(drawing: str, base: Report | None, distance: int = 0) -> Verdict:
    report, diff = draw(drawing)
    # The drawn files are not those of the base: those went in between.
    since = Diff.of(FileDiff(file.path, file.path, 0, 0, "removed") for file in base or ())
    baseline = Baseline(BASE, distance, base, since=since) if base is not None else None
    reason = "no baseline yet (the first run on a push to the base branch makes one)"
    return analyze(Inputs(report, diff, baseline=baseline, no_baseline=reason))


def every_gate() -> Verdict:
    """Return a verdict of all gates, each of them configured."""
    report, diff = draw(
        "pay/a.py\n+ 8 x hit\n+ miss\n 90 x hit\n miss\nweb/b.py\n 6 x hit\n 4 x miss"
    )
    pay = report.files["pay/a.py"]
    functions = (Function(1, "charge", 3, 9), Function(10, "refund", 0, 20))
    branches = (BranchLine(2, 1, 2), BranchLine(12, 2, 2))
    report = Report.of(
        [
            msgspec.structs.replace(pay, functions=functions, branches=branches, partial=4),
            report.files["web/b.py"],
        ]
    )
    was = FileCoverage("pay/a.py", bitmap(range(1, 92)), bitmap(range(1, 92)))
    before = Report.of([was, FileCoverage("web/b.py", bitmap(range(1, 11)), bitmap([1, 2]))])
    config = Config(
        reports=(ReportSource("coverage*", flag="unit"),),
        project=ProjectRule(Fraction(80), Fraction(97), ratchet=True, tolerance=Fraction(1, 2)),
        branches=BranchesRule(Fraction(70), Fraction(50)),
        functions=FunctionsRule(Fraction(40)),
        flags=(FlagRules("unit", new_code=NewCodeRule(Fraction(90))),),
        packages=(
            Package("pay", ("pay/**",), Fraction(95), Fraction(99)),
            Package("web", ("web/**",), Fraction(70), blocking=False),
        ),
        critical=(CriticalPath("payments", ("pay/**",), Fraction(90)),),
    )
    flags = {"unit": report}
    baseline = Baseline(BASE, 0, before, flags=flags)
    return analyze(Inputs(report, diff, config, baseline, flags=flags, best=Ratio(99, 100)))


OVERRIDES = (
    Override(
        "mira",
        "the release must go, see @octo/ops | #7",
        datetime(2030, 1, 1, 12, tzinfo=UTC),
        until=datetime(2030, 2, 1, tzinfo=UTC),
    ),
    Override("bob", "generated", datetime(2030, 1, 1, 13, tzinfo=UTC), gate="new_code"),
)
DEBTS = (Debt(7, "src/a.py", bitmap([3, 4, 9]), "b" * 40, "mira", "the release must go"),)

CASES: dict[str, tuple[Verdict, Context]] = {
    "overridden": (
        verdict_of("src/a.py\n+ 9 x hit\n+ 8 x miss\n 150 x hit", project(9, 10)),
        replace(CONTEXT, overrides=OVERRIDES, debts=DEBTS),
    ),
    "every-gate": (every_gate(), CONTEXT),
    "fails": (
        verdict_of("src/a.py\n+ 9 x hit\n+ 8 x miss\n 150 x hit", project(9, 10), 2),
        CONTEXT,
    ),
    "fails-by-file": (verdict_of(FAILING + "src/b.py\n+ 20 x miss", project(140, 150)), CONTEXT),
    "passes": (verdict_of("src/a.py\n+ 16 x hit\n+ miss\n 150 x hit", project(80, 100)), CONTEXT),
    "falls": (verdict_of("src/a.py\n+ 4 x hit\n 86 x hit\n 10 x miss", project(95, 100)), CONTEXT),
    "first": (verdict_of("src/a.py\n+ hit\n 3 x hit\n miss", None), CONTEXT),
    "nothing-new": (verdict_of("src/a.py\n 3 x hit\n miss", project(3, 4)), CONTEXT),
    "one-unreadable": (
        verdict_of("src/a.py\n+ hit\n 3 x hit", project(1, 1)),
        replace(CONTEXT, problems=("artifact `coverage-e2e`: `lcov.info: line 7: no number`",)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_comment_is_as_it_was_read_and_approved(name: str, golden: Golden) -> None:
    """A reviewer would meet a text that nobody has looked at."""
    golden(f"comment/{name}.md", render_comment(*CASES[name]))


@pytest.mark.parametrize("name", CASES)
def test_the_check_is_as_it_was_read_and_approved(name: str, golden: Golden) -> None:
    """The check's page would drift away from the comment."""
    page = render_check(*CASES[name])
    text = f"{conclude(*CASES[name])}\n# {page.title}\n\n{page.summary}\n\n{page.text}\n"
    golden(f"check/{name}.md", text)


def remarking(drawing: str) -> Verdict:
    """Return the verdict where remarks are wanted."""
    return analyze(Inputs(*draw(drawing), Config(annotations=50)))


def test_the_longest_uncovered_stretches_have_remarks_first() -> None:
    """A diff with more than fifty gaps would have its remarks at the top of the alphabet."""
    drawing = "src/a.py\n" + "+ miss\n+ hit\n" * 60 + "src/z.py\n+ 9 x miss\n+ 9 x hit"
    remarks = render_check(remarking(drawing), CONTEXT).annotations
    assert len(remarks) == 50
    assert (remarks[-1].path, remarks[-1].first, remarks[-1].last) == ("src/z.py", 1, 9)
    assert {one.level for one in remarks} == {"warning"}


def test_remarks_are_where_the_lines_are_at_the_head() -> None:
    """A remark would stand beside another line, where the base has moved on since."""
    verdict = remarking("src/a.py\n+ 2 x miss\n+ 9 x hit\nsrc/b.py\n+ miss")
    lines = {"src/a.py": LineMap(((1, 8, 99),)), "src/b.py": None}
    (remark,) = render_check(verdict, replace(CONTEXT, head_lines=lines)).annotations
    assert (remark.path, remark.first, remark.last) == ("src/a.py", 8, 9)


def test_a_verdict_that_asks_for_nothing_may_be_one_line() -> None:
    """A team that prefers silence would still scroll past a table on every pull request."""
    drawing = "src/a.py\n+ 16 x hit\n+ miss\n 150 x hit"
    folded = Config(comment=CommentRule(folded=True))
    report, diff = draw(drawing)
    text = render_comment(analyze(Inputs(report, diff, folded)), CONTEXT)
    title, rest = text.split("\n\n", 1)
    assert title.startswith("<!-- covgate -->\n### ✅")
    assert rest.startswith("<details><summary>Details</summary>")
    assert rest.rstrip().endswith("</details>")
    report, diff = draw("src/a.py\n+ 9 x hit\n+ 8 x miss")
    assert "Details" not in render_comment(analyze(Inputs(report, diff, folded)), CONTEXT)


@pytest.mark.parametrize("name", ["every-gate", "fails-by-file", "first", "one-unreadable"])
def test_the_terminal_and_json_tell_the_same(name: str, golden: Golden) -> None:
    """`covgate check` would say something else than the pull request."""
    golden(f"terminal/{name}.txt", render_terminal(*CASES[name]))
    golden(f"json/{name}.json", render_json(*CASES[name]))


def test_an_unreadable_report_keeps_the_check_from_success() -> None:
    """A pull request would be merged although a report that would have failed it was cut."""
    assert conclude(*CASES["one-unreadable"]) == "action_required"


def test_what_a_missing_report_may_have_caused_is_no_failure() -> None:
    """Somebody would write tests for lines that the unread report covers."""
    verdict = CASES["fails"][0]
    context = replace(CONTEXT, problems=("x",))
    assert conclude(verdict, context) == "action_required"
    assert headline(verdict, context).startswith("1 report could not be read")


def test_a_workflows_name_is_never_markdown() -> None:
    """A fork's workflow would mention a whole organisation in the App's own comment."""
    html = render_as_github(MESSAGES["another-name"].comment)
    assert "<img" not in html
    assert "<b>" not in html
    assert "@octo" not in html.replace("<code>x @octo", "")


HOSTILE_NAME = "x @octo/all ![a](http://e/p.png) <b>"

MESSAGES = {
    "waiting": messages.waiting(
        assess_runs([run(1), run(2, workflow=2, name="integration", status="in_progress")], ("*",)),
        datetime(2026, 3, 1, 14, 5, tzinfo=UTC),
    ),
    "waiting-for-ci": messages.waiting(
        assess_runs([], ("*",)), datetime(2026, 3, 1, 14, 5, tzinfo=UTC)
    ),
    "waiting-expected": messages.waiting(
        replace(
            assess_runs([run(1), run(2, workflow=2, name="e2e", status="in_progress")], ("*",)),
            absent=("integration", HOSTILE_NAME),
        ),
        datetime(2026, 3, 1, 14, 5, tzinfo=UTC),
        {1: 30, 2: 660},
    ),
    "no-group-base": messages.no_group_base(),
    "waiting-for-base": messages.waiting_for_base(Sha("c" * 40), "main"),
    "reading": messages.reading(assess_runs([run(1)], ("*",))),
    "deadline": messages.deadline_passed(assess_runs([run(1, status="queued")], ("*",))),
    "no-workflow": messages.deadline_passed(assess_runs([run(1, conclusion="skipped")], ("*",))),
    "no-artifact": messages.no_artifact(
        assess_runs(
            [run(1, conclusion="failure"), run(2, workflow=2, name="e2e", status="waiting")], ("*",)
        ),
        [Artifact(n, name, 9, expired=False, run_id=1) for n, name in enumerate(("dist", "logs"))],
        Config(),
        "main",
    ),
    "another-name": messages.no_artifact(
        assess_runs([run(1), run(2, workflow=2, name=HOSTILE_NAME)], ("*",)),
        [
            Artifact(n, name, 9, expired=False, run_id=1)
            for n, name in enumerate(("dist", "lcov-x"))
        ],
        Config(reports=(ReportSource("lcov-*"),)),
        "main",
    ),
    "expired": messages.expired(["coverage"]),
    "never-reported": messages.never_reported(assess_runs([run(1)], ("*",)), [], Config()),
    "unreachable": messages.unreachable("GET /repos/octo/app/compare: 500"),
    "nothing-readable": messages.nothing_readable(["artifact `coverage`: `not a zip archive`"]),
    "no-path": messages.no_path_matched(["/build/x/a.py", "/build/x/b.py"]),
    "nothing-measured": messages.nothing_measured(["coverage.xml"]),
    "broken-config": messages.broken_config("line 3, column 5: unknown key `reprots`", "main"),
    "diff-incomplete": messages.diff_incomplete("The pull request changes 3,000 files or more."),
    "refused": messages.refused("GET /repos/octo/app/pulls/1: 403 Resource not accessible"),
    "superseded": messages.superseded(Sha("f" * 40)),
    "internal-error": messages.internal_error(3),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_said_without_a_verdict_tells_what_to_do(name: str, golden: Golden) -> None:
    """Somebody would stand before a blocked pull request and not know what to mend."""
    message = MESSAGES[name]
    text = f"{message.conclusion} comment={message.comments}\n# {message.page.title}\n\n"
    golden(f"message/{name}.md", f"{text}{message.page.summary}\n")


def test_a_missing_line_is_named_with_its_function() -> None:
    """A reader would have to open the file to know what is not tested."""
    lines = bitmap(range(1, 11))
    function = Function(3, "_date_and_delta", 0, 8)
    report = Report.of([FileCoverage("a.py", lines, lines & ~bitmap([5]), functions=(function,))])
    diff = Diff.of([FileDiff("a.py", "a.py", bitmap([4, 5]), 0, "modified")])
    verdict = analyze(Inputs(report, diff))
    assert "(`_date_and_delta`)" in render_comment(verdict, CONTEXT)


def test_a_hundred_thousand_files_fit_into_a_comment() -> None:
    """GitHub would refuse the comment of the pull request that needs it most."""
    files = [FileCoverage(f"src/{'deep/' * 30}{n}.py", bitmap([1]), 0) for n in range(3_000)]
    diff = Diff.of([FileDiff(file.path, None, bitmap([1]), 0, "added") for file in files])
    verdict = analyze(Inputs(Report.of(files), diff))
    comment = render_comment(verdict, CONTEXT)
    assert len(comment.encode()) <= 65_000
    assert "more files with" in comment
    page = render_check(verdict, CONTEXT)
    assert len(page.summary.encode()) <= 65_000


def render_as_github(markdown: str) -> str:
    return (
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    )


HOSTILE = [
    "a`\n|**merged**|<img src=x onerror=alert(1)>[x](http://e).py",
    "@octo/team #1 closes #2 https://evil.example",
    "``a`` | b \\| c \\\\| d",
    "\u202egnp.exe \u200b \x1b[31m",
    "</code></td></table><script>",
    "`",
    "\\",
    " ",
    "a\\",
    "x" * 5_000,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_one_code_span_in_one_cell(name: str) -> None:
    """A file's name would put a link, an image or a verdict of its own into the comment."""
    html = render_as_github(table(("a", "b"), "ll", [(code(name), "end")]))
    assert html.count("<tr>") == 2
    assert html.count("<td") == 2
    assert html.count("<code>") == 1
    for tag in ("<a ", "<img", "<script", "<strong", "<em"):
        assert tag not in html
    assert "end</td>" in html


@given(st.text())
def test_no_name_at_all_leaves_its_cell(name: str) -> None:
    """There would be a name that nobody thought of."""
    html = render_as_github(table(("a", "b"), "ll", [(code(name), "end")]))
    assert html.count("<td") == 2
    assert html.count("<code>") == 1
    assert '<td style="text-align:left">end</td>' in html or "end</td>" in html


def test_hostile_paths_leave_the_comment_in_one_piece() -> None:
    """A pull request would write its own verdict."""
    files = [FileCoverage(name, bitmap([1]), 0) for name in HOSTILE]
    diff = Diff.of([FileDiff(file.path, None, bitmap([1]), 0, "added") for file in files])
    verdict = analyze(Inputs(Report.of(files), diff))
    html = render_as_github(render_comment(verdict, CONTEXT))
    assert html.count("<tr>") == 2 + 1 + len(files) + 1
    assert not any(tag in html for tag in ("<img", "<script", "<em>", "merged</strong>"))
    assert html.count("<h3>") == 1


@given(st.text(), st.integers(100, 400))
def test_cutting_keeps_within_the_bytes(text: str, limit: int) -> None:
    """GitHub counts bytes, and would refuse a text of umlauts."""
    assert len(truncate_bytes(text, limit).encode()) <= limit


def test_the_same_facts_give_the_same_bytes() -> None:
    """The comment would be edited, and everybody mailed, though nothing changed."""
    assert render_comment(*CASES["fails"]) == render_comment(*CASES["fails"])


def test_the_headline_fits_into_a_title() -> None:
    """GitHub would refuse the check."""
    assert all(len(headline(*case)) <= 255 for case in CASES.values())
