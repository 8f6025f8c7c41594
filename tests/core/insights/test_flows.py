"""Flows that one test has to go through as a whole."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.core.insights.escrow import CONFIG, page, service, tables
from tests.core.test_render import CONTEXT as PAGE
from worker.core.analysis import analyze
from worker.core.config import Config, Flow, PointPattern, parse_config
from worker.core.errors import ConfigError
from worker.core.insight import Code
from worker.core.insights import (
    flows,
)
from worker.core.insights._ran import single_test
from worker.core.render.insights import insight_section
from worker.core.results import Outcome
from worker.core.verdict import Verdict


def test_it_is_as_it_was_read_and_approved(golden):
    """A team would get a table that nobody has compared with the ones made by hand."""
    golden("insights/flows.md", page(flows, service(config=CONFIG)))


def test_a_flow_needs_one_test_that_runs_all_its_steps():
    """A flow would look tested because each of its parts is, by a test of its own."""
    rows = {row[0].text: row[1:] for row in tables(flows, service(config=CONFIG))[0]}
    whole = Code("tests/integration/test_flow.py::test_an_escrow_reaches_the_risk_engine")
    assert rows["escrow"] == ((whole,), "3 of 3", None, ())
    assert rows["expiry"][0] == "no test"
    assert rows["expiry"][3] == (Code("src/escrow/service.py::Escrows.expire"),)


def test_a_step_that_no_report_measures_is_told():
    """A misspelt path would look like a missing test for ever."""
    steps = tables(flows, service(config=CONFIG))[1]
    assert steps[-1][2:4] == (
        Code("src/escrow/alert.py"),
        "no report measures it: see how it is written",
    )


def test_the_steps_of_a_flow_stand_together():
    """A reader would have to collect a flow's steps from between those of others."""
    verdict = analyze(service(config=CONFIG, changed=("src/escrow/consumer.py",)))
    alone = Verdict(verdict.evidence, verdict.results, lambda one: (flows.look(one),))
    comment = insight_section(alone, PAGE, budget=9_000)
    found = re.findall(r"^\| `(\w[\w ]*)` \| (\d) ", comment, re.MULTILINE)
    names = [("expiry", "1"), ("expiry", "2"), ("typing error", "1"), ("typing error", "2")]
    assert found == names


def flow_result(**more):
    config = Config(flows=(replace(CONFIG.flows[1], blocking=True),))
    return analyze(service(config=config, **more)).result("flow", "expiry")


def test_a_flow_blocks_where_a_team_says_so():
    """A declared flow could break its check without a word, or never."""
    result = flow_result()
    assert result.blocks
    assert result.summary == (
        "no test goes through expiry: the best one leaves out src/escrow/service.py::Escrows.expire"
    )
    both = {"tests/test_a.py::test_a|run": ("Escrows.expire",)}
    both["tests/test_a.py::test_a|setup"] = ("RiskConsumer.handle",)
    assert flow_result(runs=both).outcome is Outcome.PASS
    assert analyze(service(config=CONFIG)).result("flow", "expiry") is None


def test_a_flow_is_not_judged_without_contexts_or_all_tests():
    """A team would be blocked by what no report can tell."""
    assert flow_result(runs={}).outcome is Outcome.NEUTRAL
    assert flow_result(incomplete=True).outcome is Outcome.NEUTRAL


@pytest.mark.parametrize(
    ("context", "test"),
    [
        ("tests/test_a.py::test_a[x|y]|run", "tests/test_a.py::test_a[x|y]"),
        ("unit|tests/test_a.py::test_a|setup", "tests/test_a.py::test_a"),
        ("tests.test_a.test_a", "tests.test_a.test_a"),
        ("unit", ""),
        ("nightly run", ""),
    ],
)
def test_only_a_test_crosses_a_flow(context, test):
    """A context that stands for the whole run would cross every flow there is."""
    assert single_test(analyze(service()).evidence, context) == test


def test_the_keys_are_read_and_mistakes_are_told():
    """A flow would be declared and never looked at."""
    config = parse_config(
        b"points:\n  - {kind: event, pattern: 'bus.emit(*)'}\n"
        b"flows:\n  - {name: escrow, steps: ['a.py::f', b.py], blocking: true}\n"
        b"identifiers: [SECURITY, PERF]\n"
    )
    assert config.points == (PointPattern("event", "bus.emit(*)", ("**",)),)
    assert config.flows == (Flow("escrow", ("a.py::f", "b.py"), blocking=True),)
    assert config.identifiers == ("SECURITY", "PERF")
    for text, reason in (
        (b"flows:\n  - {name: a, steps: [a]}\n  - {name: a, steps: [b]}\n", "the name `a` twice"),
        (b"identifiers: [security]\n", "capital letters"),
        (b"points:\n  - {kind: event}\n", "`points[0].pattern` is missing"),
    ):
        with pytest.raises(ConfigError, match=re.escape(reason)):
            parse_config(text)
