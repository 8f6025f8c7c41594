"""The document of `covgate report`: in the shape of those that teams write by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from tests.core.insights.test_gaps import EVENTS, SHOP
from tests.support.gfm import shape_of
from tests.support.hostile import HARMLESS, HOSTILE, compare
from worker.core.analysis import analyze
from worker.core.diff import Diff
from worker.core.insight import Code, Insight, Place, Table
from worker.core.insights import LOOKS
from worker.core.junit import TestCase, TestRun
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.numbers import Ratio
from worker.core.refs import Sha
from worker.core.render import Context, Source
from worker.core.render.report import SECTIONS, About, render_report, render_report_json
from worker.core.verdict import Inputs, Verdict

HEAD = Sha("a1b2c3d" + "0" * 33)
CONTEXT = Context(
    head=HEAD,
    merge_base=HEAD,
    base_ref="",
    sources=(
        Source("", "coverage-unit.xml", "cobertura", 8, "unit"),
        Source("", "coverage/lcov.info", "lcov", 3),
    ),
    notes=("clover.xml was left out: lcov.info beside it is of the same files",),
)
ABOUT = About("shop", datetime(2026, 1, 10, 7, 9, tzinfo=UTC), CONTEXT)
RUN = TestRun(
    tuple(
        TestCase(f"t::{name}", name, "t", "", Fraction(seconds), outcome)
        for name, seconds, outcome in (
            ("adds", 2, "passed"), ("charges", 61, "failed"), ("refunds", 0, "skipped"),
        )
    )
)  # fmt: skip


def verdict(inputs, *insights):
    judged = analyze(inputs)
    if not insights:
        return judged
    return Verdict(judged.evidence, judged.results, lambda _evidence: insights)


def only(*names):
    """Return what keeps some analyses of a verdict: others are added every week."""

    def look(of):
        found = tuple(one for one in of.insights if one.name in names)
        return Verdict(of.evidence, of.results, lambda _evidence: found)

    return look


SHOWN = only("risk", "goals", "test_types", "under_tested", "untested_files", "strengths")


def headings(text):
    return [line for line in text.splitlines() if line.startswith("#")]


@pytest.mark.parametrize(
    ("name", "inputs"),
    [("events", Inputs(EVENTS, Diff())), ("shop", replace(SHOP, diff=Diff(), tests=RUN))],
)
def test_a_document_is_as_it_was_read_and_approved(name, inputs, golden):
    """A team would get a document that nobody has compared with the ones made by hand."""
    golden(f"report/{name}.md", render_report(SHOWN(verdict(inputs)), ABOUT))


def test_every_analysis_of_the_product_has_a_section_of_its_own():
    """The newest one would be found at the end, under "further"."""
    named = [name for _, names in SECTIONS for name in names]
    assert len(set(named)) == len(named)
    assert {one.name for one in LOOKS} - set(named) == {"test_changes"}, "it is of a change"


def test_an_unknown_analysis_is_shown_all_the_same():
    """Whoever adds one would not see it, or the document would end with an error."""
    probe = Insight("probe", "Probe", "1 thing", (Table(("file",), ((Code("a.py"),),)),))
    strong = Insight("strengths", "Strengths", "above 90 %: 1 of 2 files")
    text = render_report(verdict(Inputs(EVENTS, Diff()), strong, probe), ABOUT)
    assert headings(text)[:6] == [
        "# Coverage gap analysis: shop", "## 1. Summary", "## 2. Further analyses", "### Probe",
        "## 3. Strengths", "## 4. What to test first",
    ]  # fmt: skip


def test_all_rows_are_shown_and_empty_columns_are_not():
    """The file that somebody looks for would be in "… and 90 more rows"."""
    rows = tuple((Place(f"a{n}.py"), Ratio(), 0, None) for n in range(100))
    many = Insight(
        "risk", "Risk", "100", (Table(("file", "new code", "in the change", "x"), rows),)
    )
    text = render_report(verdict(Inputs(EVENTS, Diff()), many), ABOUT)
    assert "| file |\n" in text
    assert text.count("| `a") == 100


def test_what_is_tested_well_has_no_list():
    """A team without gaps would be sent looking for some."""
    report = Report.of([FileCoverage("a.py", bitmap([1, 2]), bitmap([1, 2]))])
    text = render_report(verdict(Inputs(report, Diff())), ABOUT)
    assert "coverage of 100.00 % reaches the target of 80 %" in text
    assert text.endswith("No file is at medium risk or worse: nothing is urgent.\n")


def test_programs_get_the_same_with_exact_numbers():
    """A script would have to read Markdown."""
    of = verdict(Inputs(EVENTS, Diff()))
    told = json.loads(render_report_json(of, replace(ABOUT, package="lib", changed=True)))
    assert told["made"] == "2026-01-10T07:09:00+00:00"
    assert (told["package"], told["changed"], told["head"]) == ("lib", True, HEAD)
    assert told["project"]["total"] == EVENTS.lines.total
    first = told["gaps"][0]
    assert first["file"] == "lib/events/publisher.py"
    assert (first["priority"], first["risk"], first["effort"]) == (1, "critical", 168)
    assert first["lines"] == [[1, 168]]
    assert {one["name"] for one in told["insights"]} >= {"risk", "goals", "strengths"}
    assert told["notes"] == list(CONTEXT.notes)


def named(name):
    """Return a document in which everything that a stranger may name has this name."""
    file = FileCoverage(f"src/{name}", bitmap(range(1, 30)), 0)
    context = replace(CONTEXT, sources=(Source("", name, "lcov", 1, name),), notes=(f"see {name}",))
    about = About(f"a{name}", ABOUT.made, context, name)
    return render_report(SHOWN(verdict(Inputs(Report.of([file]), Diff()))), about)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_out_of_the_document(name):
    """A file's name would become a heading, a link or a tag of the document."""
    compare({"report": named(name)}, {"report": shape_of(named(HARMLESS))})
