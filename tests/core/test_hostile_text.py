"""T5, T6: no name from a pull request is anything but a name, wherever it is shown.

Every text is made twice: with strangers' names in every field there is, and with a harmless
one in their places. Read as GitHub reads it, both must be built alike: a link, image, row,
heading, tag or line more is one that a stranger wrote. So is a mention or a reference.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import MappingProxyType

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.core.insights.suite_cases import SKIPPED
from tests.core.insights.test_gaps import SHOP
from tests.core.novelty.test_told import CASES as CLASSES
from tests.core.novelty.test_told import CONTEXT as CLASSES_CONTEXT
from tests.core.test_path_shortfall import shortfalls
from tests.core.test_render import CASES, CONTEXT
from tests.core.test_render_elsewhere import everything
from tests.support.gfm import hidden_characters, shape_of
from tests.support.hostile import HARMLESS, HOSTILE, NAMES, compare
from tests.support.runs import run
from worker.core import tested as commits
from worker.core.analysis import analyze
from worker.core.config import Config, ReportSource
from worker.core.diff import Diff
from worker.core.gates import judge
from worker.core.junit import TestCase, TestRun
from worker.core.model import Report
from worker.core.overrides import Debt, Override
from worker.core.refs import Artifact, Sha
from worker.core.render import (
    Source,
    Unfound,
    messages,
    render_check,
    render_comment,
    render_json,
    render_terminal,
)
from worker.core.render.markdown import code, plain
from worker.core.render.statuses import gate_statuses
from worker.core.runs import assess_runs
from worker.core.tested import Doubt, Kind
from worker.core.verdict import Verdict

KEPT = {
    ("Context", "repository_url"): "GitHub's own",
    ("Context", "problems"): "Markdown by now: tried in tests/worker/flows/test_hostile.py",
    ("Context", "notes"): "the same",
    ("Config", "ignore"): "patterns of the base branch, never shown",
    ("Config", "workflows"): "the same",
    ("CriticalPath", "paths"): "the same",
    ("FileDiff", "patch"): "a text that is read, and never shown",
    ("FileDiff", "status"): "a word of GitHub's",
    ("Inputs", "no_baseline"): "our own sentence",
    ("Package", "paths"): "patterns of the base branch, never shown",
    ("ReportSource", "artifact"): "the same",
    ("ReportSource", "files"): "the same",
    ("Source", "format"): "a word of our own",
    ("Table", "title"): "our own words",
    ("TestCase", "outcome"): "a word of our own",
    ("WorkflowRun", "conclusion"): "a word of GitHub's",
    ("WorkflowRun", "status"): "the same",
    ("WorkflowRun", "url"): "an address of GitHub's",
}
"""The texts that no stranger chooses. Everything else is taken for a stranger's."""


