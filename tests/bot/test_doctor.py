"""`covgate doctor`: what is wrong is told with what to do, and never as a traceback."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from redis import Redis

from bot.cli import run
from bot.doctor import examine, reach
from bot.doctor.settings import examine_settings
from bot.folder import ADDRESS, Credentials, running_parts, store_credentials
from bot.listener import bind
from bot.sandbox.server import StandIn
from tests.support.openapi import Contract
from worker.contracts import Notice, Subject
from worker.core.refs import Hook
from worker.embedded import EmbeddedServer
from worker.inbox import RedisInbox
from worker.inbox.keys import DUE, LIMITS
from worker.process import ReconcileWorker
from worker.settings import Settings
from worker.store import migrate, open_engine

if TYPE_CHECKING:
    from bot.doctor.finding import Finding


@pytest.fixture(scope="module")
def running_github():
    contract = Contract()
    with StandIn(wrap=contract.watch) as running:
        yield running
    assert contract.violations == []


@pytest.fixture
def github(running_github):
    """Return a GitHub on which the App is registered, installed and reached as it should be."""
    world = running_github.reset()
    repo = world.add_repository("octo/hello", files={"README.md": b"hello\n"})
    repo.required = {"covgate": world.app.id}
    running_github.deliver_to("http://127.0.0.1:9/")
    assert running_github.courier.idle()
    for delivery in world.deliveries:
        delivery.status_code = 202
    return running_github


@pytest.fixture
def worker_at_work(redis_client):
    """Let a worker be known to Redis as RQ's are."""
    worker = ReconcileWorker.make(redis_client)
    worker.register_birth()
    return worker


