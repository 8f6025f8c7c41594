"""What is answered to slash-commands. What a person wrote stands in code spans alone."""

from __future__ import annotations

from difflib import get_close_matches
from fractions import Fraction
from typing import TYPE_CHECKING

from worker.core.model import format_lines
from worker.core.numbers import format_count, format_share
from worker.core.overrides import MAX_REASON
from worker.core.render.markdown import code, table, truncate_bytes
from worker.core.render.overrides import until_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from worker.core.commands import Command
    from worker.core.overrides import Override

__all__ = [
    "PREFIX",
    "Help",
    "clear_what",
    "defect",
    "flaky_cleared",
    "flaky_tests",
    "head_moved",
    "help_table",
    "joined",
    "mark",
    "misused",
    "no_flaky_test",
    "no_verdict",
    "not_allowed",
    "not_by_the_author",
    "nothing_to_revoke",
    "overridden",
    "refused_by_github",
    "revoked",
    "too_long",
    "unknown",
    "who",
]

PREFIX = "/covgate"
_LIMIT = 60_000
_SHOWN = 60
_MOST_FILES = 10
_MOST_TESTS = 30
_LONGEST_TEST = 300
_MOST_COMPARED = 2_000

Help = tuple[str, str, str]
"""A command's usage, what it does, and whether the caller may give it."""


def mark(comment_id: int) -> str:
    """Return what nobody sees of a reply, and by which it is found again."""
    return f"<!-- covgate-reply:{comment_id} -->"


def joined(commands: Sequence[Command], answers: Sequence[object]) -> str:
    """Return one reply for all; with several commands, each answer below its command.

    `answers` have a `text` each. A command whose answer is silent is left out.
    """
    said = [
        (command, text)
        for command, answer in zip(commands, answers, strict=True)
        if (text := str(getattr(answer, "text", "")))
    ]
    if len(commands) == 1:
        return truncate_bytes("".join(text for _, text in said), _LIMIT)
    budget = _LIMIT // max(len(said), 1)
    parts = [
        f"**{code(f'{PREFIX} {command.verb}'.strip(), longest=_SHOWN)}**\n\n"
        + truncate_bytes(text, budget)
        for command, text in said
    ]
    return "\n\n".join(parts)


def unknown(verb: str, names: Sequence[str]) -> str:
    """Say that there is no such command, and which is the nearest."""
    close = get_close_matches(verb[:40], names, n=1, cutoff=0.5)
    nearest = f" Did you mean `{PREFIX} {close[0]}`?" if close else ""
    return f"There is no command {code(verb, longest=_SHOWN)}.{nearest} `{PREFIX} help` lists all."


def misused(name: str, usage: str, text: str) -> str:
    """Say what is wrong with a command's arguments; `text` is Markdown of our own."""
    written = f"{PREFIX} {name} {usage}".strip()
    end = "" if text.endswith("?") else "."
    return f"Not done: {text}{end} It is written {code(written)}."


def too_long(most: int) -> str:
    """Say, for `misused`, that the arguments are too long."""
    return f"what follows the command has more than {most:,} characters"


def refused_by_github(reason: str) -> str:
    """Say that GitHub refused something."""
    return f"Not done: GitHub refuses it ({code(reason)})."


def defect() -> str:
    """Say that Covgate itself failed."""
    return "Not done: this is a defect of Covgate, which stands in its log. The verdict holds."


def not_by_the_author(name: str) -> str:
    """Say that the author of a pull request may not do this."""
    return (
        f"Not done: the author of a pull request may not give `{PREFIX} {name}` for it. Somebody "
        "else who may has to; or the configuration on the base branch has to allow it "
        "(`commands.override.allow_author: true`)."
    )


def not_allowed(
    name: str, allowed: Sequence[str], role: str, unread: Sequence[str], *, broken: bool
) -> str:
    """Say who may give a command, and what the caller is instead."""
    text = f"Not done: `{PREFIX} {name}` needs {who(allowed)} here; you have {code(role)}."
    if broken:
        text += (
            " The configuration on the base branch has a mistake, so that nobody knows whom else "
            "it allows."
        )
    if unread:
        teams = ", ".join(code(team) for team in unread)
        text += (
            f" GitHub does not tell Covgate who is in {teams}: give the App the permission "
            "`members: read`, and accept it for this organisation."
        )
    return text


def who(allowed: Sequence[str]) -> str:
    """Return who may, for people: "`maintain` or higher, or a member of `@org/release`"."""
    parts = []
    for one in allowed:
        if one == "author":
            parts.append("to be the author")
        elif "/" in one:
            parts.append(f"to be in {code(one)}")
        elif one.startswith("@"):
            parts.append(f"to be {code(one)}")
        else:
            parts.append(f"{code(one)}{'' if one == 'admin' else ' or higher'}")
    return " or ".join(parts)


