"""What the analyses of one verdict cost: CPU seconds of each, and memory. Run by hand.

    python -m benchmarks.analyses [--size usual|large|lines] [--most 10]

A made-up project with packages, critical paths, features, flows, patterns of points, flags,
JUnit tests, churn and a baseline; its pull request changes thirty files. Every test reaches
twenty files in bodies of its own choice, and five files are reached by all of them, as settings
and base classes are. Reading the tests' source is another benchmark (`benchmarks.static`).
"""

from __future__ import annotations

import argparse
import gc
import resource
import time
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

from benchmarks.static import make
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
from worker.core.insights._contexts import contexts_of
from worker.core.insights._tests import base_tests_of, joined_tests, types_of
from worker.core.junit import TestCase, TestRun
from worker.core.material import Material
from worker.core.model import FileCoverage, Report
from worker.core.refs import Sha
from worker.core.render import Context, render_check, render_comment, render_json
from worker.core.render.snapshot import encode_snapshot
from worker.core.replay import encode_replay
from worker.core.static import read_facts
from worker.core.static.facts import FileFacts, Finding, Language, SourceFunction, SourcePoint
from worker.core.verdict import Baseline, Inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.core.verdict import Evidence

MOST = 3.0
"""CPU seconds for all analyses of the size "large"."""
HEAD, BASE = Sha("a" * 40), Sha("b" * 40)
FOLDERS, CENTRAL, REACHED, CHANGED = 40, 5, 20, 30
SHARED: tuple[tuple[str, Callable[[Evidence], object]], ...] = (
    ("shared: tests and contexts", contexts_of),
    ("shared: tests of the base", base_tests_of),
    ("shared: tests of JUnit", joined_tests),
    ("shared: types of tests", types_of),
)
"""What several analyses ask for, and the first of them would be charged with."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a project is."""

    files: int
    lines: int
    """Of each file."""
    tests: int
    contexts: bool = True


SIZES = {
    "usual": Size(files=200, lines=150, tests=2_000),
    "large": Size(files=2_000, lines=150, tests=10_000),
    "lines": Size(files=20_000, lines=250, tests=0, contexts=False),
}


def draw(size: Size) -> Inputs:
    """Return what a verdict on such a project is made from."""
    random = Random(7)
    suite = {path: read_facts(path, data) for path, data in make(size.tests).items()}
    names = [f"{path}::{test.name}" for path in suite for test in suite[path].tests]
    paths = [f"src/part{n % FOLDERS}/module_{n}.py" for n in range(size.files)]
    bodies = [(at, at + 9) for at in range(5, size.lines - 10, 12)]
    contexts = _contexts(random, paths, names if size.contexts else [], bodies)
    measured = _span(1, size.lines)
    files = []
    for path in paths:
        hit = _outside(bodies, size.lines)
        for first, last in bodies:
            hit |= _span(first, last) if random.random() < 0.7 else 0
        own = tuple(sorted(contexts.get(path, {}).items()))
        for _, lines in own:
            hit |= lines
        files.append(FileCoverage(path, measured, hit, contexts=own))
    report = Report.of(files)
    run = _run(random, names)
    diff = Diff.of(
        FileDiff(path, path, _span(20, 60), _span(20, 50), "modified")
        for path in (*paths[:CHANGED], *list(suite)[2:8])
    )
    facts = {path: _facts(n, bodies, size.lines) for n, path in enumerate(paths)}
    other = Report.of(replace_hit(file, file.hit & ~_span(30, 45)) for file in files)
    return Inputs(
        report,
        diff,
        _config(),
        Baseline(BASE, 0, Report.of(replace_hit(file, file.hit) for file in files), tests=run),
        flags={"integration": other, "unit": report},
        tests=run,
        suites={"unit": run},
        material=Material(
            paths=frozenset((*paths, *suite)),
            facts={**suite, **facts},
            base_facts={path: ({**suite, **facts})[path] for path in diff.files},
            churn={path: n % 17 for n, path in enumerate(paths)},
            today=date(2026, 1, 1),
        ),
    )


def replace_hit(file: FileCoverage, hit: int) -> FileCoverage:
    """Return the same lines without contexts, of which others were run."""
    return FileCoverage(file.path, file.measured, hit)


def _span(first: int, last: int) -> int:
    return (2 << last) - (1 << first)


def _outside(bodies: list[tuple[int, int]], lines: int) -> int:
    inside = 0
    for first, last in bodies:
        inside |= _span(first + 1, last)
    return _span(1, lines) & ~inside


