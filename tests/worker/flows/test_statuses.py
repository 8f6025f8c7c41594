"""A commit status for each gate, where a repository wants them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.core.test_render import CASES
from tests.worker.flows.world import NUMBER, World
from worker.core.analysis import analyze
from worker.core.overrides import Override
from worker.core.render import render_json
from worker.core.render.statuses import gate_statuses
from worker.core.replay import decode_replay
from worker.flows import pull as pull_flow
from worker.flows.statuses import REFUSED

WANTED = """
version: 1
reports: [{artifact: "coverage*", flag: unit}]
gates:
  flags: {unit: {new_code: {minimum: 90}}}
packages: [{name: src, paths: ["src/**"], minimum: 50}]
check: {as: both}
"""


@pytest.fixture
def world() -> World:
    world = World()
    world.configure(WANTED)
    return world


def states(world: World) -> dict[str, str]:
    """Return the statuses on the head, by context."""
    return {
        context: status.state
        for (sha, context), status in world.github.statuses.items()
        if sha == world.head
    }


def test_each_gate_has_its_own_status(world: World) -> None:
    """A team that requires one gate alone would wait for a status that never comes."""
    world.ci(2, world.report(14))
    world.look()
    assert states(world) == {
        "covgate/new-code": "success",
        "covgate/regression": "success",
        "covgate/package/src": "success",
        "covgate/new-code/unit": "failure",
    }
    assert world.check.conclusion == "failure"
    status = world.github.statuses[world.head, "covgate/new-code/unit"]
    assert status.description.startswith("unit tests: new code is 80.00 % covered, 90 % is needed")
    assert status.target_url.endswith(f"/pull/{NUMBER}/checks")
    regression = world.github.statuses[world.head, "covgate/regression"]
    assert regression.description.startswith("not judged: no baseline yet")


def test_without_being_asked_nothing_is_set() -> None:
    """Every repository would get statuses that nobody wants."""
    world = World()
    world.ci(2, world.report(14))
    world.look()
    assert states(world) == {}


def test_what_did_not_change_is_not_set_again(world: World) -> None:
    """A commit takes 1,000 statuses of a context, and each write counts against the limit."""
    world.ci(2, world.report(14))
    world.look()
    before = len(world.github.writes)
    world.look()
    assert len(world.github.writes) == before
    world.ci(3, world.report(15), workflow_id=1)
    world.look()
    calls = [call for call in world.github.writes[before:] if call.method == "set_status"]
    contexts = sorted(call.arguments[1].context for call in calls)
    assert contexts == ["covgate/new-code", "covgate/new-code/unit", "covgate/package/src"]
    assert set(states(world).values()) == {"success"}


def test_a_message_retracts_what_a_verdict_said(world: World) -> None:
    """A required status would stay green over a report that nobody can read any more."""
    world.ci(2, world.report(15))
    world.look()
    world.ci(3, {"lcov.info": b"SF:src/a.py\nDA:x\nend_of_record\n"}, workflow_id=1)
    world.look()
    assert world.check.conclusion == "action_required"
    assert set(states(world).values()) == {"error"}
    world.configure("version: 7")
    world.look()
    assert set(states(world).values()) == {"error"}


def test_statuses_that_are_asked_for_tell_of_a_message_too(world: World) -> None:
    """A required status would be missing where the reports are."""
    world.ci(2, {"notes.txt": b"nothing"}, name="other")
    world.look()
    assert world.check.conclusion == "action_required"
    assert states(world)["covgate/new-code"] == "error"
    assert len(states(world)) == 4


def test_a_missing_permission_is_said_and_stops_nothing(world: World) -> None:
    """One permission that was not granted would cost the check and the comment."""
    world.github.may_set_statuses = False
    world.ci(2, world.report(15))
    assert world.look() == "done"
    assert world.check.conclusion == "success"
    assert REFUSED in world.check.output.summary
    world.github.may_set_statuses = True
    world.look()
    assert set(states(world).values()) == {"success"}
    assert REFUSED not in world.check.output.summary


def test_a_flags_own_report_is_compared_with_its_own_baseline(world: World) -> None:
    """A flag would be judged against all suites together, and always fall."""
    world.configure(WANTED.replace("new_code: {minimum: 90}", "regression: {maximum: 0}"))
    world.base_report(covered=10)
    world.ci(2, world.report(14))
    world.look()
    assert states(world)["covgate/regression/unit"] == "failure"
    status = world.github.statuses[world.head, "covgate/regression/unit"]
    assert status.description.startswith("unit tests: coverage falls by 6.67 points to 93.33 %")


def test_the_ratchet_holds_what_the_base_branch_had(world: World) -> None:
    """The mark would be forgotten with the next recorded commit."""
    world.configure("version: 1\ngates: {project: {ratchet: true}}")
    world.base_report(covered=10)
    world.ci(2, world.report(14))
    world.look()
    assert world.check.conclusion == "failure"
    assert "100.00 % is needed (the base branch's best)" in world.check.output.title


def test_a_verdict_is_kept_so_that_it_can_be_made_again(world: World) -> None:
    """Nobody could look into a verdict that is doubted."""
    world.base_report(covered=9)
    world.ci(2, world.report(14))
    world.look()
    head, kept = world.store.inputs(world.github.place.full_name, NUMBER)
    assert head == world.head
    inputs, context = decode_replay(kept)
    (record,) = world.store.verdicts(world.github.place.id, head)
    assert render_json(analyze(inputs), context) == record.details
    assert json.loads(record.details)["gates"][0]["name"] == "new_code"


def test_what_is_too_long_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A huge report would fill the database, or cost its verdict."""
    monkeypatch.setattr(pull_flow, "MAX_INPUTS", 10)
    world.ci(2, world.report(15))
    assert world.look() == "done"
    assert world.store.inputs(world.github.place.full_name, NUMBER) is None


def test_an_overridden_gates_status_is_a_success_that_says_so() -> None:
    """The check would let a pull request in that its statuses keep out."""
    verdict, context = CASES["every-gate"]
    override = Override("mira", "hot fix", datetime(2030, 1, 1, tzinfo=UTC), "critical/payments")
    said = {
        status.context: status
        for status in gate_statuses(verdict, replace(context, overrides=(override,)))
    }
    assert said["covgate/critical/payments"].state == "success"
    assert said["covgate/critical/payments"].description.startswith("overridden by mira")
    assert said["covgate/project"].state == "failure"
    assert said["covgate/package/web"].state == "success"
    assert said["covgate/package/web"].description.startswith("advice only: ")
    assert max(len(status.description) for status in said.values()) <= 140