def renamed(value, change):
    """Return a value with every text in it changed, but for commits' ids and what is kept."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return value if not value or re.fullmatch("[0-9a-f]{32,40}", value) else change(value)
    if isinstance(value, Report):
        return Report.of(renamed(file, change) for file in value)
    if isinstance(value, Diff):
        return Diff.of(renamed(file, change) for file in value)
    if isinstance(value, Mapping):
        items = value.items()
        return MappingProxyType({renamed(k, change): renamed(v, change) for k, v in items})
    if isinstance(value, tuple | list | frozenset):
        return type(value)(renamed(one, change) for one in value)
    if isinstance(value, msgspec.Struct):
        names, replace = value.__struct_fields__, msgspec.structs.replace
    elif dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if field.init]
        replace = dataclasses.replace
    else:
        return value
    wanted = [name for name in names if (type(value).__name__, name) not in KEPT]
    try:
        return replace(value, **{name: renamed(getattr(value, name), change) for name in wanted})
    except ValueError:
        return value  # the type itself refuses such a name


def after(name):
    """Return a change that puts a name behind every text."""
    return lambda text: text + name


def before(name):
    """Return a change that puts a name before every text: of a path, before its last part."""

    def change(text):
        folder, slash, last = text.rpartition("/")
        return folder + slash + name + last

    return change


def carried(verdict, change):
    """Return a verdict on the same evidence under other names, judged anew."""
    evidence = renamed(verdict.evidence, change)
    insights = renamed(verdict.insights, change)
    return Verdict(evidence, judge(evidence), lambda _evidence: insights)


def only(*names, of):
    """Return a verdict with these analyses alone: what there is room for depends on lengths."""
    verdict = analyze(of)
    kept = tuple(one for one in verdict.insights if one.name in names)
    return Verdict(verdict.evidence, verdict.results, lambda _evidence: kept)


def rich_context():
    """Return a context that has something to tell in every part of it."""
    wrong = shortfalls([f"dist/m{n}.js" for n in range(12)] + [f"src/m{n}.js" for n in range(3)])
    gone = shortfalls([f"legacy/x{n}.js" for n in range(4)] + ["pkg/a1.py"])
    tests = TestRun((TestCase("t::a", "a", "t", "t.py", None, "failed", "because"),))
    return dataclasses.replace(
        CONTEXT,
        unfound=tuple(Unfound(CONTEXT.sources[0], one) for one in (*wrong, *gone)),
        sources=(*CONTEXT.sources, Source("coverage-e2e", "lcov.info", "lcov", 3, "e2e")),
        tested=commits.Tested(Sha("1" * 40), Kind.MERGE, Sha("2" * 40), Doubt.ALIKE),
        tests=(("unit", tests),),
        debts=(Debt(3, "pay/a.py", 2, "e" * 40, "mira", "a hotfix"),),
    )


OVERRIDES = (
    Override("mira", "an outage", datetime(2026, 3, 1, tzinfo=UTC)),
    Override("bob", "no time", datetime(2026, 3, 2, tzinfo=UTC), gate="regression"),
)


VERDICTS = {
    **{name: CASES[name] for name in ("fails-by-file", "falls", "one-unreadable")},
    "all-classes": (CLASSES["all-classes"], CLASSES_CONTEXT),
    "elsewhere": (analyze(everything()), CONTEXT),
    "gaps": (only("risk", "test_types", "goals", of=SHOP), CONTEXT),
    "tests": (only("skipped", "test_changes", of=SKIPPED), CONTEXT),
    "rich": (CASES["every-gate"][0], rich_context()),
    "overridden": (
        CASES["every-gate"][0],
        dataclasses.replace(rich_context(), unfound=(), overrides=OVERRIDES),
    ),
}


def told(verdict, context, change):
    """Return all that is published of a verdict under changed names."""
    verdict, context = carried(verdict, change), renamed(context, change)
    page = render_check(verdict, context)
    return {
        "comment": render_comment(verdict, context),
        "summary": page.summary,
        "text": page.text,
    }, {
        "title": page.title,
        **{f"status {n}": f"{one.context} {one.description}"
           for n, one in enumerate(gate_statuses(verdict, context))},
        **{f"line {n}": line
           for n, line in enumerate(render_terminal(verdict, context).split("\n"))},
    }, render_json(verdict, context)  # fmt: skip


@cache
def harmless(case, place):
    markdown, lines, _ = told(*VERDICTS[case], place(HARMLESS))
    return {where: shape_of(text) for where, text in markdown.items()}, lines


def check_verdict(case, name, place):
    markdown, lines, data = told(*VERDICTS[case], place(name))
    shapes, harmless_lines = harmless(case, place)
    compare(markdown, shapes)
    assert lines.keys() == harmless_lines.keys()
    for where, text in lines.items():
        assert hidden_characters(text) == [], (where, text)
    json.loads(data.encode())


@pytest.mark.parametrize("place", [before, after])
@pytest.mark.parametrize("case", VERDICTS)
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_t5_no_name_of_a_verdict_is_markup(case, name, place):
    """A pull request would write its own verdict, link or image into check and comment."""
    check_verdict(case, name, place)


@settings(max_examples=25, deadline=None)
@given(NAMES, st.sampled_from(sorted(VERDICTS)), st.sampled_from([before, after]))
def test_t5_no_name_that_nobody_thought_of_is_markup(name, case, place):
    """There would be a trick between those that were thought of."""
    check_verdict(case, name, place)


def every_message(change):
    """Return every text without a verdict, with strangers' names in it."""
    runs = assess_runs(
        renamed(
            [
                run(1, conclusion="failure"),
                run(2, workflow=2, name="e2e", status="in_progress"),
                run(3, workflow=3, name="lint", status="waiting", event="push"),
            ],
            change,
        ),
        ("**",),
    )
    ended = assess_runs(
        renamed([run(1, conclusion="failure"), run(3, workflow=3)], change), ("**",)
    )
    absent = (change("integration"), change("system"))
    runs, ended = (dataclasses.replace(one, absent=absent) for one in (runs, ended))
    found = [
        Artifact(n, change(name), 9, expired=False, run_id=1)
        for n, name in enumerate(("dist", "lcov-x"))
    ]
    config = Config(reports=(ReportSource(change("lcov-")), ReportSource(change("cov-"))))
    noon, base = datetime(2026, 3, 1, 14, 5, tzinfo=UTC), change("main")
    wrong = renamed(shortfalls([f"dist/m{n}.js" for n in range(12)]), change)
    problem = f"artifact {code(change('cov'))}, {code(change('a.xml'))}: {plain(change('bad'))}"
    reason = f"line 3, column 5: unknown key `{change('x')}`\nand {change('y')}"
    refused = messages.refused(reason)
    return {
        "overridden": messages.overridden(refused, renamed(OVERRIDES, change), Sha("c" * 40)),
        "waiting": messages.waiting(runs, noon),
        "reading": messages.reading(ended),
        "waiting_for_base": messages.waiting_for_base(Sha("c" * 40), base),
        "deadline_passed": messages.deadline_passed(runs),
        "no_artifact": messages.no_artifact(ended, found, config, base),
        "never_reported": messages.never_reported(ended, found, config),
        "expired": messages.expired([change("cov"), change("lcov")]),
        "nothing_readable": messages.nothing_readable([problem]),
        "nothing_measured": messages.nothing_measured([change("a.xml")]),
        "no_path_matched": messages.no_path_matched([change("/x/a.py"), change("b.py")], wrong),
        "broken_config": messages.broken_config(reason, base),
        "diff_incomplete": messages.diff_incomplete(reason),
        "refused": refused,
        "unreachable": messages.unreachable(reason),
    }


