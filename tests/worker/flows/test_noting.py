"""What the dashboard is told by the flows, and what leads to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.worker.flows.world import NUMBER, World
from worker.core.refs import Sha
from worker.flows.reconcile import reconcile

PUBLIC = "https://covgate.example.com"


@pytest.fixture
def world() -> World:
    return World()


def noted(world: World):
    """Return the pull request as the store has it."""
    ((_, pull),) = world.store.pulls.items()
    return pull


def test_a_pull_request_is_listed_as_soon_as_it_is_seen(world: World) -> None:
    """The page that the check leads to would be missing until CI has ended."""
    world.look()
    pull = noted(world)
    assert (pull.number, pull.state, pull.head_sha) == (NUMBER, "open", world.head)


def test_it_is_listed_as_it_is_now(world: World) -> None:
    """A merged pull request would be open on the page for ever, or show a former head."""
    world.look()
    world.push({"src/a.py": b"other\n"})
    world.look()
    assert noted(world).head_sha == world.head
    world.github.pulls[NUMBER] = replace(world.github.pulls[NUMBER], state="closed")
    world.look()
    assert noted(world).state == "closed"


def test_nothing_new_is_not_written_again(world: World) -> None:
    """Every look at a waiting pull request would write to the database."""
    world.look()
    first = noted(world)
    world.clock.advance(3_600)
    world.look()
    assert noted(world) is first


def page_of(world: World, public_url: str) -> tuple[str | None, str]:
    """Judge the pull request; return where its check and its comment lead."""
    world.base_report()
    world.ci(2, world.report(12))
    deps = replace(world.deps, public_url=public_url)
    assert reconcile(world.notify(), deps) == "done"
    (comment,) = world.comments
    return world.check.details_url, comment


def test_check_and_comment_lead_to_the_page(world: World) -> None:
    """Nobody would find the dashboard."""
    url, comment = page_of(world, PUBLIC)
    name = world.github.repository().full_name
    assert url == f"{PUBLIC}/{name}/pull/{NUMBER}"
    assert f"[all of it]({url})" in comment


def test_without_an_address_nothing_leads_there(world: World) -> None:
    """Every check would have a dead link."""
    url, comment = page_of(world, "")
    assert url is None
    assert "all of it" not in comment
    assert Sha(world.head)[:7] in comment
