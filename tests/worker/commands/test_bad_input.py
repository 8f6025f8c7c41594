"""What people and machines write wrongly, or on purpose: no effect, or a plain answer."""

from __future__ import annotations

import re

import pytest

from bot.sandbox.markdown import render_markdown
from tests.worker.commands.conversation import CONFUSED, EYES, ROCKET, Conversation
from tests.worker.flows.world import NUMBER

HOSTILE = "@octo/team #1 closes #2 ![x](http://e/x.png) [a](http://e) <img src=x> `code` | *b* GH-3"


@pytest.fixture
def failed() -> Conversation:
    talk = Conversation()
    talk.fail()
    return talk


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("> /covgate override x1", id="c1-quoted"),
        pytest.param("```\n/covgate override x1\n```", id="c2-fenced"),
        pytest.param("    /covgate override x1", id="c3-indented"),
        pytest.param("`/covgate override x1`", id="c3-inline"),
        pytest.param("<!--\n/covgate override x1\n-->", id="c4-html-comment"),
        pytest.param("<details>\n\n/covgate override x1\n\n</details>", id="c5-details"),
        pytest.param("# /covgate override x1", id="c6-heading"),
        pytest.param("[\n/covgate override x1\n](http://e)", id="c6-link"),
        pytest.param("/\u0441\u043evgate override x1", id="c12-homoglyph"),
        pytest.param("/covgate\u200b override x1", id="c12-zero-width"),
        pytest.param("please /covgate override x1", id="in-a-sentence"),
    ],
)
def test_what_is_no_plain_line_has_no_effect(failed: Conversation, body: str) -> None:
    """A quoted command would be given once more, by whoever quotes it."""
    before = len(failed.github.writes)
    assert failed.say(body) == ([], "")
    assert failed.check.conclusion == "failure"
    assert failed.store.overrides(4711) == ()
    assert len(failed.github.writes) == before


def test_c7_an_edited_comment_is_not_read(failed: Conversation) -> None:
    """A harmless comment of a maintainer could be made a command by somebody else."""
    assert failed.say("/covgate override x1", edited=True) == ([], "")


def test_c10_a_bots_comment_is_not_read(failed: Conversation) -> None:
    """Two bots would talk to each other for ever."""
    assert failed.say("/covgate help", bot=True) == ([], "")
    assert failed.say("/covgate help", own=True)[0] == []
    assert failed.say("/covgate help", author="") == ([], "")


def test_c11_a_comment_of_another_conversation_is_not_read(failed: Conversation) -> None:
    """A comment on a plain issue would let a pull request in."""
    assert failed.say("/covgate override x1", on=NUMBER + 1) == ([], "")


def test_c13_only_the_first_five_of_a_hundred_are_done(failed: Conversation) -> None:
    """One comment would keep a worker for an hour."""
    reactions, reply = failed.say("/covgate status\n" * 100)
    assert reactions == [EYES, ROCKET]
    assert reply.count("**`/covgate status`**") == 5


def test_c14_a_comment_that_was_deleted_has_no_effect(failed: Conversation) -> None:
    """What somebody took back at once would be done."""
    comment = failed.write("/covgate override x1")
    del failed.github._comments[comment]
    assert failed.work() == "done"
    assert failed.check.conclusion == "failure"
    assert failed.replies == []


def test_c15_a_closed_pull_request_takes_no_commands(failed: Conversation) -> None:
    """A merged pull request's ledger could be written later."""
    failed.github.put_pull(NUMBER, failed.head, failed.base, state="closed")
    assert failed.say("/covgate override x1") == ([], "")
    assert failed.store.overrides(4711) == ()


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        pytest.param("", "an override needs a reason", id="no-reason"),
        pytest.param("--gate new_code", "an override needs a reason", id="options-alone"),
        pytest.param("...", "an override needs a reason", id="dots"),
        pytest.param("x1 --gate", "`--gate` needs a value", id="gate-without-name"),
        pytest.param("x1 --gate new_cod", "did you mean `new_code`?", id="unknown-gate"),
        pytest.param("x1 --gate zzzzzz", "there are `new_code`, `regression`", id="no-such-gate"),
        pytest.param("x1 --until 2029-12-31", "a day that is past", id="past"),
        pytest.param("x1 --until tomorrow", "a date such as", id="no-date"),
        pytest.param("x1 --until 2030-02-30", "in no calendar", id="no-such-day"),
        pytest.param("x1 --until 9999-12-31", "in no calendar", id="end-of-time"),
        pytest.param("x1 --until 2030-01-05 --until 2030-01-06", "given twice", id="twice"),
        pytest.param("x" * 501, "500 characters at most", id="long"),
        pytest.param("x" * 65_000, "more than 1,000 characters", id="64-kilobytes"),
    ],
)
def test_an_override_that_is_written_wrongly_is_none(
    failed: Conversation, argument: str, words: str
) -> None:
    """Half an override would be one, or nobody know what is wrong with it."""
    reactions, reply = failed.say(f"/covgate override {argument}")
    assert reactions == [EYES, CONFUSED]
    assert words in reply
    assert "`/covgate override REASON [--gate NAME] [--until DATE]`" in reply
    assert len(reply) < 1_000
    assert failed.check.conclusion == "failure"
    assert failed.store.overrides(4711) == ()


@pytest.mark.parametrize("command", ["show", "explain"])
def test_arguments_of_64_kilobytes_are_refused(failed: Conversation, command: str) -> None:
    """An answer would repeat them."""
    reactions, reply = failed.say(f"/covgate {command} {'a/' * 32_000}")
    assert reactions == [EYES, CONFUSED]
    assert "more than 1,000 characters" in reply
    assert len(reply) < 1_000


def test_a_verb_of_64_kilobytes_is_cut(failed: Conversation) -> None:
    """An answer would repeat it."""
    reactions, reply = failed.say(f"/covgate {'a' * 65_000}")
    assert reactions == [EYES, CONFUSED]
    assert len(reply) < 400


def test_nothing_is_smuggled_into_what_the_app_writes(failed: Conversation) -> None:
    """A stranger would mention teams, close issues and show images by the App's mouth."""
    failed.say(f"/covgate override {HOSTILE}")
    failed.say(f"/covgate {HOSTILE.replace(' ', '')}")
    failed.say(f"/covgate show {HOSTILE}")
    failed.say(f"/covgate explain {HOSTILE}:7")
    failed.say(f"/covgate override x1 --gate {HOSTILE}")
    output = failed.check.output
    written = [*failed.comments, output.summary, output.text]
    assert sum(HOSTILE.split(maxsplit=1)[0] in text for text in written) >= 6
    for text in written:
        html = str(render_markdown(text))
        outside = re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
        assert "<img" not in html
        assert 'href="http://e' not in html
        assert not re.search(r"@octo|#1\b|closes #2|GH-3|<em>b", outside)
        if not text.startswith("<!-- covgate -->"):
            assert not text.startswith("<!-- covgate")


def test_a_title_shows_what_would_turn_text_around(failed: Conversation) -> None:
    """A reason could make the check's title say something else."""
    failed.say("/covgate override ok\u202e drawkcab")
    assert "\\u202e" in failed.title
    assert "\u202e" not in failed.title + failed.check.output.summary + failed.comments[0]