def help_table(rows: Sequence[Help], login: str, role: str) -> str:
    """Return all commands, and which of them the caller may give."""
    body = table(
        ("command", "what it does", "you"),
        "llc",
        [(code(f"{PREFIX} {usage}"), text, may) for usage, text, may in rows],
    )
    return (
        f"{code(login)} has the role {code(role)} here.\n\n{body}\n\n"
        "Each stands alone on a line of a new comment; `/coverage` is the same as `/covgate`. "
        "Several are done in their order, at most 5. Edited comments are not read."
    )


def no_verdict(head: str, other: str = "") -> str:
    """Say that there is nothing to tell from."""
    text = f"There is no verdict on `{head[:7]}` to tell from"
    if other:
        text += f"; the latest one is on `{other[:7]}`"
    return f"{text}. `{PREFIX} status` tells what is awaited."


def head_moved(head: str) -> str:
    """Say that a commit came in that the caller has not seen."""
    return (
        f"Not done: `{head[:7]}` came in about when this was written, and an override holds for "
        "one commit that somebody looked at. Look at it, then say it again."
    )


def overridden(override: Override, head: str, uncovered: Mapping[str, int]) -> str:
    """Say what was let in, and what stays uncovered."""
    what = f"the gate {code(override.gate)}" if override.gate else "the check"
    text = (
        f"Overridden: {what} on `{head[:7]}`, by {code(override.who)} because "
        f"{code(override.reason, longest=2 * MAX_REASON)}{until_text(override)}. It is in the "
        f"ledger. A push ends it, or `{PREFIX} revoke`."
    )
    lines = sum(one.bit_count() for one in uncovered.values())
    if not lines:
        return text
    items = [
        f"- {code(path)}: {format_lines(uncovered[path])}"
        for path in sorted(uncovered)[:_MOST_FILES]
    ]
    if len(uncovered) > _MOST_FILES:
        items.append(f"- … and {format_count(len(uncovered) - _MOST_FILES, 'more file')}")
    verb = "stays" if lines == 1 else "stay"
    head_line = f"{format_count(lines, 'line')} of new code {verb} uncovered:"
    return "\n".join((text, "", head_line, "", *items))


def revoked(count: int, head: str) -> str:
    """Say that overrides have ended."""
    return f"Ended: {format_count(count, 'override')} of `{head[:7]}`. The gates decide again."


def nothing_to_revoke(head: str) -> str:
    """Say, for `misused`, that nothing is overridden."""
    return f"nothing of `{head[:7]}` is overridden"


def flaky_tests(rows: Sequence[tuple[str, int, int, datetime]]) -> str:
    """Return the tests that flake, by (name, flakes, runs, last), the worst first."""
    if not rows:
        return (
            "No test is known to flake: none passed and failed on the same files in the last "
            "90 days, as far as reports of the tests (JUnit XML) came with the coverage."
        )
    ordered = sorted(rows, key=lambda row: (-Fraction(row[1], row[2]), -row[1], row[0]))
    cells = [
        (
            code(test, longest=_LONGEST_TEST),
            f"{flakes:,}",
            f"{runs:,}",
            format_share(Fraction(100 * flakes, runs)),
            last.date().isoformat(),
        )
        for test, flakes, runs, last in ordered[:_MOST_TESTS]
    ]
    body = table(("test", "flakes", "runs", "rate", "last"), "lrrrl", cells)
    left = len(ordered) - _MOST_TESTS
    more = f"\n\n… and {format_count(left, 'more test')}." if left > 0 else ""
    tests = "test passed and failed" if len(ordered) == 1 else "tests passed and failed"
    return (
        f"{len(ordered):,} {tests} on the same files in the last 90 days.\n\n{body}{more}\n\n"
        "A run is a tree of files on which the test's suite ran; a flake is one on which it did "
        f"both. `{PREFIX} flaky clear TEST` forgets one that was mended."
    )


def flaky_cleared(test: str) -> str:
    """Say that a test counts as mended."""
    return (
        f"{code(test, longest=_LONGEST_TEST)} counts as mended: what was known of its flakes is "
        "forgotten. If it flakes again, it is listed again."
    )


def clear_what() -> str:
    """Say, for `misused`, what may follow the command."""
    return "after it comes nothing, or `clear` and the name of a test as the table has it"


def no_flaky_test(test: str, known: Sequence[str]) -> str:
    """Say, for `misused`, that no such test is known to flake, and which is the nearest."""
    close = get_close_matches(test[:_LONGEST_TEST], known[:_MOST_COMPARED], n=1, cutoff=0.5)
    nearest = f"; did you mean {code(close[0], longest=_LONGEST_TEST)}?" if close else ""
    return f"{code(test, longest=_SHOWN)} is not known to flake{nearest}"
