"""Slash-commands on the real loop: a signed delivery goes in, a reaction and a check come out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot.ledger import render_ledger, render_ledger_json
from worker.core.render import MARKER
from worker.store import SqlStore, open_engine

if TYPE_CHECKING:
    from bot.sandbox.pulls import Pull
    from bot.sandbox.records import CheckRun, Comment
    from tests.e2e.conftest import House

SOURCE = b"".join(b"v%d = %d\n" % (n, n) for n in range(10))
NEW = SOURCE + b"".join(b"n%d = %d\n" % (n, n) for n in range(4))
HALF = b"SF:a.py\n" + b"".join(b"DA:%d,%d\n" % (n, n < 12) for n in range(1, 15))
HALF += b"end_of_record\n"


@pytest.fixture
def failing(house: House) -> Pull:
    """Return a pull request of mira's that fails; bob may write, eve may not."""
    world = house.loop.github.world
    # An installation of its own: GitHub allows each 80 writes a minute.
    name = f"talk-{len(world.repositories)}/app"
    repo = world.add_repository(name, files={"a.py": SOURCE})
    for login, role in {"bob": "write", "mira": "write", "eve": "read"}.items():
        repo.grant(login, role)
    repo.commit("topic", {"a.py": NEW}, "Add four")
    pull = repo.open_pull("topic", title="Four", author="mira")
    repo.run_ci(pull.head_sha, artifacts={"coverage": {"lcov.info": HALF}})
    check, _ = house.verdict(pull)
    assert check.conclusion == "failure"
    return pull


def say(house: House, pull: Pull, author: str, body: str) -> tuple[list[str], list[str]]:
    """Let somebody comment; return the reactions and the replies, once all is worked off."""
    before = len(replies(pull))
    comment: Comment = pull.comment(author, body)
    house.loop.settle()
    assert {reaction.author.login for reaction in comment.reactions} <= {"covgate[bot]"}
    return [one.content for one in comment.reactions], replies(pull)[before:]


def replies(pull: Pull) -> list[str]:
    return [
        comment.body
        for comment in pull.repo.comments_on(pull.number)
        if comment.author.kind == "Bot" and not comment.body.startswith(MARKER)
    ]


def check_of(house: House, pull: Pull) -> CheckRun:
    (check,) = house.checks(pull.repo, pull.head_sha)
    return check


def test_help_is_answered(house: House, failing: Pull) -> None:
    """The first word that anybody tries."""
    reactions, (reply,) = say(house, failing, "eve", "Hello?\n/covgate help")
    assert reactions == ["eyes", "rocket"]
    assert "| `/covgate explain [GATE \\| PATH:LINE]` |" in reply
    assert reply.count("✅") == 8


def test_an_override_is_refused_granted_kept_and_revoked(house: House, failing: Pull) -> None:
    """The way through that a team needs, and that leaves its trail."""
    reactions, (reply,) = say(house, failing, "eve", "/covgate override let me in")
    assert reactions == ["eyes", "confused"]
    assert "you have `read`" in reply
    reactions, (reply,) = say(house, failing, "mira", "/covgate override let me in")
    assert reactions == ["eyes", "confused"]
    reactions, (reply,) = say(house, failing, "bob", "/covgate override the release must go")
    assert reactions == ["eyes", "rocket"]
    check = check_of(house, failing)
    assert check.conclusion == "success"
    assert check.title.startswith("Overridden by bob because “the release must go”")
    assert "❌" in check.summary
    engine = open_engine(house.loop.settings.database_url)
    try:  # another process, another connection: the ledger is on disk
        entries = SqlStore(engine).ledger(failing.repo.full_name)
    finally:
        engine.dispose()
    (entry,) = json.loads(render_ledger_json(entries))
    assert (entry["who"], entry["reason"]) == ("bob", "the release must go")
    assert entry["uncovered"] == {"a.py": [12, 13, 14]}
    assert "because: the release must go" in render_ledger(entries)
    say(house, failing, "bob", "/covgate revoke")
    assert check_of(house, failing).conclusion == "failure"


def test_the_readers_commands_are_answered_in_one_reply(house: House, failing: Pull) -> None:
    """They tell from what the database keeps, which no fake has packed."""
    lines = ["status", "show a.py", "explain new code", "baseline", "config"]
    body = "\n".join(f"/covgate {line}" for line in lines)
    reactions, (reply,) = say(house, failing, "eve", body)
    assert reactions == ["eyes", "rocket"]
    for words in (
        "nothing is awaited",
        "1 of 4",
        "must be ≥ 60 %",
        "There is no baseline",
        "the defaults hold",
    ):
        assert words in reply


def test_a_press_of_the_button_judges_anew(house: House, failing: Pull) -> None:
    """The button would be there, and do nothing."""
    check = check_of(house, failing)
    failing.repo.press(check, "recheck", "bob")
    house.loop.settle()
    again = check_of(house, failing)
    assert (again.id, again.conclusion) == (check.id, "failure")
    assert again.writes >= 4


def test_a_delivery_sent_twice_has_one_effect(house: House, failing: Pull) -> None:
    """A person would be answered twice."""
    say(house, failing, "bob", "/covgate help")
    world = failing.repo.world
    delivery = next(
        d
        for d in reversed(world.deliveries)
        if d.event == "issue_comment"
        and d.action == "created"
        and d.payload["comment"]["user"]["login"] == "bob"
    )
    world.redeliver(delivery)
    house.loop.settle()
    assert len(replies(failing)) == 1


def test_a_team_is_asked_for_with_a_token_of_its_own(house: House, failing: Pull) -> None:
    """A team's word would not count on the real thing."""
    world, repo = failing.repo.world, failing.repo
    team = f"{repo.owner.login}/release"
    rule = f'commands: {{override: {{allow: ["@{team}"]}}}}\n'
    repo.commit("main", {".github/covgate.yml": rule.encode()})
    _, (reply,) = say(house, failing, "bob", "/covgate override x1")
    assert "`members: read`" in reply
    world.installation_of(repo).permissions["members"] = "read"
    world.teams[team] = {"bob"}
    reactions, _ = say(house, failing, "bob", "/covgate override x1")
    assert reactions == ["eyes", "rocket"]
    assert check_of(house, failing).conclusion == "success"
