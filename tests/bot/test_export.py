"""`covgate export`: a verdict's inputs out of the server's database."""

from __future__ import annotations

import pytest

from bot.cli import run
from worker.core.refs import Repository, Sha
from worker.store import open_store

HEAD = Sha("a" * 40)


@pytest.fixture
def database(tmp_path, monkeypatch):
    """Return the address of a database that holds one pull request's inputs."""
    url = f"sqlite:///{tmp_path}/history.db"
    store = open_store(url)
    store.remember_repository(Repository(7, 70, "acme/rockets", "main"))
    store.record_inputs(70, 5, HEAD, b"inputs")
    monkeypatch.chdir(tmp_path)
    return url


def test_the_inputs_are_written_to_a_file(database, tmp_path, monkeypatch):
    """Whoever doubts a verdict would have to read the database by hand."""
    monkeypatch.setenv("COVGATE_DATABASE_URL", database)
    file = tmp_path / "verdict"
    assert run(["export", "Acme/rockets", "5", "-o", str(file), "--head", HEAD[:7]]) == 0
    assert file.read_bytes() == b"inputs"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["acme/rockets", "6"], "no verdict on acme/rockets#6 is kept"),
        (["acme/anvils", "5"], "no verdict on acme/anvils#5 is kept"),
        (["acme/rockets", "5", "--head", "bbb"], f"only the verdict on {HEAD} is kept"),
    ],
)
def test_what_is_not_kept_is_said(database, tmp_path, monkeypatch, capsys, arguments, reason):
    """Another verdict than the one in doubt would be looked at."""
    monkeypatch.setenv("COVGATE_DATABASE_URL", database)
    assert run(["export", *arguments, "-o", str(tmp_path / "verdict")]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "verdict").exists()


def test_without_a_database_the_variable_is_named(tmp_path, monkeypatch, capsys):
    """An empty database would be made, and asked in vain."""
    monkeypatch.delenv("COVGATE_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    assert run(["export", "acme/rockets", "5", "-o", "x"]) == 2
    assert "COVGATE_DATABASE_URL" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["ledger"], ["export", "acme/rockets", "5", "-o", "x"]])
def test_a_database_without_tables_is_named_and_none_is_made(
    command, tmp_path, monkeypatch, capsys
):
    """A mistyped address would leave an empty file behind, and speak of a database that is down."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COVGATE_DATABASE_URL", f"sqlite:///{tmp_path}/mistyped.db")
    assert run(command) == 2
    assert "is still empty" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_database_of_up_is_found(tmp_path, monkeypatch):
    """Who runs `covgate up` never wrote an address down."""
    monkeypatch.delenv("COVGATE_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".covgate").mkdir()
    store = open_store(f"sqlite:///{tmp_path}/.covgate/covgate.db")
    store.remember_repository(Repository(7, 70, "acme/rockets", "main"))
    store.record_inputs(70, 5, HEAD, b"inputs")
    assert run(["export", "acme/rockets", "5", "-o", "verdict"]) == 0
    assert (tmp_path / "verdict").read_bytes() == b"inputs"
