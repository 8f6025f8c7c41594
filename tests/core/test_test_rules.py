"""The key `tests` of a repository's configuration: types, durations, ranges."""

from __future__ import annotations

from fractions import Fraction

import jsonschema_rs
import pytest
import yaml

from worker.core.config import DEFAULT_CONFIG, config_schema, parse_config
from worker.core.errors import ConfigError

VALIDATOR = jsonschema_rs.validator_for(config_schema())


def rules_of(text):
    VALIDATOR.validate(yaml.safe_load(text))
    return parse_config(text.encode()).tests


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90", 90), ("90s", 90), ("2m", 120), ("1h", 3600), ("0.5", Fraction(1, 2)), ("1.5m", 90)],
)
def test_a_duration_is_written_as_people_write_it(written, seconds):
    """Two minutes would have to be written as 120, or be taken for two seconds."""
    assert rules_of(f"tests: {{slow: {{over: {written}}}}}").slow.over == seconds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tests: {slow: {over: 0}}", "`tests.slow.over` must be more than no time"),
        ("tests: {slow: {over: 2 minutes}}", "must be a duration such as 90s, 2m or 1h"),
        ("tests: {slow: {over: -1}}", "must be a duration"),
        ("tests: {budgets: {unit: 2m}}", "unknown key `unit`"),
        ("tests: {budgets: {types: {unit: [2]}}}", "must be a duration"),
        ("tests: {pyramid: {shares: {unit: 60}}}", "must be a list of two numbers"),
        ("tests: {pyramid: {shares: {unit: [60, x]}}}", "must be a list of two numbers"),
        ("tests: {assertions: {target: [3, 2]}}", "must have the smaller number first"),
        ("tests: {types: {unit: {path: [a]}}}", "did you mean `paths`?"),
        ("tests: {skipped: {blocking: 1}}", "must be true or false"),
    ],
)
def test_a_wrong_value_says_what_to_write(text, reason):
    """A typing error would switch an analysis off, and nobody would know."""
    with pytest.raises(ConfigError, match="line 1, column") as error:
        parse_config(text.encode())
    assert reason in str(error.value)


def test_a_type_of_ones_own_replaces_only_that_one():
    """Who names his unit tests would lose the integration tests."""
    rules = rules_of("tests: {types: {unit: {paths: ['fast/**'], markers: [quick]}}}")
    names = [one.name for one in rules.types]
    assert names.count("unit") == 1
    assert rules.types[0].paths == ("fast/**",)
    assert set(names) == {one.name for one in DEFAULT_CONFIG.tests.types}


def test_budgets_and_shares_are_kept_as_written():
    """A budget of one type would count for another, or a pyramid would stand on its head."""
    rules = rules_of(
        "tests:\n  budgets: {types: {unit: 2m, smoke: 90}, total: 1h, blocking: true}\n"
        "  pyramid: {shares: {smoke: [60, 70.5], unit: [30, 40]}}\n"
    )
    assert rules.budgets.of("unit") == 120
    assert rules.budgets.of("smoke") == 90
    assert rules.budgets.of("total") == 3600
    assert rules.budgets.of("integration") == 600, "advised"
    assert rules.budgets.of("e2e") is None
    assert rules.pyramid.shares == (
        ("smoke", (Fraction(60), Fraction(141, 2))),
        ("unit", (Fraction(30), Fraction(40))),
    )


def test_analyses_of_the_tests_advise_unless_set_to_block():
    """A team that updates Covgate would get red checks for what it never asked for."""
    rules = DEFAULT_CONFIG.tests
    parts = (rules.budgets, rules.slow, rules.skipped, rules.assertions, rules.pyramid,
             rules.fixtures)  # fmt: skip
    assert not any(one.blocking for one in parts)
    assert not rules.changed
    assert not rules.doctests
    assert not rules.budgets.written
