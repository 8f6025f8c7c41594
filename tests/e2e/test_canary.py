"""T21: what is secret stays where it is: not in logs, Redis, the history, checks or comments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.workers import until
from worker.contracts import CHECK_NAME
from worker.inbox import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.loop import Loop
    from bot.sandbox.repository import Repo
    from tests.e2e.conftest import House

REPORT = {"coverage": {"lcov.info": b"SF:a.py\nDA:1,1\nDA:2,0\nend_of_record\n"}}
FAULTS = {
    "every answer is a 500": {"status": 500},
    "every answer is a 401": {"status": 401},
    "every answer is cut off": {"cut": 20},
    "every answer is a page": {"body": "<html>oops</html>"},
}


def secrets(loop: Loop) -> set[bytes]:
    """Return what must be nowhere: the App's own, and all tokens that were ever given out."""
    key = loop.github.private_key_pem.splitlines()
    found = {loop.github.webhook_secret, *key[1:-1], *loop.github.world.tokens}
    return {text.encode() for text in found if len(text) > 12}


def kept(loop: Loop) -> Iterator[tuple[str, bytes]]:
    """Yield the files of Redis (every command that changed anything) and of the history."""
    folder = Path(loop.settings.database_url.removeprefix("sqlite:///")).parent
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()


def shown(repo: Repo, number: int, sha: str) -> Iterator[tuple[str, bytes]]:
    """Yield what people see on GitHub."""
    for comment in repo.comments_on(number):
        yield "comment", comment.body.encode()
    for check in repo.checks_on(sha, CHECK_NAME):
        yield "check", repr(check).encode()


def test_t21_the_watch_itself_sees_a_secret_in_redis(house: House) -> None:
    """A leak would stay because nobody looked where it is."""
    with connect(house.loop.settings.redis_url) as client:
        client.set("canary", b"ghs_a-token-of-the-test", ex=1)
    assert any(b"ghs_a-token-of-the-test" in text for _, text in kept(house.loop))


@pytest.mark.parametrize("fault", FAULTS)
def test_t21_no_secret_is_written_anywhere_whatever_github_answers(
    house: House, fault: str
) -> None:
    """Whoever reads a log, a backup or a comment could act as the App in every repository."""
    loop, world = house.loop, house.loop.github.world
    repo = world.add_repository(f"octo/canary-{len(world.repositories)}", files={"a.py": b"1\n"})
    repo.commit("topic", {"a.py": b"1\n2\n"}, "Add")
    pull = repo.open_pull("topic", title="Add", author="mira")
    repo.run_ci(pull.head_sha, artifacts=REPORT)
    loop.verdict(pull)
    known = len(world.faults.struck)
    world.faults.arm("*", times=1_000, **FAULTS[fault])
    try:
        repo.push("topic", repo.store({"a.py": b"3\n"}, [pull.head_sha], "More", "mira").sha)
        until(lambda: len(world.faults.struck) > known)
        loop.settle()
    finally:
        world.faults.clear()
    size = os.fstat(house.log.fileno()).st_size
    log = os.pread(house.log.fileno(), size, 0)
    found = [*kept(loop), *shown(repo, pull.number, pull.head_sha), ("log", log)]
    canaries = secrets(loop)
    assert len(canaries) > 10
    assert [(where, one) for where, text in found for one in canaries if one in text] == []
    assert {where for where, text in found if repo.full_name.encode() in text} >= {"covgate.db"}
    assert b"subject." in log  # it was looked at all
