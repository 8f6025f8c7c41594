"""How what the analyses found is shown: every kind of cell, in every kind of text."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import get_args

import pytest

from tests.core.test_render import CONTEXT, verdict_of
from tests.support.gfm import shape_of
from worker.core.insight import (
    Cell,
    Code,
    Insight,
    Number,
    Place,
    Points,
    Risk,
    Seconds,
    Table,
)
from worker.core.model import bitmap
from worker.core.numbers import Ratio
from worker.core.render import render_check, render_comment, render_json, render_terminal
from worker.core.render.insights import insight_data, insight_page, insight_section
from worker.core.results import GateResult, Outcome

LINK = f"https://github.com/octo/humanize/blob/{CONTEXT.head}/src/a.py"
CELLS = [
    ("our own | *words*", r"our own \\\| \*words\*", "our own | *words*"),
    (1234, "1,234", 1234),
    (None, "–", None),
    ((), "–", []),
    (Code("a|`b`"), r"`` a\|`b` ``", "a|`b`"),
    (Place("src/a.py"), f"[`src/a.py`]({LINK})", {"path": "src/a.py", "lines": []}),
    (
        Place("src/a.py", bitmap([3, 5, 6])),
        f"[`src/a.py`]({LINK}) [3]({LINK}#L3) · [5–6]({LINK}#L5-L6)",
        {"path": "src/a.py", "lines": [[3, 3], [5, 6]]},
    ),
    (
        Place("src/a.py", bitmap([3]), named=False),
        f"[3]({LINK}#L3)",
        {"path": "src/a.py", "lines": [[3, 3]]},
    ),
    (Place("src/a.py", 0, named=False), "–", {"path": "src/a.py", "lines": []}),
    (Seconds(Fraction(401, 100)), "4.01 s", {"seconds": "401/100"}),
    (Seconds(None), "–", {"seconds": None}),
    (Points(Fraction(-3)), "−3.00 points", {"points": -3}),
    (Points(Fraction(1, 3)), "+0.33 points", {"points": "1/3"}),
    (Number(Fraction(185, 100)), "1.85", "37/20"),
    (Number(1440), "1,440", 1440),
    (Number(Fraction(-1, 8), signed=True), "−0.13", "-1/8"),
    (Number(3, signed=True), "+3", 3),
    (Number(0, signed=True), "±0", 0),
    (Number(None), "–", None),
    (Ratio(2, 3), "66.66 %, 2 of 3", {"covered": 2, "total": 3, "percent": 66.66}),
    (Ratio(), "–", {"covered": 0, "total": 0, "percent": None}),
    (Risk.CRITICAL, "🔴 CRITICAL", "critical"),
    (Risk.LOW, "🟢 LOW", "low"),
    (("uses", Code("patch"), 2), "uses, `patch`, 2", ["uses", "patch", 2]),
    (tuple(map(Code, "abcdefghij")), "`a`, `b`, `c`, `d`, `e`, `f`, `g`, `h` and 2 more",
     list("abcdefghij")),
]  # fmt: skip


def insight(*cells: Cell, **more) -> Insight:
    """Return an analysis with a table of one column."""
    table = Table(("found",), tuple((cell,) for cell in cells), "A table")
    return Insight("probe", "Probe", "1 thing & <more>", (table,), **more)


def verdict(*insights: Insight):
    """Return a verdict on a change of src/a.py, with no other insights than these."""
    verdict = verdict_of("src/a.py\n+ 9 x hit\n+ 8 x miss", None)
    return replace(verdict, look=lambda _evidence: insights)


@pytest.mark.parametrize(("cell", "shown", "data"), CELLS, ids=range(len(CELLS)))
def test_every_kind_of_cell_has_its_text_and_its_exact_value(cell, shown, data):
    """A duration would read as a count, or a program would get a rounded number."""
    of = verdict(insight(cell))
    assert f"\n| {shown} |\n" in insight_page(of, CONTEXT, budget=9_000)
    assert insight_data(of)[0]["tables"][0]["rows"] == [[data]]


def test_every_kind_of_cell_is_tried():
    """A new kind of cell would end every check with an error."""
    kinds = {getattr(kind, "__origin__", kind) for kind in get_args(Cell)}
    assert kinds == {type(cell) for cell, _, _ in CELLS}


def test_all_texts_tell_of_an_analysis():
    """`covgate check`, the check and programs would know less than the comment."""
    of = verdict(insight(Place("src/a.py"), advice=("Write *one* test.",)))
    comment = render_comment(of, CONTEXT)
    assert "<details><summary>Probe: 1 thing &amp; &lt;more&gt;</summary>" in comment
    assert r"- Write \*one\* test." in comment
    assert "### Analyses\n\n<details><summary>Probe" in render_check(of, CONTEXT).text
    assert "\nProbe: 1 thing & <more>\n" in render_terminal(of, CONTEXT)
    (told,) = json.loads(render_json(of, CONTEXT))["insights"]
    assert told == {
        "name": "probe",
        "title": "Probe",
        "summary": "1 thing & <more>",
        "tables": [
            {
                "title": "A table",
                "columns": ["found"],
                "rows": [[{"path": "src/a.py", "lines": []}]],
                "more_rows": 0,
            }
        ],
        "advice": ["Write *one* test."],
    }


def test_the_comment_has_the_changes_own_rows_alone():
    """A reviewer would look for his file among those of the whole project."""
    of = verdict(insight(Place("src/z.py"), Place("src/a.py"), Code("src/z.py")))
    comment = insight_section(of, CONTEXT, budget=9_000)
    assert "src/a.py" in comment
    assert "src/z.py" not in comment
    assert "more row" not in comment, "those are none of his"
    page = insight_page(of, CONTEXT, budget=9_000)
    assert page.index("src/a.py") < page.index("src/z.py")


def test_of_a_large_file_the_comment_has_what_the_change_adds():
    """One corrected line would be answered by all that its file was guilty of before."""
    new, old = Place("src/a.py", bitmap([8])), Place("src/a.py", bitmap([700]))
    comment = insight_section(verdict(insight(old, new, relevant=True)), CONTEXT, budget=9_000)
    assert "#L8" in comment
    assert "#L700" not in comment
    comment = insight_section(verdict(insight(old, relevant=True)), CONTEXT, budget=9_000)
    assert "#L700" in comment, "something of it is worse, and no added line says what"


def test_the_comment_tells_nothing_twice():
    """The same file would stand in two tables, one below the other."""
    rows = ((Place("src/a.py"),),)
    tables = (Table(("file",), rows, "New"), Table(("file",), rows, "All"))
    of = verdict(Insight("probe", "Probe", "1", tables, relevant=True))
    comment = insight_section(of, CONTEXT, budget=9_000)
    assert "**New**" in comment
    assert "**All**" not in comment


def test_what_fails_without_the_changes_doing_is_proven_and_no_more():
    """A corrected document would be answered by a page about mocks elsewhere."""
    failed = GateResult("real", Outcome.FAIL, "too little", "1", "2", blocking=True)
    proof = Table(("path", "covered"), ((Code("payments"), 1),), "Proof")
    old, totals = ((Place("src/z.py"),),), (("all", 3),)
    tables = (
        Table(("lines", "number"), totals, "Totals", aside=True),
        Table(("file",), old, "Files", aside=True),
        proof,
    )
    calm = Insight("probe", "Probe", "1", tables, (failed,), relevant=False)
    comment = insight_section(verdict(calm), CONTEXT, budget=9_000)
    assert "<summary>Probe: too little</summary>" in comment
    assert "**Proof**" in comment
    assert "Totals" not in comment
    assert "Files" not in comment


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (insight(Place("src/a.py")), True),
        (insight((1, Code("src/a.py"))), True),
        (insight(Place("src/z.py")), False),
        (insight(Place("src/a.py"), relevant=False), False),
        (insight(Place("src/z.py"), relevant=True), True),
        (insight(7, relevant=True), True),
    ],
)
def test_the_comment_tells_what_concerns_the_change(found, shown):
    """Every pull request would be told of gaps that it has nothing to do with."""
    assert bool(insight_section(verdict(found), CONTEXT, budget=9_000)) is shown


def test_a_failure_comes_first_and_whole():
    """The reason why a check fails would be cut off by what merely is good to know."""
    failing = GateResult("probe", Outcome.FAIL, "too slow", "1", "0")
    fails = replace(insight(Place("src/z.py"), results=(failing,)), title="Fails")
    section = insight_section(verdict(insight(Place("src/a.py")), fails), CONTEXT, budget=9_000)
    assert section.index("Fails") < section.index("Probe")
    assert "src/z.py" in section


def test_the_comment_has_six_folds_at_most():
    """Five seconds would not do for a comment with twenty headings."""
    many = [replace(insight(Place("src/a.py")), title=f"Title {n}") for n in range(8)]
    section = insight_section(verdict(*many), CONTEXT, budget=9_000)
    assert section.count("<details>") == 6
    assert section.endswith("In the check, too: Title 6, Title 7.")


def test_what_does_not_fit_is_counted():
    """GitHub would refuse a check with a long table, or a row would be missing unseen."""
    rows = tuple((Place(f"src/{'deep/' * 40}{n}.py"),) for n in range(400))
    table = Table(("file",), rows, shown=400)
    many = verdict(*(Insight(f"n{n}", f"N{n}", "x", (table,)) for n in range(40)))
    page = insight_page(many, CONTEXT, budget=20_000)
    assert len(page.encode()) <= 20_100
    assert "more rows." in page
    assert "more analyses." in page
    assert len(render_check(many, CONTEXT).text.encode()) <= 65_000
    (data, *_) = insight_data(many)
    assert (len(data["tables"][0]["rows"]), data["tables"][0]["more_rows"]) == (200, 200)


def test_an_analysis_without_a_table_is_a_line():
    """An empty table would stand where there is nothing to show."""
    of = verdict(Insight("probe", "Probe", "nothing", (Table(("a",), ()),)))
    page = insight_page(of, CONTEXT, budget=9_000)
    assert page == "### Analyses\n\n<details><summary>Probe: nothing</summary>\n\n\n\n</details>"


@pytest.mark.parametrize("name", ["</summary><b>", "@octo/team #1 https://e.example", "\n\n# x"])
def test_no_words_of_an_analysis_are_markup(name):
    """A test's name in a sentence would mail a team, or end the fold."""
    table = Table((f"a{name}",), ((f"a{name}",), (Code(name),)), "t")
    found = Insight("n", f"a{name}", f"a{name}", (table,), advice=(f"a{name}",))
    harmless = Insight("n", "a", "a", (Table(("a",), (("a",), (Code("x"),)), "t"),), advice=("a",))
    pages = [insight_page(verdict(one), CONTEXT, budget=9_000) for one in (found, harmless)]
    assert shape_of(pages[0]) == shape_of(pages[1])
