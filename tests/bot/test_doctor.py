"""`covgate doctor`: what is wrong is told with what to do, and never as a traceback."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from bot.cli import run
from bot.doctor import examine
from bot.listener import bind
from bot.sandbox.server import StandIn
from worker.embedded import EmbeddedServer
from worker.store import migrate

if TYPE_CHECKING:
    from bot.finding import Finding


@pytest.fixture(scope="module")
def running_github():
    with StandIn() as running:
        yield running


@pytest.fixture
def github(running_github):
    """Return a GitHub on which the App is registered, installed and reached as it should be."""
    world = running_github.reset()
    world.add_repository("octo/hello", files={"README.md": b"hello\n"})
    running_github.deliver_to("http://127.0.0.1:9/")
    assert running_github.courier.idle()
    for delivery in world.deliveries:
        delivery.status_code = 202
    return running_github


@pytest.fixture
def environment(tmp_path, redis_url, monkeypatch, github):
    """Return settings with which all is well, in an otherwise empty environment and folder."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("COVGATE_"):
            monkeypatch.delenv(name)
    migrate(f"sqlite:///{tmp_path}/covgate.db")
    return {
        "COVGATE_APP_ID": str(github.app_id),
        "COVGATE_PRIVATE_KEY": github.private_key_pem,
        "COVGATE_GITHUB_URL": github.url,
        "COVGATE_WEBHOOK_SECRET": "s",
        "COVGATE_REDIS_URL": redis_url,
        "COVGATE_DATABASE_URL": f"sqlite:///{tmp_path}/covgate.db",
    }


def look(environment) -> list[Finding]:
    return list(examine(environment, Path(".env")))


def of(environment, area: str) -> list[Finding]:
    return [finding for finding in look(environment) if finding.area == area]


