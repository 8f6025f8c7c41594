"""Deliveries that never arrived: their pull requests get their verdicts all the same."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.support.workers import until
from worker.contracts import CHECK_NAME, STANDING
from worker.inbox import RedisInbox, connect

if TYPE_CHECKING:
    from tests.e2e.conftest import House

REPORT = b"SF:a.py\nDA:1,1\nDA:2,1\nend_of_record\n"


def sweep(house: House) -> None:
    """Let a minute, and an hour, be over."""
    with connect(house.loop.settings.redis_url) as client:
        RedisInbox(client).accept(f"test-{uuid.uuid4()}", STANDING)


def test_a_pull_request_whose_deliveries_were_all_lost_gets_its_verdict(house: House):
    """Ten minutes without a receiver would leave required checks pending for ever."""
    github = house.loop.github
    repo = github.world.add_repository("octo/missed", files={"a.py": b"1\n"})
    house.loop.settle()
    github.courier.lose(1_000)
    repo.push("topic", repo.store({"a.py": b"1\n2\n"}, [repo.tip()], "Change", "alice").sha)
    pull = repo.open_pull("topic")
    repo.run_ci(pull.head_sha, artifacts={"coverage": {"lcov.info": REPORT}})
    assert github.courier.idle()
    github.courier.losing = 0
    sweep(house)

    def concluded() -> bool:
        checks = repo.checks_on(pull.head_sha, CHECK_NAME)
        return [check.status for check in checks] == ["completed"]

    until(concluded, seconds=30)
    assert all(delivery.status_code for delivery in github.world.deliveries)
    house.loop.settle()