def _contexts(
    random: Random, paths: list[str], names: list[str], bodies: list[tuple[int, int]]
) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    spans = [_span(first + 1, last) for first, last in bodies]
    for name in names:
        for path in {*random.sample(paths, REACHED), *paths[:CENTRAL]}:
            found.setdefault(path, {})[f"{name}|run"] = random.choice(spans) | random.choice(spans)
    return found


def _run(random: Random, names: list[str]) -> TestRun:
    cases = []
    for name in names:
        path, _, own = name.partition("::")
        group, _, test = own.rpartition("::")
        classname = ".".join(filter(None, [path.removesuffix(".py").replace("/", "."), group]))
        duration = Fraction(random.randrange(1, 900), 1_000)
        cases.append(TestCase(f"{classname}::{test}", test, classname, "", duration, "passed"))
    return TestRun(tuple(sorted(cases, key=lambda case: case.id)))


def _facts(number: int, bodies: list[tuple[int, int]], lines: int) -> FileFacts:
    """Return what a source file tells: a point, effects and calls in each function."""
    functions = tuple(
        SourceFunction(f"Service{number}.act_{at}", first, last)
        for at, (first, last) in enumerate(bodies)
    )
    effects = tuple(Finding("side-effect", first + 5, "self.bus.publish()") for first, _ in bodies)
    points = (
        SourcePoint("table", f"table_{number}", 3, named=f"Table{number}"),
        SourcePoint("route", f"GET /things/{number}", 4, named="act_0"),
        SourcePoint("call", "https://api.example.org", bodies[0][0] + 3, *bodies[0]),
    )
    calls = tuple(
        (f"session.query(Table{(number + at) % 2_000})", first + 4)
        if at % 2
        else (f"self.bus.emit(event.{at})", first + 6)
        for at, (first, _) in enumerate(bodies)
    )
    return FileFacts(
        Language.PYTHON,
        lines,
        functions=functions,
        errors=tuple(first + 8 for first, _ in bodies),
        points=points,
        findings=effects,
        imports=("json", f"src.part{number % FOLDERS}.module_{number + 1}"),
        calls=tuple(sorted(calls, key=lambda call: call[1])),
    )


def _config() -> Config:
    parts = [f"src/part{n}/**" for n in range(FOLDERS)]
    return Config(
        packages=tuple(
            Package(f"part {n}", (path,), target=Fraction(90)) for n, path in enumerate(parts)
        ),
        critical=(CriticalPath("payments", tuple(parts[:2]), real=Fraction(10)),),
        features=tuple(
            Feature(f"feature {n}", (path,), tests=(f"tests/part{n % 20}/**",))
            for n, path in enumerate(parts)
        ),
        points=(PointPattern("event", "bus.emit(*)"),),
        flows=tuple(
            Flow(f"flow {n}", (f"src/part{n}/module_{n}.py::act_1", f"src/part{n + 1}/**"))
            for n in range(5)
        ),
    )


def _measure(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Print what each step takes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", choices=sorted(SIZES), default="large")
    parser.add_argument("--most", type=int, default=10, help="of the analyses, the dearest")
    options = parser.parse_args()
    inputs = draw(SIZES[options.size])
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{options.size}: {SIZES[options.size]}")
    verdict = None

    def judge() -> None:
        nonlocal verdict
        verdict = analyze(replace(inputs, config=replace(inputs.config, critical=())))

    print(f"{_measure(judge):7.2f} s  gates")
    assert verdict is not None
    evidence, context = verdict.evidence, Context(HEAD, BASE, "main")
    took = [(_measure(lambda make=make: make(evidence)), name) for name, make in SHARED]  # type: ignore[misc]
    took += [(_measure(lambda one=one: one.look(evidence)), one.name) for one in LOOKS]  # type: ignore[misc]
    whole = sum(seconds for seconds, _ in took)
    for seconds, name in sorted(took, reverse=True)[: options.most]:
        print(f"{seconds:7.2f} s  {name}")
    print(f"{whole:7.2f} s  all analyses of {MOST:.0f} s")
    look_into(evidence)
    for name, work in (
        ("check", lambda: render_check(verdict, context)),
        ("comment", lambda: render_comment(verdict, context)),
        ("JSON", lambda: render_json(verdict, context)),
        ("snapshot", lambda: encode_snapshot(verdict)),
        ("inputs kept", lambda: encode_replay(inputs, context)),
        ("insights once more", lambda: look_into(evidence)),
    ):
        print(f"{_measure(work):7.2f} s  {name}")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{before / 1e3:7.0f} MB before, {after / 1e3:,.0f} MB at the peak")


if __name__ == "__main__":
    main()
