"""A verdict's inputs as a file: the same verdict comes out of it, byte for byte."""

from __future__ import annotations

import re
import sys
import zlib
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from typing import Literal, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.reports import reports
from tests.core.test_render import CASES
from worker.core import replay
from worker.core.analysis import analyze
from worker.core.config import DEFAULT_CONFIG, Config, CriticalPath, Package, Partial, ProjectRule
from worker.core.diff import Diff, FileDiff
from worker.core.errors import CovgateError
from worker.core.junit import TestCase, TestRun
from worker.core.material import Material
from worker.core.model import FileCoverage, Report, bitmap
from worker.core.numbers import Ratio
from worker.core.refs import Sha
from worker.core.render import Context, Source, render_comment, render_json
from worker.core.replay import decode_replay, encode_replay
from worker.core.static import read_facts
from worker.core.verdict import Baseline, Inputs

CONTEXT = Context(Sha("a" * 40), Sha("b" * 40), "main", sources=(Source("c", "l", "lcov", 1),))
TEXTS = st.text(st.characters(), max_size=5)
BITMAPS = st.sets(st.integers(1, 90)).map(bitmap)
DIFFS = st.lists(
    st.builds(
        FileDiff,
        st.sampled_from(["a.py", "b.py", "ü/\udc80.py"]),
        st.sampled_from(["a.py", "b.py", None]),
        BITMAPS,
        BITMAPS,
        st.sampled_from(["modified", "renamed", "removed"]),
        patch=TEXTS,
    )
).map(Diff.of)
CONFIGS = st.builds(
    Config,
    ignore=st.lists(st.sampled_from(["a*", "**/b.py"])).map(tuple),
    partial=st.sampled_from(Partial),
    project=st.builds(
        ProjectRule, st.fractions(0, 100), st.none(), st.booleans(), st.fractions(0, 9)
    ),
    packages=st.lists(
        st.builds(Package, TEXTS.filter(bool), st.just(("**",)), st.fractions(0, 100)), max_size=2
    ).map(tuple),
    critical=st.just((CriticalPath("all", ("**",)),)),
)
TESTS = st.lists(
    st.builds(TestCase, TEXTS, TEXTS, TEXTS, TEXTS, st.none() | st.fractions(0, 9),
              st.sampled_from(["passed", "failed"])),
    max_size=2,
).map(lambda cases: TestRun(tuple(cases)))  # fmt: skip


@st.composite
def inputs(draw: st.DrawFn) -> Inputs:
    """Draw what a verdict may be made from."""
    head, base = draw(reports()), draw(reports())
    baseline = Baseline(Sha("b" * 40), draw(st.integers(0, 9)), base, {"unit": base})
    return Inputs(
        head,
        draw(DIFFS),
        draw(CONFIGS),
        draw(st.none() | st.just(baseline)),
        draw(TEXTS),
        draw(st.just({}) | st.just({"unit": head})),
        draw(TESTS),
        best=draw(st.none() | st.just(Ratio(1, 3))),
        run_failed=draw(st.booleans()),
    )


@given(inputs(), TEXTS)
@settings(deadline=None, max_examples=60)
def test_the_same_verdict_comes_out(made: Inputs, note: str) -> None:
    """A verdict that somebody doubts could not be checked, or another one would be."""
    context = replace(CONTEXT, notes=(note.encode("utf-8", "replace").decode(),))
    verdict = analyze(made)
    # What the server keeps is counted as configured already.
    kept = encode_replay(verdict.evidence.inputs, context)
    again, shown = decode_replay(kept)
    assert shown == context
    assert again == verdict.evidence.inputs
    assert encode_replay(again, shown) == kept
    assert json_of(again, shown) == json_of(made, context)


def json_of(made: Inputs, context: Context) -> bytes:
    return render_json(analyze(made), context).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("name", CASES)
def test_whatever_is_shown_survives(name: str) -> None:
    """The replayed comment would leave out what the pull request's has."""
    verdict, context = CASES[name]
    again, shown = decode_replay(encode_replay(verdict.evidence.inputs, context))
    assert render_comment(analyze(again), shown) == render_comment(verdict, context)
    assert render_json(analyze(again), shown) == render_json(verdict, context)


def test_contexts_survive() -> None:
    """Which test lost a line could not be told any more."""
    file = FileCoverage("a.py", 6, 6, contexts=(("test_a|run", 2), ("test_b|run", 6)))
    made = Inputs(Report.of([file]), Diff(), DEFAULT_CONFIG)
    (again,) = decode_replay(encode_replay(made, CONTEXT))[0].report
    assert again == file