@pytest.fixture
def environment(tmp_path, redis_url, monkeypatch, github, worker_at_work):
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
        "COVGATE_WEBHOOK_SECRET": "a-long-enough-secret",
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
    areas = ["settings", "sign-in", "redis", "workers", "work", "database", "clock", "github"]
    wanted = [*areas, "deliveries", "required check"]
    assert [line.split(" ", 1)[1].partition(":")[0] for line in lines] == wanted
    assert all(line.startswith("✅ ") for line in lines)
    assert run(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["area"], one["level"], one["todo"]) for one in told] == [
        (area, "ok", "") for area in wanted
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
        ("sign-in", "ok"),
        ("redis", "ok"),
        ("workers", "ok"),
        ("work", "ok"),
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


def test_an_up_that_waits_for_its_app_is_where_to_go(environment, tmp_path, monkeypatch):
    """Who has no App yet would look for its numbers, and have the page that makes it open."""
    monkeypatch.chdir(tmp_path)
    del environment["COVGATE_APP_ID"]
    (lock := tmp_path / ".covgate" / "up.lock").parent.mkdir()
    with lock.open("w") as held, running_parts(tmp_path / ".covgate", {ADDRESS: "http://h:1"}):
        fcntl.flock(held, fcntl.LOCK_EX)
        first, *_ = of(environment, "settings")
    assert "open the page" in first.todo


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


def test_without_workers_a_warning_says_so(environment, worker_at_work):
    """A receiver alone would take deliveries in for days, and nobody wonder."""
    worker_at_work.register_death()
    (finding,) = of(environment, "workers")
    assert finding.level == "warning"
    assert "covgate worker" in finding.todo


def test_what_is_overdue_is_an_error(environment, worker_at_work, redis_client):
    """A worker that hangs would look like a quiet day."""
    inbox = RedisInbox(redis_client)
    inbox.accept("d-1", [Notice(Subject.pull(1, 2, 3), "octo/hello", "opened")])
    assert [one.level for one in of(environment, "work")] == ["ok"]
    ((subject, due),) = redis_client.zrange(DUE, 0, 0, withscores=True)
    redis_client.zadd(DUE, {subject: due - 4000})
    (finding,) = of(environment, "work")
    assert finding.level == "error"
    assert "due for 1 h 6 min" in finding.text
    assert "1 pull requests are late" in finding.text
    worker_at_work.register_death()
    assert [one.level for one in of(environment, "workers")] == ["error"]


def test_a_limit_that_is_nearly_used_up_is_told(environment, redis_client):
    """Verdicts would come an hour late, for no visible reason."""
    redis_client.hset(LIMITS, "71", f"12 {int(time.time()) + 600}")
    *_, finding = of(environment, "work")
    assert finding.level == "warning"
    assert "installation 71 has 12 requests left" in finding.text


@pytest.mark.parametrize(
    ("seconds", "level"),
    [
        (0, "ok"),
        (45, "warning"),
        (-45, "warning"),
        (90, "error"),
        (-300, "warning"),
        (-600, "error"),
    ],
)
def test_a_clock_that_is_off_is_told(seconds, level):
    """GitHub would refuse every token, and say no more than 401."""
    with late(seconds) as url:
        settings = Settings(github_url=url)
        (finding,) = reach.examine_clock(settings)
    assert finding.level == level
    assert bool(finding.todo) == (level != "ok")


@contextmanager
def late(seconds):
    """Serve with a clock that is so many seconds behind this machine's; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404)
            self.end_headers()

        def date_time_string(self, timestamp=None):
            return formatdate(time.time() - seconds, usegmt=True)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_database_of_another_version_is_told(environment, tmp_path):
    """An upgrade that was stopped half-way would show in odd failures only."""
    engine = open_engine(environment["COVGATE_DATABASE_URL"])
    try:
        for revision, level in (("0001", "warning"), ("9999", "error")):
            with engine.begin() as connection:
                statement = "UPDATE alembic_version SET version_num = ?"
                connection.exec_driver_sql(statement, (revision,))
            *_, finding = of(environment, "database")
            assert finding.level == level
            assert finding.todo
    finally:
        engine.dispose()


def test_a_webhook_without_an_address_is_an_error(environment, github):
    """The App would hear of nothing, and nothing look broken."""
    github.world.hook_url = ""
    finding = of(environment, "deliveries")[0]
    assert finding.level == "error"
    assert "no webhook address" in finding.text


def test_a_webhook_that_leads_elsewhere_is_told(environment):
    """After a move, deliveries would go to the old machine."""
    environment["COVGATE_PUBLIC_URL"] = "https://covgate.example.com"
    finding, _ = of(environment, "deliveries")
    assert finding.level == "warning"
    assert "https://covgate.example.com/webhooks/github" in finding.text
    environment["COVGATE_PUBLIC_URL"] = "http://127.0.0.1:9"
    finding, _ = of(environment, "deliveries")
    assert "GitHub delivers to http://127.0.0.1:9/" in finding.text


def test_a_webhook_that_is_not_secure_is_told():
    """Payloads of private repositories could be read on the way."""

    class App:
        def hook(self):
            return Hook("http://covgate.example.com/webhooks/github", verified=False)

    settings = Settings(github_url="https://api.github.com")
    found = list(reach.examine_hook(App(), settings))
    assert [one.level for one in found] == ["warning", "warning"]
    assert "certificate" in found[0].text
    assert "without TLS" in found[1].text


@pytest.mark.parametrize("by", ["required", "ruled"])
@pytest.mark.parametrize(
    ("checks", "level", "said"),
    [
        ({}, "warning", "does not require `covgate`"),
        ({"build": 15368}, "warning", "does not require `covgate`"),
        ({"covgate": None}, "warning", "of anybody"),
        ({"covgate": 15368}, "error", "of another App (15368)"),
        ({"covgate": 400_001, "build": None}, "ok", "of this App"),
    ],
)
def test_whether_the_check_is_required_is_told(environment, github, by, checks, level, said):
    """A red check would stop nobody, or a workflow of the pull request itself turn it green."""
    (repo,) = github.world.repositories.values()
    repo.required = {}
    setattr(repo, by, checks)
    (finding,) = of(environment, "required check")
    assert (finding.level, said in finding.text) == (level, True)
    assert bool(finding.todo) == (level != "ok")


def test_a_server_without_rulesets_is_looked_at_all_the_same(environment, github):
    """An older Enterprise Server would be told that nothing is required."""
    github.world.faults.arm("GET /repos/{owner}/{repo}/rules/branches/{branch}", status=404)
    (finding,) = of(environment, "required check")
    assert finding.level == "ok"


def test_repositories_can_be_named(environment, github):
    """Of a hundred repositories only the first few could be looked at."""
    for number in range(12):
        github.world.add_repository(f"octo/r{number}", files={"a": b"1"})
    found = of(environment, "required check")
    assert len(found) == 11
    assert "3 more repositories were not looked at" in found[-1].text
    named = [
        one
        for one in examine(environment, Path(".env"), ["Octo/R11", "octo/none"])
        if one.area == "required check"
    ]
    assert len(named) == 2
    assert "not installed on octo/none" in named[0].text
    assert "octo/r11" in named[1].text


def test_a_setting_that_nobody_reads_is_told(environment):
    """A misspelt variable would be ignored without a word."""
    environment["COVGATE_PUBLICURL"] = "https://x.example"
    environment["COVGATE_COLOUR"] = "red"
    Path(".env").write_text("COVGATE_DEADLNE=2h\n")
    found = {one.text.split()[0]: one for one in of(environment, "settings")[1:]}
    assert {one.level for one in found.values()} == {"warning"}
    assert found["COVGATE_PUBLICURL"].todo == "did you mean COVGATE_PUBLIC_URL?"
    assert found["COVGATE_DEADLNE"].todo == "did you mean COVGATE_DEADLINE?"
    assert found["COVGATE_COLOUR"].todo == "remove it"


def test_secrets_that_others_may_read_are_told(environment, tmp_path):
    """Whoever else has an account on the machine could act as the App."""
    key, env = tmp_path / "key.pem", tmp_path / ".env"
    key.write_text(environment.pop("COVGATE_PRIVATE_KEY"))
    env.write_text(f"COVGATE_PRIVATE_KEY={key}\nCOVGATE_WEBHOOK_SECRET=a-long-enough-secret\n")
    del environment["COVGATE_WEBHOOK_SECRET"]
    for file in (key, env):
        file.chmod(0o644)
    environment["COVGATE_PRIVATE_KEY"] = str(key)
    assert [one.todo for one in of(environment, "settings")] == [
        "", f"chmod 600 {key}", "chmod 600 .env",
    ]  # fmt: skip
    for file in (key, env):
        file.chmod(0o600)
    assert len(of(environment, "settings")) == 1


def test_settings_that_are_unwise_are_told():
    """What works in a trial would be taken over into production."""
    settings = Settings(
        webhook_secrets=(SecretStr("short"),),
        public_url="http://covgate.example.com",
        github_url="http://ghes.example.com/api/v3",
        write_gap=0.0,
    )
    found = list(examine_settings(settings, {}, Path(".env")))
    assert [one.level for one in found] == ["warning"] * 4
    told = " ".join(one.text for one in found)
    for words in ("16 characters", "COVGATE_PUBLIC_URL", "COVGATE_GITHUB_URL", "COVGATE_WRITE_GAP"):
        assert words in told


def test_what_up_keeps_here_counts_as_set(environment, github, tmp_path):
    """The doctor would call an installation broken that was set up in the browser."""
    stored = Credentials(github.app_id, github.private_key_pem, "x" * 32, github.url)
    store_credentials(tmp_path / ".covgate", stored)
    parts = {name: environment[name] for name in ("COVGATE_REDIS_URL", "COVGATE_DATABASE_URL")}
    with (tmp_path / ".covgate" / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with running_parts(tmp_path / ".covgate", parts | {ADDRESS: "http://127.0.0.1:1"}):
            assert {one.level for one in look({})} == {"ok"}
    # What a killed `up` left behind is nobody's address any more.
    store = tmp_path / ".covgate" / "running.env"
    store.write_text("COVGATE_REDIS_URL=unix:///gone\n")
    assert look({})[0].text.startswith("COVGATE_REDIS_URL is missing")


def test_half_a_sign_in_is_told(environment):
    """People would find private pages closed, and nobody would know why."""
    assert "closed" in of(environment, "sign-in")[0].text
    environment["COVGATE_CLIENT_ID"] = "Iv23liAbCdEf01234567"
    (found,) = of(environment, "sign-in")
    assert found.level == "warning"
    assert "docs/sign-in.md" in found.todo
    environment["COVGATE_CLIENT_SECRET"] = "a-secret"
    assert [(one.level, one.todo) for one in of(environment, "sign-in")] == [("ok", "")]
