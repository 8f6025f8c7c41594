"""From a signed webhook to a concluded check and one comment, on real parts."""

from __future__ import annotations

import json

import pytest
import requests

from tests.e2e.conftest import PROJECTS, House
from worker.core.render import MARKER
from worker.store import SqlStore, open_engine


def expected(project: str, report: str) -> dict:
    """Return the independently counted new code of a sample project."""
    for entry in json.loads((PROJECTS / project / "new_code_expected.json").read_bytes()):
        if entry["report"].endswith(report):
            return entry
    raise LookupError(report)


@pytest.mark.parametrize(
    ("project", "report", "conclusion"),
    [
        ("humanize", "coverage.xml", "success"),
        ("qs", "lcov.info", "success"),
        ("yajl", "lcov.info", "failure"),
    ],
)
def test_a_real_projects_numbers_are_the_counted_ones(
    house: House, project: str, report: str, conclusion: str
) -> None:
    """The whole point: nobody could trust the numbers."""
    pull = house.samples[project].open()
    check, comment = house.verdict(pull)
    assert check.conclusion == conclusion
    told = house.details(pull)["new_code"]
    oracle = expected(project, report)
    assert (told["covered"], told["total"]) == (
        oracle["total"]["covered"],
        oracle["total"]["coverable"],
    )
    assert {file["path"]: (file["covered"], file["total"]) for file in told["files"]} == {
        file["file"]: (file["covered"], file["coverable"])
        for file in oracle["files"]
        if file["coverable"]
    }
    assert comment.startswith(MARKER)
    assert check.title in comment


def test_one_verdict_takes_three_writes(house: House) -> None:
    """Every superfluous write mails people and eats the rate limit."""
    world = house.loop.github.world
    repo = world.add_repository("octo/writes", files={"a.py": b"one = 1\n"})
    repo.commit("topic", {"a.py": b"one = 1\ntwo = 2\n"}, "Add two")
    pull = repo.open_pull("topic", title="Two", author="mira")
    house.loop.settle()
    before = len(world.requests)
    assert [check.status for check in house.checks(repo, pull.head_sha)] == ["in_progress"]
    report = b"SF:a.py\nDA:1,1\nDA:2,1\nend_of_record\n"
    repo.run_ci(pull.head_sha, artifacts={"coverage": {"lcov.info": report}})
    check, comment = house.verdict(pull)
    assert (check.conclusion, check.writes) == ("success", 2)
    # The check's creation came before; a token is no write, and each worker has its own.
    sent = [r for r in world.requests[before:] if r.method not in {"GET", "HEAD"}]
    writes = [(r.method, r.route) for r in sent if not r.route.endswith("/access_tokens")]
    assert len(writes) == 2, writes
    assert "1 of 1 line" in comment


def test_a_pull_request_from_a_fork_is_judged(house: House) -> None:
    """Contributors' runs name no pull request, and would wait for the deadline."""
    sample = house.samples["yajl"]
    pull = sample.open()
    assert pull.from_fork
    check, _ = house.verdict(pull)
    assert check.status == "completed"


def test_a_push_is_judged_anew_in_the_same_comment(house: House) -> None:
    """The second commit would get no verdict, or a second comment."""
    sample = house.samples["humanize"]
    pull = sample.open()
    house.verdict(pull)
    first = pull.head_sha
    for _ in ("push", "CI starts", "CI ends"):
        assert sample.advance() is not None
    check, comment = house.verdict(pull)
    assert check.head_sha == pull.head_sha != first
    assert check.title in comment
    own = [c for c in pull.repo.comments_on(pull.number) if c.body.startswith(MARKER)]
    assert len(own) == 1