def test_a_report_is_written_once() -> None:
    """A project with one flag would take twice the room for nothing."""
    report = Report.of([FileCoverage(f"{n}.py", bitmap(range(1, 99)), 2) for n in range(99)])
    once = encode_replay(Inputs(report, Diff(), DEFAULT_CONFIG), CONTEXT)
    twice = encode_replay(Inputs(report, Diff(), flags={"unit": report}), CONTEXT)
    assert len(twice) < len(once) + 50


def test_every_part_of_the_inputs_can_be_written() -> None:
    """A new field's class would make every verdict fail when it is kept."""
    known, seen = replay._kinds(), set()
    others = {"Fraction", "Literal", "Mapping", "None", "Range", "Report", "Sha", "True", "False"}
    left = {"Inputs", "Context"}
    while left:
        name = left.pop()
        assert name in known, f"worker/core/replay.py has to know where {name} is"
        seen.add(name)
        for annotation in annotations(known[name]):
            named = set(re.findall(r"\b[A-Z]\w+", annotation))
            left |= named - seen - others - literals(known[name])
    assert {"Inputs", "Config", "FileDiff", "Source", "Override", "TestCase"} <= seen


def annotations(kind: type) -> list[str]:
    """Return the types of a class's fields as they are written."""
    if issubclass(kind, msgspec.Struct):
        return [str(one) for one in kind.__annotations__.values()]
    return [str(one.type) for one in fields(kind) if one.init] if is_dataclass(kind) else []


def literals(kind: type) -> set[str]:
    """Return the names in a class's module that stand for plain values: `Outcome` of junit."""
    names = vars(sys.modules[kind.__module__])
    return {name for name, one in names.items() if get_origin(one) is Literal}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no file that"),
        (b"PK\3\4", "no file that"),
        (b"covgate replay\x09", "another version"),
        (b"covgate replay\x01", "damaged"),
        (b"covgate replay\x01" + zlib.compress(b"\xc1"), "damaged"),
        (b"covgate replay\x01" + zlib.compress(b"\x92\x92\x01\x02\x90"), "something else"),
        (b"covgate replay\x01" + zlib.compress(b"\x92\x81\xa0\xa5Popen\x90"), "newer Covgate"),
    ],
)
def test_another_file_is_refused_in_one_line(data: bytes, reason: str) -> None:
    """A mistyped name would end in a traceback, or a stranger's file in more than that."""
    with pytest.raises(CovgateError, match=reason):
        decode_replay(data)


@given(st.binary(max_size=20), st.integers(0, 400), st.integers(0, 400))
@settings(deadline=None, max_examples=60)
def test_damage_is_noticed(noise: bytes, start: int, length: int) -> None:
    """Half a file would make another verdict."""
    verdict, context = CASES["first"]
    kept = encode_replay(verdict.evidence.inputs, context)
    broken = kept[:start] + noise + kept[start + length :]
    if broken == kept:
        return
    with pytest.raises(CovgateError):
        decode_replay(broken)


def test_an_older_file_has_the_defaults_of_what_it_does_not_know() -> None:
    """After an update, no stored verdict could be looked at."""
    made = Inputs(Report.of([FileCoverage("a.py", 2, 2)]), Diff(), DEFAULT_CONFIG)
    kept = encode_replay(made, CONTEXT)
    assert b"flapping" not in zlib.decompress(kept[len(replay._MAGIC) :])
    assert decode_replay(kept)[0].config == DEFAULT_CONFIG
    assert Fraction(60) == decode_replay(kept)[0].config.new_code.minimum


def test_what_files_tell_is_packed() -> None:
    """Thousands of files would take seconds and megabytes at each verdict."""
    told = read_facts("tests/test_a.py", b"def test_a(db):\n    assert db\n")
    material = Material(paths=frozenset({"tests/test_a.py"}), facts={"tests/test_a.py": told})
    kept = encode_replay(Inputs(Report.of([]), Diff(), material=material), CONTEXT)
    assert decode_replay(kept)[0].material == material
    packed = msgspec.msgpack.encode(told)
    data = zlib.decompress(kept[len(replay._MAGIC) :])
    with pytest.raises(CovgateError, match="damaged"):
        decode_replay(replay._MAGIC + zlib.compress(data.replace(packed, b"\xc1" * len(packed))))
