"""Who may give which command, as a repository writes it down; and the configuration in force."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from worker.core.config import DEFAULT_CONFIG, CommandsRule, config_schema, parse_config
from worker.core.config.effective import Setting, list_settings
from worker.core.errors import ConfigError


def rule(text: str) -> CommandsRule:
    return parse_config(f"commands: {text}".encode()).commands


def test_a_repository_says_who_may() -> None:
    """Everybody with write access could let everything in, whatever the team decided."""
    found = rule(
        '{prefix: /cov, override: {allow: [maintain, "@octo/release", "@mira"], '
        "allow_author: true}, recheck: {allow: [author, triage]}}"
    )
    assert found == CommandsRule(
        prefix="/cov",
        allow=(
            ("override", ("maintain", "@octo/release", "@mira")),
            ("recheck", ("author", "triage")),
        ),
        allow_author=True,
    )
    assert found.allowed("override") == ("maintain", "@octo/release", "@mira")
    assert found.allowed("status") is None


def test_what_is_not_said_is_each_commands_own_default() -> None:
    """Naming one thing would change another."""
    assert DEFAULT_CONFIG.commands == CommandsRule()
    assert rule("{override: {allow_author: true}}") == CommandsRule(allow_author=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{override: {allow: [author]}}", "that is `allow_author: true`"),
        ("{override: {allow: []}}", "must have at least one entry"),
        ("{override: {alow: [write]}}", "did you mean `allow`?"),
        ("{overide: {allow: [write]}}", "did you mean `override`?"),
        ("{recheck: {}}", "`commands.recheck.allow` is missing"),
        ("{recheck: {allow: [everybody]}}", "must be `read`"),
        ('{recheck: {allow: ["@"]}}', "must be `read`"),
        ('{recheck: {allow: ["@a/b/c"]}}', "must be `read`"),
        ('{recheck: {allow: ["@octo/../x"]}}', "must be `read`"),
        ("{prefix: /bot}", "begins with /cov"),
        ('{prefix: "/cov gate"}', "begins with /cov"),
        ("{prefix: /COV}", "in lower case"),
        ("{help: {allow: [write]}}", "unknown key `help`"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, reason: str) -> None:
    """A rule that nobody reads would leave the gate to everybody."""
    with pytest.raises(ConfigError) as caught:
        rule(text)
    assert reason in caught.value.reason
    assert caught.value.line == 1


def test_an_editor_knows_who_may_stand_there() -> None:
    """The mistake would be seen on GitHub only."""
    validator = jsonschema_rs.validator_for(config_schema())
    right = {"commands": {"prefix": "/cov", "recheck": {"allow": ["author", "@octo/release"]}}}
    assert validator.is_valid(right)
    for wrong in ({"recheck": {"allow": ["boss"]}}, {"prefix": "/x"}, {"recheck": {}}):
        assert not validator.is_valid({"commands": wrong}), json.dumps(wrong)


def test_every_value_is_told_with_its_line() -> None:
    """Nobody could tell a default from a decision."""
    text = (
        b"version: 1\nreports:\n  - artifact: x\n    flag: unit\n"
        b"gates:\n  new_code: {minimum: 33.3}\n  flags:\n    unit:\n"
        b"      branches: {minimum: 10}\nignore: [a, 'b*']\npartial: missed\n"
    )
    found = list_settings(text)
    given = [one for one in found if one.line is not None]
    assert given == [
        Setting("version", "1", 1),
        Setting("reports[0].artifact", "x", 3),
        Setting("reports[0].flag", "unit", 4),
        Setting("gates.new_code.minimum", "33.3", 6),
        Setting("gates.flags.unit.branches.minimum", "10", 9),
        Setting("ignore", "a, b*", 10),
        Setting("partial", "missed", 11),
    ]
    assert Setting("gates.regression.noise", "0.5") in found
    assert Setting("gates.new_code.blocking", "true") in found


def test_without_a_file_all_is_by_default() -> None:
    """A repository without a file would seem to have none of the gates."""
    assert Setting("gates.new_code.minimum", "60") in list_settings(None)
    assert all(one.line is None for one in list_settings(None))
    with pytest.raises(ConfigError):
        list_settings(b"x: 1\n")
