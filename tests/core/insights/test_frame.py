"""What holds for every analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.drawing import draw
from worker.core import insights
from worker.core.analysis import analyze
from worker.core.insights import Look
from worker.core.results import Outcome
from worker.core.verdict import Inputs

if TYPE_CHECKING:
    import pytest


def broken(_evidence: object) -> None:
    """Look as an analysis with a defect does."""
    raise LookupError("no such line")


def test_a_broken_analysis_costs_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect in one table would leave pull requests without a check for days."""
    inputs = Inputs(*draw("src/a.py\n+ 9 x hit\n+ miss"))
    whole = analyze(inputs)
    looks = (Look("risk", broken, lambda _config: True), *insights.LOOKS[1:])
    monkeypatch.setattr(insights, "LOOKS", looks)
    verdict = analyze(inputs)
    *others, neutral = verdict.results
    assert (neutral.gate, neutral.outcome) == ("risk", Outcome.NEUTRAL)
    assert (tuple(others), verdict.outcome) == (whole.results, whole.outcome)
    first, *rest = verdict.insights
    assert first.summary.startswith("could not be made (LookupError)")
    assert first.defect.startswith("LookupError at test_frame.py:")
    assert rest == [one for one in whole.insights if one.name != "risk"]
