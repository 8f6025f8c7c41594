"""A merge queue, from `checks_requested` to the merge, on real parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.workers import until
from worker.contracts import CHECK_NAME

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo
    from tests.e2e.conftest import House

REPORT = b"SF:a.py\nDA:1,1\nDA:2,%d\nend_of_record\n"


def concluded(repo: Repo, sha: str) -> str | None:
    """Wait for the one check of a commit, and return how it ended."""

    def ended() -> bool:
        return [check.status for check in repo.checks_on(sha, CHECK_NAME)] == ["completed"]

    until(ended, seconds=30)
    return repo.checks_on(sha, CHECK_NAME)[0].conclusion


@pytest.mark.parametrize(("hits", "conclusion"), [(1, "success"), (0, "failure")])
def test_a_queued_pull_request_is_judged_once_more(
    house: House, hits: int, conclusion: str
) -> None:
    """A required check that never comes on the group's commit stops the whole queue."""
    repo = house.loop.github.world.add_repository(f"octo/queue-{hits}", files={"a.py": b"1\n"})
    repo.commit("topic", {"a.py": b"1\n2\n"}, "Add two")
    pull = repo.open_pull("topic", author="mira")
    repo.run_ci(pull.head_sha, artifacts={"coverage": {"lcov.info": REPORT % 1}})
    assert house.verdict(pull)[0].conclusion == "success"
    comments = len(repo.comments_on(pull.number))
    group = repo.queue(pull)
    house.loop.settle()
    assert [check.status for check in house.checks(repo, group)] == ["in_progress"]
    artifacts = {"coverage": {"lcov.info": REPORT % hits}}
    repo.run_ci(group, event="merge_group", artifacts=artifacts)
    assert concluded(repo, group) == conclusion
    repo.dequeue(pull, merge=conclusion == "success")
    house.loop.settle()
    assert concluded(repo, group) == conclusion
    assert len(repo.comments_on(pull.number)) == comments
