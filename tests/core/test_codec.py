"""Baselines as they are stored."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.core.reports import reports
from worker.core.codec import decode_report, encode_report
from worker.core.errors import CovgateError
from worker.core.model import EMPTY_REPORT, BranchLine, FileCoverage, Function, Report, bitmap

VERSION_2 = (
    "V{dk6VRU5zX#xNM00000cmd_XF$%&!5CzcxXJcdS5iGP>&!hoC5ZywAZ9K#b(<?0G23B_2GDq+xNul@1dta=q"
    ">|@H^Vb_0R%B77d8!?PV45JaK(?c*<tkW8^#mc2E00)KQ{1c~05GM)LK#G$D^jXgB^=<+v8+{$S{=GR}Zd(n|"
    "20uK;BWV"
)
"""What Covgate 0.1 stored."""


@given(reports())
def test_what_is_stored_comes_back(report):
    """A pull request would be compared with something that never was its baseline."""
    assert decode_report(encode_report(report)) == _without_contexts(report)


@given(reports())
def test_the_same_report_gives_the_same_bytes(report):
    """Two workers would store two different baselines of one commit."""
    again = Report.of(reversed(list(report)))
    assert encode_report(again) == encode_report(report)


@given(reports(), st.data())
def test_damage_is_noticed(report, data):
    """A damaged baseline would be judged by, or end in a traceback."""
    stored = bytearray(encode_report(report))
    where = data.draw(st.integers(0, len(stored) - 1))
    stored[where] ^= data.draw(st.integers(1, 255))
    try:
        back = decode_report(bytes(stored))
    except CovgateError:
        return
    assert back == _without_contexts(report)  # some bits of a compressed stream mean nothing


def test_a_baseline_of_an_older_version_is_read():
    """After an update every pull request would be without a baseline until the next push."""
    branches = (
        BranchLine(0, 1, 1, 0b1, "lcov"),
        BranchLine(1, 1, 2, 0b01, "lcov"),
        BranchLine(3, 1, 2, 0b10, "lcov"),
        BranchLine(4, 1, 3),
        BranchLine(6, 2, 2),
    )
    functions = (Function(1, "f", 3, 4), Function(5, "ö(int)", 0))
    stored = base64.b85decode(VERSION_2)
    assert decode_report(stored) == Report.of(
        [
            FileCoverage("a.py", 0b1111110, 0b1011010, 0b0001010, branches, functions),
            FileCoverage("b/ü.py"),
            FileCoverage("c.py", 1 << 2000 | 2, 2),
        ]
    )
    with pytest.raises(CovgateError, match="damaged"):
        decode_report(stored[:-3])


def test_many_files_are_more_than_one_batch():
    """A project of more than a thousand files would come back with lines of other files."""
    draw = random.Random(3)
    files = []
    for number in range(2_300):
        measured = draw.getrandbits(draw.randrange(90)) & ~1
        hit = measured & draw.getrandbits(90)
        pairs = [n for n in range(1, 90) if not draw.randrange(20)] if number > 1_100 else []
        arms = tuple(BranchLine(n, 1, 2, 0b10, "lcov") for n in pairs)
        files.append(FileCoverage(f"{number:05}.py", measured, hit, 0, arms))
    report = Report.of(files)
    assert decode_report(encode_report(report)) == report


@pytest.mark.parametrize("cut", [0, 1, 8, 12, -1])
def test_a_cut_off_baseline_says_what_happens(cut):
    """Nobody would know that the next push mends it."""
    stored = encode_report(EMPTY_REPORT)[:cut]
    with pytest.raises(CovgateError, match="replaced by the next push"):
        decode_report(stored)


@pytest.mark.parametrize(("branching", "most"), [(0, 4), (0.05, 4.5)])
def test_a_line_takes_few_bits(branching, most):
    """Baselines of every commit would fill the database."""
    rng = random.Random(7)
    files = []
    for number in range(200):
        lines = [line for line in range(1, 400) if rng.random() < 0.6]
        missed, partial = ([ln for ln in lines if rng.random() < p] for p in (0.19, branching))
        hit = bitmap(lines) & ~bitmap(missed)
        arms = tuple(BranchLine(line, 1, 2, 1 + line % 2, "lcov") for line in partial)
        files.append(
            FileCoverage(f"src/m{number}.py", bitmap(lines), hit, hit & bitmap(partial), arms)
        )
    report = Report.of(files)
    assert len(encode_report(report)) * 8 / report.lines.total < most


def _without_contexts(report):
    return Report.of(replace(file, contexts=()) for file in report)
