"""What workers count, from a job's process to the scrape."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.metrics import InboxState, Metrics
from tests.worker.flows.world import World
from worker.contracts import Notice, Subject
from worker.flows.reconcile import reconcile
from worker.inbox import RedisInbox, add_sums
from worker.meter import FIGURES, Meter, read_limits, read_sums, route

if TYPE_CHECKING:
    from redis import Redis


def scrape(inbox: RedisInbox) -> dict[str, float]:
    """Return what /metrics shows, by name with labels."""
    found = inbox.numbers()
    metrics = Metrics(())
    metrics.record_inbox(
        InboxState(found.waiting, found.overdue, found.late, found.sums, found.limits)
    )
    lines = metrics.render().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_what_two_jobs_count_is_added_up(redis_client: Redis):
    """An operator would see one worker's figures and take them for all."""
    for seconds in (0.2, 20.0):
        meter = Meter()
        meter.observe("covgate_reconcile_seconds", seconds, "pull", "done")
        meter.count("covgate_checks", "success")
        meter.count_request("GET", "/repos/octo/hello/pulls/7", 200)
        add_sums(redis_client, meter)
        assert not meter.sums
    shown = scrape(RedisInbox(redis_client))
    assert shown['covgate_checks_total{conclusion="success"}'] == 2
    labels = 'ending="done",kind="pull"'
    assert shown[f"covgate_reconcile_seconds_count{{{labels}}}"] == 2
    assert shown[f"covgate_reconcile_seconds_sum{{{labels}}}"] == pytest.approx(20.2)
    assert shown['covgate_reconcile_seconds_bucket{ending="done",kind="pull",le="0.25"}'] == 1
    assert shown['covgate_reconcile_seconds_bucket{ending="done",kind="pull",le="+Inf"}'] == 2
    request = 'method="GET",route="/repos/{owner}/{repo}/pulls/{}",status="200"'
    assert shown[f"covgate_github_requests_total{{{request}}}"] == 2


def test_what_github_still_allows_is_shown_until_its_hour_ends(redis_client: Redis):
    """The limit that stops everything would come as a surprise, or an old one be shown."""
    meter = Meter()
    meter.note_limit(77, 4_999, 4_000_000_000)
    meter.note_limit(78, 0, 1_000)
    add_sums(redis_client, meter)
    shown = scrape(RedisInbox(redis_client))
    assert shown['covgate_github_remaining{installation="77"}'] == 4_999
    assert 'covgate_github_remaining{installation="78"}' not in shown


def test_overdue_pull_requests_are_counted(redis_client: Redis):
    """Checks would hang, and the alert that watches for it have nothing to watch."""
    inbox = RedisInbox(redis_client)
    for number in range(3):
        subject = Subject.pull(1, 2, number + 1)
        inbox.accept(f"d-{number}", [Notice(subject, "octo/hello", "test")])
    assert scrape(inbox)["covgate_checks_overdue"] == 0
    redis_client.zadd("cb:due", {Subject.pull(1, 2, 1).key: 1, Subject.pull(1, 2, 2).key: 2})
    assert scrape(inbox)["covgate_checks_overdue"] == 2


def test_redis_being_away_harms_no_job():
    """A job that did its work would fail for a figure."""
    from redis import Redis  # noqa: PLC0415 - a client of nobody

    meter = Meter()
    meter.count("covgate_checks", "success")
    with Redis(host="127.0.0.1", port=1) as nobody:
        add_sums(nobody, meter)
    assert meter.sums


def test_what_another_version_counted_is_passed_over():
    """An old receiver would answer a scrape with an error for what a new worker counted."""
    raw = {b'["covgate_new_thing","x"]': b"1", b'["covgate_checks","success","more"]': b"1"}
    assert read_sums(raw) == []
    assert read_limits({}, 0.0) == []


def test_each_step_of_a_look_is_timed():
    """An operator could not tell a slow GitHub from a slow report."""
    world = World()
    world.base_report()
    world.ci(2, world.report(15))
    deps = world.deps
    assert reconcile(world.notify(), deps) == "done"
    steps = {key[1] for key in deps.meter.sums if key[0] == "covgate_step_seconds"}
    told = Path(__file__).parents[2].joinpath("docs", "operations.md").read_text(encoding="utf-8")
    found = re.search(r"`covgate_step_seconds` \| step \| the steps of a look: (.+) \|", told)
    assert found
    assert steps <= set(found[1].split(", "))
    assert steps >= {"facts", "reports", "compare", "baseline", "judge", "publish"}
    assert deps.meter.sums["covgate_checks", "success"] == 1


def test_a_verdict_that_stands_is_not_counted_again():
    """Each delivery of a pull request would look like another concluded check."""
    world = World()
    world.base_report()
    world.ci(2, world.report(15))
    world.look()
    deps = world.deps
    assert reconcile(world.notify(), deps) == "done"
    assert ("covgate_checks", "success") not in deps.meter.sums


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/repos/octo/hello", "/repos/{owner}/{repo}"),
        ("/repos/octo/hello/pulls/7/files", "/repos/{owner}/{repo}/pulls/{}/files"),
        ("/repos/o/h/contents/src/a.py", "/repos/{owner}/{repo}/contents/{}"),
        ("/repos/o/h/compare/main...topic", "/repos/{owner}/{repo}/compare/{}"),
        ("/repos/o/h/commits/" + "a" * 40 + "/check-runs", "/repos/{owner}/{repo}/commits/{}"),
        ("/repos/o/h/collaborators/mira/permission", "/repos/{owner}/{repo}/collaborators/{}"),
        ("/orgs/octo/teams/qa/memberships/mira", "/orgs/{}"),
        ("/app/hook/deliveries/12/attempts", "/app/hook/deliveries/{}/attempts"),
    ],
)
def test_routes_are_few(path: str, shown: str):
    """Each pull request would make a time series of its own."""
    assert route(path) == shown


def test_every_figure_is_in_the_documents():
    """An operator would have to read the source to know what a figure means."""
    text = Path(__file__).parents[2].joinpath("docs", "operations.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(covgate_\w+)`", text))
    assert {name.removesuffix("_total") for name in documented} >= set(FIGURES)
