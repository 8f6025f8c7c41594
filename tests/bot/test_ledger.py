"""`covgate ledger`: what was let in, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.cli import run
from bot.ledger import render_ledger, render_ledger_json
from worker.core.refs import Repository, Sha
from worker.ports import OverrideRecord
from worker.store import open_store

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ENTRY = OverrideRecord(
    repository_id=70,
    comment_id=9,
    place=0,
    number=5,
    head_sha=Sha("a" * 40),
    who="mira",
    reason="the release must go \u202e now",
    made_at=NOON,
    gate="new_code",
    until=NOON + timedelta(days=2),
    tested="b" * 40,
    uncovered={"src/a.py": 0b1110, "b\x1b.py": 0b10},
    ended_at=NOON + timedelta(hours=1),
    ended_by="@bob",
    shown_in=8,
)


def test_an_entry_tells_who_when_why_and_what_stayed_uncovered() -> None:
    """An auditor would have to search the conversations."""
    assert render_ledger([("octo/hello", ENTRY)]) == (
        "2030-01-01 12:00 UTC  octo/hello#5 at aaaaaaa, by mira, the gate new_code alone\n"
        "  because: the release must go \\u202e now\n"
        "  until: 2030-01-03 12:00 UTC\n"
        "  ended: 2030-01-01 13:00 UTC, revoked by @bob\n"
        "  uncovered: 4 lines of new code\n"
        "    b\\u001b.py: 1\n"
        "    src/a.py: 1–3\n"
        "  shown again in #8"
    )
    assert render_ledger([]) == "No override yet."


def test_a_program_gets_the_same() -> None:
    """A report on exceptions would have to be typed by hand."""
    (entry,) = json.loads(render_ledger_json([("octo/hello", ENTRY)]))
    assert entry["repository"] == "octo/hello"
    assert entry["uncovered"] == {"b\x1b.py": [1], "src/a.py": [1, 2, 3]}
    assert (entry["ended_by"], entry["until"]) == ("@bob", "2030-01-03T12:00:00+00:00")
    assert json.loads(render_ledger_json([])) == []


def test_the_ledger_survives_the_process(tmp_path, monkeypatch, capsys) -> None:
    """What was let in would be forgotten with the next restart."""
    url = f"sqlite:///{tmp_path}/history.db"
    store = open_store(url)
    store.remember_repository(Repository(7, 70, "octo/hello", "main"))
    store.record_override(ENTRY)
    monkeypatch.setenv("COVGATE_DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    assert run(["ledger", "octo/hello", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["who"] == "mira"
    assert run(["ledger"]) == 0
    assert "by mira" in capsys.readouterr().out
    assert run(["ledger", "octo/none"]) == 0
    assert capsys.readouterr().out == "No override yet.\n"


@pytest.mark.parametrize(
    ("by", "words"), [("push", "by a push"), ("date", "by its date"), ("@push", "revoked by @push")]
)
def test_how_it_ended_is_told(by: str, words: str) -> None:
    """Somebody called "push" would be taken for one."""
    assert words in render_ledger([("o/h", replace(ENTRY, ended_by=by))])
