"""Baselines as they are stored."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.core.reports import reports
from worker.core.codec import decode_report, encode_report
from worker.core.errors import CovgateError
from worker.core.model import EMPTY_REPORT, BranchLine, FileCoverage, Report, bitmap


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
    assert back == _without_contexts(report)  # some bits of a deflate stream mean nothing


@pytest.mark.parametrize("cut", [0, 1, 8, 12, -1])
def test_a_cut_off_baseline_says_what_happens(cut):
    """Nobody would know that the next push mends it."""
    stored = encode_report(EMPTY_REPORT)[:cut]
    with pytest.raises(CovgateError, match="replaced by the next push"):
        decode_report(stored)


@pytest.mark.parametrize(("branching", "most"), [(0, 4), (0.05, 6)])
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
