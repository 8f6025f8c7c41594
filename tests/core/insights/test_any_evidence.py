"""Any evidence at all: no analysis may break on it, however odd it is."""

from __future__ import annotations

import json
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from worker.core.analysis import analyze
from worker.core.config import (
    Config,
    CriticalPath,
    Feature,
    Flow,
    Package,
    PointPattern,
)
from worker.core.diff import Diff, FileDiff
from worker.core.insights import LOOKS, look_into
from worker.core.junit import TestCase, TestRun
from worker.core.material import Material, Point, TestHistory, Threshold
from worker.core.model import MAX_LINE, FileCoverage, Function, Report, bitmap
from worker.core.numbers import Ratio
from worker.core.refs import Sha
from worker.core.render import Context, render_check, render_comment, render_json
from worker.core.render.snapshot import encode_snapshot
from worker.core.static import facts as static
from worker.core.verdict import Baseline, Inputs

HEAD, BASE = Sha("a" * 40), Sha("b" * 40)
PATHS = ["src/a.py", "src/b/é.py", "x", "tests/test_a.py", "tests/conftest.py", "a/T.java", "..."]
NAMES = ["", "test_a", "T::test_a", "::", ".", "é|`<b>", "A-1", "x" * 300, "tests/test_a.py"]
CONTEXTS = [
    "",
    "|",
    "tests/test_a.py::test_a|run",
    "tests/test_a.py::T::test_a[a|b]|run",
    "tests.test_a.test_a",
    "src/a.py::src.a",
    "[",
    "..",
    "é",
]
paths, names = st.sampled_from(PATHS), st.sampled_from(NAMES)
places = st.sampled_from([0, 1, 2, 3, 10, 70, MAX_LINE])
bits = st.sampled_from([0, 2, bitmap([1, 2, 3]), bitmap(range(1, 71)), bitmap([10, 70])])
counts = st.sampled_from([0, 1, 2, 10**18])
seconds = st.none() | st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(-1), Fraction(10**12)])
ratios = st.sampled_from([Ratio(), Ratio(0, 1), Ratio(1, 1), Ratio(1, 3), Ratio(10**18, 10**18)])
percents = st.none() | st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(100)])


def few(one, most=2):
    """Return some of them, as a tuple."""
    return st.lists(one, max_size=most).map(tuple)


def keyed(value, keys=paths):
    """Return a mapping with few keys."""
    return st.dictionaries(keys, value, max_size=3)


mocks = st.builds(static.Mock, places, names, names, st.booleans(), st.sampled_from(["", *PATHS]))
real = few(st.sampled_from(["database", "queue", "network", "http", "process", "files", "?"]))
tests = st.builds(
    static.TestFunction,
    names,
    places,
    places,
    few(st.builds(static.Assertion, places, names)),
    few(mocks),
    few(st.builds(static.Skip, places, names, names)),
    few(names),
    few(names),
    counts,
    real,
    few(names),
    st.booleans(),
    names,
    few(places),
)
fixtures = st.builds(
    static.Fixture, names, places, places, few(mocks), real, few(names), st.booleans(), names,
    st.booleans(), few(names), names,
)  # fmt: skip
kinds = ["sleep", "time", "random", "retry", "timeout", "shared-state", "fallback", "mock-class"]
kinds += ["side-effect", "doctest", "doctest-ignored", "?"]
file_facts = st.builds(
    static.FileFacts,
    st.sampled_from(static.Language),
    counts,
    few(tests),
    few(fixtures),
    few(st.builds(static.SourceFunction, names, places, places)),
    few(places).map(sorted).map(tuple),
    few(
        st.builds(
            static.SourcePoint,
            st.sampled_from(["route", "table", "topic", "queue", "call", "?"]),
            names,
            places,
            places,
            places,
            names,
        )
    ),
    few(st.builds(static.Finding, st.sampled_from(kinds), places, names)),
    few(names),
    few(st.tuples(st.sampled_from(["SECURITY-002", "A-1", "PERF-1"]), places)),
    few(st.builds(static.Helper, names, places, st.booleans(), few(mocks), real, few(names))),
    st.booleans(),
    few(st.tuples(st.sampled_from(["bus.emit(a)", "", "(", "a.b.c", "é(*)"]), places)),
)


