"""`covgate check` in a checkout, beside the verdict on the pull request of the same commits."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from bot.cli import run
from bot.sandbox.objects import Executable
from tests.support.checkout import Checkout
from worker.store import SqlStore, open_engine

if TYPE_CHECKING:
    from pathlib import Path

    from bot.sandbox.pulls import Pull
    from tests.e2e.conftest import House

pytestmark = pytest.mark.git

REPORTS = files("bot.sandbox") / "samples" / "humanize" / "reports"


def clone(pull: Pull, path: Path) -> Checkout:
    """Return the pull request's history as git has it, with the same ids."""
    checkout = Checkout(path)
    objects = pull.repo.objects
    for commit in reversed(objects.history(pull.head_sha)):
        checkout.git("read-tree", "--empty")
        checkout.git("clean", "-fdxq")
        checkout.write(dict(commit.files))
        for name, data in commit.files.items():
            if isinstance(data, Executable):
                (path / name).chmod(0o755)
        checkout.git("add", "--all", "--force")
        assert checkout.git("write-tree") == commit.tree_sha
        stamp = f"{commit.author} <{commit.author}@users.noreply.github.com> "
        stamp += f"{int(commit.date.timestamp())} +0000"
        parents = "".join(f"parent {parent}\n" for parent in commit.parents)
        text = f"tree {commit.tree_sha}\n{parents}author {stamp}\ncommitter {stamp}\n\n"
        raw = path.parent / "commit"
        raw.write_bytes(f"{text}{commit.message}\n".encode())
        assert checkout.git("hash-object", "-t", "commit", "-w", str(raw)) == commit.sha
    checkout.git("update-ref", "refs/heads/main", pull.base_sha)
    checkout.git("update-ref", "refs/heads/topic", pull.head_sha)
    checkout.git("symbolic-ref", "HEAD", "refs/heads/topic")
    return checkout


@pytest.fixture
def served(house: House) -> tuple[Pull, str, bytes]:
    """Return a pull request, and what the server keeps of its verdict."""
    pull = house.samples["humanize"].open()
    house.verdict(pull)
    engine = open_engine(house.loop.settings.database_url)
    try:
        store = SqlStore(engine)
        head, inputs = store.inputs(pull.repo.full_name, pull.number)
        record = store.verdict(pull.repo.id, pull.number, head)
    finally:
        engine.dispose()
    return pull, record.details, inputs


def test_the_same_inputs_give_the_same_json_here_and_there(served, tmp_path, monkeypatch, capsys):
    """What `covgate check` says before the push would not be what the pull request gets."""
    pull, details, _ = served
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(clone(pull, tmp_path / "humanize").path)
    arguments = ["--base", "main", "--head", "topic", "--format", "json"]
    report = tmp_path / "coverage.xml"  # as CI names it
    report.write_bytes((REPORTS / "head.xml").read_bytes())
    arguments += ["--report", str(report), "--baseline", f"{REPORTS}/base.xml"]
    assert run(["check", *arguments]) == 0
    assert capsys.readouterr().out == details


def test_a_verdict_of_the_server_is_made_again_offline(served, tmp_path, capsys):
    """Nobody could look into a verdict that is doubted."""
    pull, details, inputs = served
    kept = tmp_path / "verdict"
    kept.write_bytes(inputs)
    assert run(["check", "--replay", str(kept), "--format", "json"]) == 0
    assert capsys.readouterr().out == details
    assert json.loads(details)["head"] == pull.head_sha