@pytest.mark.parametrize(
    ("artifacts", "words"),
    [
        ({}, "without an artifact"),
        ({"coverage": b"this is no zip"}, "could not be read"),
        ({"coverage": {"lcov.info": b"SF:a.py\nDA:x,1\nend_of_record\n"}}, "could not be read"),
        ({"coverage": {"index.html": b"<html>"}}, "could not be read"),
        ({"coverage": {"lcov.info": b"SF:/elsewhere/b.py\nDA:1,1\nend_of_record\n"}}, "none of"),
    ],
)
def test_what_ci_left_wrong_ends_in_words(house: House, artifacts: dict, words: str) -> None:
    """A required check would hang, and nobody know why."""
    world = house.loop.github.world
    repo = world.add_repository(
        f"octo/bad-{len(world.repositories)}",
        files={"a.py": b"x = 1\n", ".github/covgate.yml": b"version: 1\n"},
    )
    repo.commit("topic", {"a.py": b"x = 1\ny = 2\n"}, "Add y")
    pull = repo.open_pull("topic", title="Y", author="mira")
    repo.run_ci(pull.head_sha, artifacts=artifacts)
    check, comment = house.verdict(pull)
    assert check.conclusion == "action_required"
    assert words in check.title
    assert words in comment


def test_pressing_re_run_concludes_the_check_again(house: House) -> None:
    """GitHub clears the conclusion: the required check would be pending for ever."""
    repo = house.loop.github.world.add_repository("octo/again", files={"a.py": b"x = 1\n"})
    repo.commit("topic", {"a.py": b"x = 2\n"}, "Change x")
    pull = repo.open_pull("topic", title="X", author="mira")
    report = {"lcov.info": b"SF:a.py\nDA:1,1\nend_of_record\n"}
    repo.run_ci(pull.head_sha, artifacts={"coverage": report})
    check, _ = house.verdict(pull)
    repo.rerequest(check)
    assert house.verdict(pull)[0].conclusion == "success"
    assert len(house.checks(repo, pull.head_sha)) == 1


def test_without_a_report_ever_the_check_is_neutral_and_silent(house: House) -> None:
    """Installing the App for a whole organisation would block every repository of it."""
    repo = house.loop.github.world.add_repository("octo/none", files={"a.py": b"x = 1\n"})
    repo.commit("topic", {"a.py": b"x = 2\n"}, "Change x")
    pull = repo.open_pull("topic", title="X", author="mira")
    repo.run_ci(pull.head_sha)
    check, comment = house.verdict(pull)
    assert (check.conclusion, comment) == ("neutral", "")


def test_a_broken_configuration_is_shown_with_line_and_column(house: House) -> None:
    """A typing error would be ignored, and other thresholds hold than the team wrote."""
    repo = house.loop.github.world.add_repository(
        "octo/config", files={".github/covgate.yml": b"version: 1\nreprots: []\n"}
    )
    repo.commit("topic", {"a.py": b"x = 2\n"}, "Add x")
    pull = repo.open_pull("topic", title="X", author="mira")
    check, comment = house.verdict(pull)
    assert check.conclusion == "action_required"
    assert "line 2, column 1" in comment


def test_the_receiver_answers_what_the_interface_says(house: House) -> None:
    """Operators and GitHub rely on these statuses."""
    assert requests.get(f"{house.url}/healthz", timeout=5).status_code == 200
    assert requests.get(f"{house.url}/readyz", timeout=5).status_code == 200
    refused = requests.post(f"{house.url}/webhooks/github", data=b"{}", timeout=5)
    assert refused.status_code in {400, 401}
    metrics = requests.get(f"{house.url}/metrics", timeout=5).text
    assert 'covgate_deliveries_total{event="pull_request",outcome="queued"}' in metrics


def test_an_uninstalled_app_keeps_nothing(house: House) -> None:
    """Somebody's coverage would stay stored after they left."""
    world = house.loop.github.world
    repo = world.add_repository("leaver/app", files={"a.py": b"x = 1\n"})
    report = {"coverage": {"lcov.info": b"SF:a.py\nDA:1,1\nend_of_record\n"}}
    repo.run_ci(repo.tip(), event="push", artifacts=report)
    house.loop.settle()
    engine = open_engine(house.loop.settings.database_url)
    try:
        store = SqlStore(engine)
        assert store.has_baseline(repo.id)
        world.uninstall("leaver")
        house.loop.settle()
        assert not store.has_baseline(repo.id)
    finally:
        engine.dispose()
