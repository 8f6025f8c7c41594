"""Which lines of a comment are commands: those that a reader sees as plain lines, no other."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from worker.core.commands import MAX_ARGUMENT, MOST_COMMANDS, Command, find_commands

HELP = (Command("help"),)


@pytest.mark.parametrize(
    "body",
    [
        "/covgate help",
        "/coverage help",
        "/CovGate HELP",
        "   /covgate   help  ",
        "/covgate\thelp",
        "Thanks!\n/covgate help\nBye.",
        "Thanks!\r\n/covgate help\r\n",
        "# Title\n/covgate help",
        "> quoted\n\n/covgate help",
        "<!-- a note -->\n\n/covgate help",
        "<details>\nold\n</details>\n\n/covgate help",
        "first<br>\n/covgate help",
    ],
)
def test_a_line_of_its_own_is_a_command(body: str):
    """Somebody would write a command, and nothing would happen."""
    assert find_commands(body) == HELP


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("> /covgate help", id="C1-quote"),
        pytest.param("> said\n/covgate help", id="C1-lazy-continuation"),
        pytest.param("```\n/covgate help\n```", id="C2-fenced"),
        pytest.param("~~~md\n/covgate help", id="C2-fence-without-end"),
        pytest.param("    /covgate help", id="C3-indented"),
        pytest.param("\t/covgate help", id="C3-tab"),
        pytest.param("see `a\n/covgate help\n`", id="C3-inline-over-lines"),
        pytest.param("<!--\n/covgate help\n-->", id="C4-comment"),
        pytest.param("note <!--\n/covgate help\n--> end", id="C4-comment-in-a-line"),
        pytest.param("<details>\n\n/covgate help\n\n</details>", id="C5-details"),
        pytest.param("<details><summary>x</summary>\n\n/covgate help", id="C5-never-ended"),
        pytest.param("<b>\n/covgate help\n</b>", id="C5-element-in-a-line"),
        pytest.param("# /covgate help", id="C6-heading"),
        pytest.param("/covgate help\n===", id="C6-underlined-heading"),
        pytest.param("[a\n/covgate help\n](https://example.com)", id="C6-link"),
        pytest.param("*a\n/covgate help\nb*", id="emphasis"),
        pytest.param("- /covgate help", id="list"),
        pytest.param("|a|\n|-|\n/covgate help", id="table"),
        pytest.param("/\u0441\u043evgate help", id="C12-homoglyph"),
        pytest.param("please /covgate help", id="in-a-sentence"),
        pytest.param("/covgatehelp", id="no-space"),
        pytest.param("/covgates help", id="another-word"),
        pytest.param("\\/covgate help", id="escaped"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_shown_otherwise_is_none(body: str):
    """A quotation of a command would give it a second time, or a hidden one be obeyed."""
    assert find_commands(body) == ()


def test_the_rest_of_the_line_is_the_argument_as_written():
    """A reason, or a file's name, would reach the ledger in another form."""
    body = (
        "/covgate override  see https://x.example/y?a=1 *and* `z` \n/covgate show src/__init__.py"
    )
    assert find_commands(body) == (
        Command("override", "see https://x.example/y?a=1 *and* `z`"),
        Command("show", "src/__init__.py"),
    )


def test_of_a_hundred_commands_the_first_five_count():
    """C13: one comment could keep the workers busy for an hour."""
    body = "\n".join(f"/covgate show {n}" for n in range(100))
    assert [one.argument for one in find_commands(body)] == [str(n) for n in range(MOST_COMMANDS)]


def test_an_endless_argument_is_cut():
    """64 KB of reason would travel into the check, the ledger and the log."""
    (command,) = find_commands("/covgate override " + "x" * 65_000)
    assert len(command.argument) == MAX_ARGUMENT + 1


PIECES = [
    *("/covgate help", "> ", "`", "```", "\n", "\n\n", "<details>", "</details>", "<!--", "-->"),
    *("# ", "- ", "*", "[", "](x)", "    ", "text", "|", "===", "<b>", "</b>"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_a_command_is_always_a_plain_line_of_the_rendered_comment(body: str):
    """Something would be obeyed that nobody who reads the comment can see."""
    rendered = MarkdownIt("commonmark").enable("table").render(body)
    text = re.sub(r"<!--.*?-->", "", rendered, flags=re.DOTALL)
    lines = [re.sub(r"^(<p>)?|(<br />)?(</p>)?$", "", line) for line in text.split("\n")]
    shown = [line for line in lines if re.match(r"/covgate help", line)]
    assert len(find_commands(body)) <= len(shown)


@pytest.mark.parametrize(
    "body",
    [
        f"/covgate{' ' * 60_000}\rx",
        f"/covgate{chr(9) * 60_000}\r\r",
        "/covgate help\n" * 4_000,
        f"/covgate help\n\n{'<b>' * 10_000}{'</c>' * 7_000}",
        f"/covgate help\n{'[' * 60_000}",
        f"/covgate help\n{'![' * 30_000}",
        f"/covgate help\n\n{'|a' * 200}\n{'|-' * 200}\n{f'|{chr(10)}' * 20_000}",
    ],
    ids=["spaces", "tabs", "commands", "tags", "brackets", "images", "rows"],
)
def test_t25_a_hostile_comment_takes_no_time(body):
    """Anybody who may comment could hold up the workers, half a minute a comment."""
    begin = time.process_time()
    assert len(find_commands(body)) <= MOST_COMMANDS
    assert time.process_time() - begin < 8  # a second at most in truth