@st.composite
def coverage(draw):
    """Return what a report may say of a file: bitmaps that hold together, the rest odd."""
    measured = draw(bits)
    hit = draw(bits) & measured
    functions = draw(few(st.builds(Function, places, names, counts, st.none() | places)))
    contexts = draw(st.dictionaries(st.sampled_from(CONTEXTS), bits.filter(bool), max_size=4))
    return FileCoverage(
        draw(paths),
        measured,
        hit,
        draw(bits) & hit,
        functions=tuple(sorted({(one.line, one.name): one for one in functions}.values())),
        contexts=tuple(sorted(contexts.items())),
    )


reports = st.lists(coverage(), max_size=4).map(Report.of)
cases = st.builds(
    TestCase,
    st.sampled_from([*NAMES, "tests.test_a::test_a"]),
    names,
    st.sampled_from(["", "tests.test_a", "tests.test_a.T", "é"]),
    st.sampled_from(["", *PATHS]),
    seconds,
    st.sampled_from(["passed", "failed", "error", "skipped"]),
    names,
    counts,
)
runs = few(cases, 4).map(lambda found: TestRun().merge(TestRun(found)))
diffs = st.lists(
    st.builds(
        FileDiff,
        paths,
        st.none() | paths,
        bits,
        bits,
        st.sampled_from(["added", "removed", "modified", "renamed", "copied", "changed"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=4,
).map(Diff.of)
days = st.integers(0, 4_000).map(lambda day: date(2020, 1, 1) + timedelta(day))
history = few(
    st.builds(
        Point, st.just(BASE), days, ratios, keyed(ratios, names), st.none() | counts,
        st.none() | counts, seconds, st.none() | counts, st.none() | counts, st.none() | ratios,
        percents,
    ),
    5,
).map(lambda found: tuple(sorted(found, key=lambda point: point.day)))  # fmt: skip
materials = st.builds(
    Material,
    st.none() | st.frozensets(paths),
    keyed(file_facts),
    keyed(file_facts),
    st.none() | keyed(counts),
    history,
    few(st.builds(TestHistory, names, counts, counts, st.none() | days)),
    few(st.builds(Threshold, paths, places, names, st.sampled_from([Fraction(64)]), st.booleans())),
    st.none() | days,
)
GLOBS = (("**",), ("src/**",), ("nothing",))
globs = st.sampled_from(GLOBS)
flags = st.sampled_from(["unit", "integration", ""])
configs = st.builds(
    Config,
    packages=few(
        st.builds(Package, names, globs, percents, percents, st.none() | flags, real=percents),
        2,
    ),
    critical=few(st.builds(CriticalPath, names, globs, percents, st.none() | flags, real=percents)),
    features=few(st.builds(Feature, names, globs, globs | st.just(("**::test_*",)))),
    points=few(st.builds(PointPattern, names, st.sampled_from(["*", "bus.emit(*)", "**", "a"]))),
    flows=few(
        st.builds(
            Flow,
            names,
            few(st.sampled_from(["src/**", "src/a.py::test_a", "**::"]), 3),
            st.booleans(),
        )
    ),
    identifiers=st.none() | few(st.sampled_from(["SECURITY", "A"])),
)
baselines = st.none() | st.builds(
    Baseline, st.just(BASE), counts, reports, keyed(reports, flags), runs
)
evidences = st.builds(
    Inputs,
    reports,
    diffs,
    configs,
    baselines,
    flags=keyed(reports, flags),
    tests=runs,
    suites=keyed(runs, flags),
    run_failed=st.booleans(),
    incomplete=st.booleans(),
    material=materials,
)


@settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # evidence this large shrinks for minutes
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(evidences)
def test_no_analysis_breaks(inputs):
    """One odd report, and an analysis would say that Covgate is broken."""
    evidence = analyze(inputs).evidence
    for one in LOOKS:
        one.look(evidence)
    assert not [insight.defect for insight in look_into(evidence) if insight.defect]
    verdict, context = analyze(inputs), Context(HEAD, BASE, "main")
    render_check(verdict, context)
    render_comment(verdict, context)
    json.loads(render_json(verdict, context))
    encode_snapshot(verdict)