def test_all_well_is_told_and_status_0(environment, monkeypatch, capsys):
    """An operator could not tell a healthy installation from a silent one."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert run(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["✅", "settings:"],
        ["✅", "redis:"],
        ["✅", "database:"],
        ["✅", "github:"],
        ["✅", "deliveries:"],
    ]
    assert run(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["area"], one["level"], one["todo"]) for one in told] == [
        ("settings", "ok", ""),
        ("redis", "ok", ""),
        ("database", "ok", ""),
        ("github", "ok", ""),
        ("deliveries", "ok", ""),
    ]


def test_nothing_set_is_status_1_and_names_all(environment, capsys):
    """A first start would be a riddle."""
    assert run(["doctor"]) == 1
    told = capsys.readouterr().out
    assert all(name in told for name in environment.keys() - {"COVGATE_GITHUB_URL"})
    assert "`covgate up` brings its own Redis and database" in told


def test_one_missing_setting_does_not_hide_the_rest(environment):
    """Operators would mend one thing a call."""
    del environment["COVGATE_APP_ID"], environment["COVGATE_WEBHOOK_SECRET"]
    del environment["COVGATE_PRIVATE_KEY"]
    environment["COVGATE_DATABASE_URL"] = "sqlite:////no/such/folder/covgate.db"
    assert [(finding.area, finding.level) for finding in look(environment)] == [
        ("settings", "error"),
        ("redis", "ok"),
        ("database", "error"),
    ]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////no/such/folder/covgate.db",
        "postgresql+psycopg://covgate@127.0.0.1:1/covgate",
        "postgresql+psycopg://covgate@127.0.0.1:port/covgate",
        "postgresql+psycopg://127.0.0.1/covgate?no_such_option=1",
        "postgresql+psycopg:///?host=/no/such/folder",
        "mysql://localhost/covgate",
        "sqlite:///{}/key.pem",
        "nonsense",
    ],
)
def test_a_wrong_database_is_a_finding(environment, tmp_path, url):
    """A typing error in an address would end the one command that explains it."""
    (tmp_path / "key.pem").write_text("this is no database" * 100)
    environment["COVGATE_DATABASE_URL"] = url.format(tmp_path)
    findings = look(environment)
    (wrong,) = (finding for finding in findings if finding.level == "error")
    assert wrong.area in {"settings", "database"}
    assert "COVGATE_DATABASE_URL" in wrong.text + wrong.todo
    assert "\n" not in wrong.text


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1", "unix:///no/such.sock", "redis://h/0?port=x", "redis://h?no=1"]
)
def test_a_wrong_redis_is_a_finding(environment, url):
    """The same, for the queue."""
    environment["COVGATE_REDIS_URL"] = url
    (wrong,) = of(environment, "redis")
    assert wrong.level == "error"
    assert "COVGATE_REDIS_URL" in wrong.todo


def test_looking_changes_nothing(environment, tmp_path):
    """The doctor would make a database where the operator mistyped the name of one."""
    environment["COVGATE_DATABASE_URL"] = f"sqlite:///{tmp_path}/new.db"
    (finding,) = of(environment, "database")
    assert finding.level == "ok"
    assert "still empty" in finding.text
    assert not (tmp_path / "new.db").exists()
    (tmp_path / "new.db").touch()
    assert of(environment, "database") == [finding]
    assert (tmp_path / "new.db").read_bytes() == b""


def test_a_redis_that_would_lose_deliveries_is_named(environment, tmp_path):
    """The promise that a 202 is kept would rest on a server that forgets."""
    with EmbeddedServer(tmp_path / "own") as server, Redis.from_url(server.url) as client:
        environment["COVGATE_REDIS_URL"] = server.url
        client.config_set("appendfsync", "everysec")
        assert [finding.level for finding in of(environment, "redis")] == ["ok", "warning"]
        client.config_set("appendonly", "no")
        client.config_set("maxmemory-policy", "allkeys-lru")
        _, *wrong = of(environment, "redis")
        assert [finding.level for finding in wrong] == ["error", "error"]
        assert "append-only" in wrong[0].text
        assert "allkeys-lru" in wrong[1].text
        assert all(finding.todo for finding in wrong)


def test_a_redis_without_a_password_is_a_warning(environment, tmp_path, monkeypatch):
    """Whoever shares the network could queue work; yet a warning must not stop a deployment."""
    with bind("127.0.0.1", 0) as probe:
        port = probe.getsockname()[1]
    with EmbeddedServer(tmp_path / "own") as server, Redis.from_url(server.url) as client:
        client.config_set("port", str(port))
        environment["COVGATE_REDIS_URL"] = f"redis://127.0.0.1:{port}"
        assert [finding.level for finding in of(environment, "redis")] == ["ok", "warning"]
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert run(["doctor"]) == 0
        client.config_set("requirepass", "secret")
        (refused,) = of(environment, "redis")
        assert refused.level == "error"
        environment["COVGATE_REDIS_URL"] = f"redis://:secret@127.0.0.1:{port}"
        assert [finding.level for finding in of(environment, "redis")] == ["ok"]


def test_a_missing_permission_and_a_missing_event_are_named(environment, github):
    """Checks would not be written, or nothing ever be heard, and the log be full of 403."""
    del github.world.app.permissions["checks"]
    github.world.app.permissions["administration"] = "write"
    events = tuple(name for name in github.world.app.events if name != "workflow_run")
    github.world.app = replace(github.world.app, events=events)
    findings = [one for one in of(environment, "github") if one.level != "ok"]
    told = {one.level: one.text for one in findings}
    assert "`checks: write`" in findings[0].text
    assert "`administration: write`" in told["warning"]
    assert "`workflow_run`" in told["error"]
    assert all(one.todo for one in findings)


def test_a_wrong_key_is_a_finding(environment):
    """A key of another App would be found out by the first pull request."""
    environment["COVGATE_APP_ID"] = "999"
    (finding,) = of(environment, "github")
    assert finding.level == "error"
    assert "COVGATE_APP_ID" in finding.todo


def test_a_github_that_does_not_answer_is_a_finding(environment):
    """The doctor would hang or die where it is needed."""
    environment["COVGATE_GITHUB_URL"] = "http://127.0.0.1:9"
    (finding,) = of(environment, "github")
    assert finding.level == "error"
    assert "COVGATE_GITHUB_URL" in finding.todo


def test_teams_that_the_app_may_not_read_are_named(environment, github):
    """A release team could override nothing, and the reason stand nowhere."""
    repo = next(iter(github.world.repositories.values()))
    text = b"commands: {override: {allow: ['@octo/release']}}\n"
    repo.commit("main", files={".github/covgate.yml": text})
    repo.push("topic", repo.store({"a": b"1"}, [repo.tip()], "Change", "alice").sha)
    repo.open_pull("topic")
    assert github.courier.idle()
    (finding,) = (one for one in of(environment, "github") if "@octo/release" in one.text)
    assert finding.level == "warning"
    assert "`members: read`" in finding.todo


@pytest.mark.parametrize(("status", "level"), [(401, "error"), (0, "error"), (None, "warning")])
def test_deliveries_that_do_not_arrive_are_told(environment, github, status, level):
    """A mistyped webhook address would look like a quiet day."""
    if status is None:
        github.world.deliveries.clear()
    for delivery in github.world.deliveries:
        delivery.status_code = status
    (finding,) = of(environment, "deliveries")
    assert finding.level == level
    assert finding.todo