@cache
def harmless_messages(place):
    told = every_message(place(HARMLESS))
    return {
        kind: {"comment": shape_of(one.comment), "summary": shape_of(one.page.summary)}
        for kind, one in told.items()
    }


def check_messages(name, place):
    shapes = harmless_messages(place)
    for kind, message in every_message(place(name)).items():
        texts = {"comment": message.comment, "summary": message.page.summary}
        compare(texts, shapes[kind])
        assert hidden_characters(message.page.title) == [], kind
        assert len(message.page.title) <= 255


@pytest.mark.parametrize("place", [before, after])
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_t6_no_name_in_a_message_is_markup_or_a_mention(name, place):
    """A fork's workflow or artifact would mail a whole organisation in the App's name."""
    check_messages(name, place)


@settings(max_examples=25, deadline=None)
@given(NAMES, st.sampled_from([before, after]))
def test_t6_no_message_that_nobody_thought_of_refers_to_anything(name, place):
    """There would be a trick between those that were thought of."""
    check_messages(name, place)


def test_t6_every_message_is_tried():
    """A new message would be the one place where a name is markup."""
    own = {"superseded", "internal_error", "no_group_base"}  # ids, numbers and nothing
    made = {name for name in messages.__all__ if name.islower()} - own
    assert made - set(every_message(after("x"))) == set()


@settings(max_examples=60, deadline=None)
@given(NAMES)
@example("deadbeef")
def test_t5_a_quoted_reason_is_plain_text(name):
    """What a report's reader quotes of a report would be markup in the check."""
    assert shape_of(f"- artifact: {plain(f'line 1: {name}')}.") == shape_of("- artifact: line 1.")
    assert shape_of(plain("a" + name)).elements == shape_of("a").elements
