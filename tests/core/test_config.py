"""A repository's configuration: what it says is what holds, or the error says where."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from worker.core.config import (
    DEFAULT_CONFIG,
    CarryForward,
    CommandsRule,
    Config,
    CriticalPath,
    FlagRules,
    GoalsRule,
    LineClass,
    NewCodeRule,
    OnUnmeasured,
    Package,
    Partial,
    Priority,
    ProjectRule,
    RegressionRule,
    ReportSource,
    RiskLevel,
    RiskRule,
    config_schema,
    parse_config,
)
from worker.core.config.schema import ConfigModel
from worker.core.errors import ConfigError

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "configuration.md"

DEFAULTS = b"""\
version: 1
reports:
  - artifact: "coverage*"        # glob on the artifact's name
    files: ["**"]                # globs inside it; the format is recognised by content
    # flag: unit                 # the type of tests this report comes from
workflows: ["*"]                 # judge when every run of these has ended
gates:
  new_code: {minimum: 60}        # per cent of the new code's lines
  regression: {maximum: 2}       # percentage points against the baseline
"""


def refused(text: str | bytes) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_config(text if isinstance(text, bytes) else text.encode())
    return caught.value


@pytest.mark.parametrize(
    "text", [DEFAULTS, b"", b"# nothing yet\n", b"version: 1", b"\xef\xbb\xbf{}"]
)
def test_a_silent_repository_has_the_published_defaults(text):
    """A team would be judged by other rules than those that the documentation names."""
    assert parse_config(text) == replace(DEFAULT_CONFIG, present=True)
    assert not DEFAULT_CONFIG.present


def test_the_documented_example_means_what_it_says():
    """Who copies the example would get an error, or other rules."""
    example = re.search(r"```yaml\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    assert parse_config(example.group(1).encode()) == Config(
        reports=(
            ReportSource("coverage-unit*", ("**/coverage.xml",), "unit"),
            ReportSource("coverage-integration", ("**/lcov.info",), "integration"),
        ),
        workflows=("Tests",),
        new_code=NewCodeRule(Fraction(80), blocking=True),
        regression=RegressionRule(Fraction(1, 2), blocking=False),
        project=ProjectRule(Fraction(75), Fraction(90), ratchet=True, tolerance=Fraction(1, 10)),
        flags=(FlagRules("unit", new_code=NewCodeRule(Fraction(70))),),
        packages=(Package("core", ("src/core/**",), Fraction(85)),),
        critical=(CriticalPath("payments", ("src/payments/**",), flag="integration"),),
        ignore=("generated/**", "**/*_pb2.py"),
        partial=Partial.MISSED,
        commands=CommandsRule(allow=(("override", ("maintain", "@octo/release")),)),
        present=True,
    )


@pytest.mark.parametrize(
    ("written", "exact"),
    [("60.5", Fraction(121, 2)), ("33.3", Fraction(333, 10)), ("0", 0), ("100", 100), ("+1.0", 1),
     ("59.99999999999999999999", Fraction(5999999999999999999999, 10**20))],
)  # fmt: skip
def test_thresholds_are_exact_as_written(written, exact):
    """A share that lies exactly on the threshold would fail by a rounding error."""
    text = f"gates: {{new_code: {{minimum: {written}}}, regression: {{maximum: {written}}}}}"
    config = parse_config(text.encode())
    assert (config.new_code.minimum, config.regression.maximum) == (exact, exact)


def test_words_that_yaml_1_1_takes_for_something_else_are_texts():
    """An artifact named `on`, or a flag that is a date, could not be written."""
    config = parse_config(b"reports: [{artifact: on, files: [no], flag: 2020-01-01}]")
    assert config.reports == (ReportSource("on", ("no",), "2020-01-01"),)


UNKNOWN = "unknown key `x`; here may stand " + ", ".join(
    f"`{name}`" for name in sorted(ConfigModel.model_fields)
)
LINES = "a whole number from 0 to 9999"
PLAIN = "must be a plain number such as 60 or 60.5, not the number"


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("x: 1", 1, 1, UNKNOWN),
        ("\n\nx: 1", 3, 1, UNKNOWN),
        ("gates:\n  new_code: {minimun: 3}", 2, 14,
         "unknown key `minimun`; did you mean `minimum`?"),
        ("path_fixes: [{form: a}]", 1, 15, "unknown key `form`; did you mean `from`?"),
        ("gates:\n  newcode: {}", 2, 3, "unknown key `newcode`; did you mean `new_code`?"),
        ("reports: [{artifact: a, flags: b}]", 1, 25, "unknown key `flags`; did you mean `flag`?"),
        ("gates: {x: 1}", 1, 9,
         ("unknown key `x`; in `gates` may stand `branches`, `flags`, `functions`, `new_code`, "
         "`project`, `regression`")),
        ("reports: [{artifact: a, flag: unit}]\ngates: {flags: {unit: {projekt: {}}}}", 2, 24,
         "unknown key `projekt`; did you mean `project`?"),
        ("gates: {flags: {project: {x: 1}}}", 1, 27,
         ("unknown key `x`; in `gates.flags.project` may stand `branches`, `functions`, "
         "`new_code`, `project`, `regression`")),
        ("reports: [{artifact: a, carry_forward: {}}]", 1, 11,
         "`reports[0]` needs a `flag` to carry forward"),
        ("reports: [{artifact: a, flag: u, carry_forward: {days: 0}}]", 1, 56,
         "`reports[0].carry_forward.days` must be a whole number such as 14, not the number 0"),
        ("reports: [{artifact: a, flag: u, carry_forward: {commits: 101}}]", 1, 59,
         "`reports[0].carry_forward.commits` must be from 1 to 100, not the number 101"),
        ("reports: [{artifact: a, flag: unit}]\ngates: {flags: {unti: {}}}", 2, 17,
         "no entry of `reports` has the flag `unti`"),
        ("packages: [{name: a, paths: [x], flag: f}]", 1, 34,
         "no entry of `reports` has the flag `f`"),
        ("critical: [{name: a, paths: [x]}, {name: a, paths: [y]}]", 1, 42,
         "`critical` has the name `a` twice"),
        ("packages: [{name: 'a@b', paths: [x]}]", 1, 19,
         ("`packages[0].name` must be a name of at most 100 letters, digits, spaces and "
         ".:+/_-, and begin with a letter or a digit, not the text “a@b”")),
        ("check: {at: both}", 1, 9, "unknown key `at`; in `check` may stand `annotations`, `as`"),
        ("version: 2", 1, 10, "`version` must be 1, the only version there is, not the number 2"),
        ("version: '1'", 1, 10, "`version` must be 1, the only version there is, not the text “1”"),
        ("gates: {new_code: {minimum: 101}}", 1, 29,
         "`gates.new_code.minimum` must be from 0 to 100, not the number 101"),
        ("gates: {regression: {maximum: -1}}", 1, 31,
         "`gates.regression.maximum` must be from 0 to 100, not the number -1"),
        ("gates: {new_code: {minimum: yes}}", 1, 29,
         "`gates.new_code.minimum` must be a number such as 60 or 60.5, not the text “yes”"),
        ("gates: {new_code: {minimum: true}}", 1, 29,
         "`gates.new_code.minimum` must be a number such as 60 or 60.5, not true"),
        ("gates: {new_code: {minimum: .nan}}", 1, 29, f"`gates.new_code.minimum` {PLAIN} .nan"),
        ("gates: {new_code: {minimum: 060}}", 1, 29, f"`gates.new_code.minimum` {PLAIN} 060"),
        ("gates: {new_code: {minimum: 1:30}}", 1, 29, f"`gates.new_code.minimum` {PLAIN} 1:30"),
        ("gates: {new_code: {minimum: 1_0}}", 1, 29, f"`gates.new_code.minimum` {PLAIN} 1_0"),
        ("gates: {new_code: {count: new}}", 1, 27,
         "`gates.new_code.count` must be a list, not the text “new”"),
        ("gates: {new_code: {count: [moved]}}", 1, 27,
         ("`gates.new_code.count` must have `new` among its entries; "
          "`moved` and `touched` may be added")),
        ("gates: {new_code: {count: [new, old]}}", 1, 33,
         "`gates.new_code.count[1]` must be 'new', 'moved' or 'touched', not the text “old”"),
        ("gates: {new_code: {unmeasured: skip}}", 1, 32,
         "`gates.new_code.unmeasured` must be 'warn', 'count' or 'ignore', not the text “skip”"),
        ("gates: {new_code: {ignore_under: 1.5}}", 1, 34,
         f"`gates.new_code.ignore_under` must be {LINES}, not the number 1.5"),
        ("gates: {new_code: {blocking: yes}}", 1, 30,
         "`gates.new_code.blocking` must be true or false, not the text “yes”"),
        ("gates: 60", 1, 8, "`gates` must hold keys, not the number 60"),
        ("gates:\n  new_code:\n", 2, 3, "`new_code` has no value: give it one or remove it"),
        ("ignore: docs", 1, 9, "`ignore` must be a list, not the text “docs”"),
        ("ignore:\n  - a\n  - ''", 3, 5, "`ignore[1]` must not be empty"),
        ("ignore: [a, ~]", 1, 13, "`ignore[1]` must not be empty"),
        ("ignore: [' ']", 1, 10, "`ignore[0]` must not be empty, not the text “ ”"),
        ('ignore: ["a\\u0007"]', 1, 10,
         "`ignore[0]` must not have control characters, not the text “a\ufffd”"),
        ('ignore: ["\\uD800"]', 1, 10,
         "`ignore[0]` must not have control characters, not the text “\ufffd”"),
        ("reports: []", 1, 10, "`reports` must have at least one entry"),
        ("reports: [{artifact: a, files: []}]", 1, 32,
         "`reports[0].files` must have at least one entry"),
        ("reports:\n  - files: [x]", 2, 5, "`reports[0].artifact` is missing"),
        ("reports: [{artifact: }]", 1, 12, "`artifact` has no value: give it one or remove it"),
        ("reports: [{artifact: a, flag: 3.11}]", 1, 31,
         "`reports[0].flag` must be a text, not the number 3.11: put it in quotes"),
        ("partial: maybe", 1, 10, "`partial` must be 'covered' or 'missed', not the text “maybe”"),
        ("partial: missed\npartial: covered", 2, 1,
         "`partial` is given twice, first in line 1: remove one"),
        ("- 1", 1, 1, "the file must hold keys, not a list"),
        ("60", 1, 1, "the file must hold keys, not the number 60"),
        ("ignore: [a\npartial: missed", 2, 8, "this is not YAML: expected ',' or ']', but got ':'"),
        ("\tversion: 1", 1, 1,
         r"this is not YAML: found character '\t' that cannot start any token"),
        ("---\nversion: 1\n---\nversion: 1", 3, 1, "this is not YAML: but found another document"),
        ('ignore: ["\\UFFFFFFFF"]', None, None,
         "this is not YAML: an escape stands for no character"),
        ("version: \x01", 1, 10, r"the character '\x01' is not allowed"),
        ("? [a]\n: 1", 1, 3, "a key must be a word"),
        ("<<: {version: 1}", 1, 1, UNKNOWN.replace("`x`", "`<<`")),
        ("ignore: &a [x]", 1, 9, "anchors (&) and aliases (*) are not allowed: repeat it"),
        ("ignore: *a", 1, 9, "anchors (&) and aliases (*) are not allowed: repeat it"),
        ("!!python/object/apply:os.system [id]", 1, 1,
         "the tag !!python/object/apply:os.system is not allowed"),
        ("ignore: !mine [x]", 1, 9, "the tag !mine is not allowed"),
        (b"version: 1\nignore: [caf\xe9]", 2, 13, "the file is not in UTF-8"),
        ("version: 1".encode("utf-16"), 1, 1, "the file is not in UTF-8"),
        (b"#" * 65_537, None, None, "the file has 65,537 bytes; 65,536 are allowed"),
    ],
)  # fmt: skip
def test_an_error_says_where_it_is_and_what_to_write(text, line, column, reason):
    """The author would search a whole file for a mistake, or be judged by other rules."""
    error = refused(text)
    assert (error.line, error.column, error.reason) == (line, column, reason)


def test_the_first_error_of_the_file_is_told_with_the_number_of_the_others():
    """Who mends one error would push, wait and only then learn of the next."""
    text = "partial: maybe\ngates:\n  new_code: {minimum: 200}\npartial: missed\nversion: 1\nx: 1\n"
    assert str(refused(text)) == (
        "line 1, column 10: `partial` must be 'covered' or 'missed', not the text “maybe” "
        "(and 3 more problems further down the file)"
    )


def test_what_the_file_says_is_shown_short_and_in_one_line():
    """A hostile value could fill the check, or write a line of its own into it."""
    error = refused('partial: "' + "x" * 9_000 + '"')
    assert len(str(error)) < 200
    assert "\n" not in str(refused('"a\\nb\\u2028": 1'))


BOMBS = {
    "aliases": "a: &a [x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(100)),
    "lists": "[" * 65_000,
    "maps": "{a: " * 16_000,
    "dashes": "- " * 32_000,
    "questions": "? " * 32_000,
    "entries": f"ignore: [{'a,' * 32_000}]",
    "keys": "".join(f"k{i}: 1\n" for i in range(6_000)),
    "digits": f"gates: {{new_code: {{minimum: {'9' * 60_000}}}}}",
    "fraction": f"gates: {{new_code: {{minimum: 1.{'9' * 60_000}}}}}",
    "quotes": "'" * 65_000,
    "long": f"ignore: [{'*a' * 30_000}]",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_a_moment_and_an_error(name):
    """One repository's file would stop the worker for all others."""
    begin = time.process_time()
    refused(BOMBS[name])
    assert time.process_time() - begin < 5


VALUES = st.recursive(
    st.sampled_from(["a", "", "yes", "~", "60", "1.5", "101", "true", "''", ".nan", "!!str 1"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    | st.dictionaries(
        st.sampled_from(["version", "reports", "artifact", "files", "flag", "gates", "new_code",
                         "minimum", "blocking", "regression", "maximum", "ignore", "partial", "x"]),
        inner,
        max_size=3,
    ).map(lambda items: f"{{{', '.join(f'{key}: {value}' for key, value in items.items())}}}"),
    max_leaves=12,
)  # fmt: skip


def outcome(data: bytes) -> Config | ConfigError:
    try:
        return parse_config(data)
    except ConfigError as error:
        return error


@given(text=VALUES)
def test_any_file_gives_a_configuration_or_an_error_with_its_place(text):
    """A mistake nobody thought of would end the job without a word to the author."""
    result = outcome(text.encode())
    if isinstance(result, ConfigError):
        assert result.line == 1
        assert 1 <= result.column <= len(text) + 1
    else:
        assert result.present


@given(data=st.binary(max_size=60))
def test_any_bytes_give_a_configuration_or_an_error(data):
    """A file that is no text at all would end the job without a word to the author."""
    assert isinstance(outcome(data), Config | ConfigError)


def test_what_counts_as_new_code_can_be_chosen():
    """A team's choice of classes, exemptions and warnings would be passed over."""
    text = "gates: {new_code: {count: [touched, new], unmeasured: count, ignore_under: 5}}"
    rule = parse_config(text.encode()).new_code
    assert rule.count == (LineClass.NEW, LineClass.TOUCHED)
    assert (rule.unmeasured, rule.ignore_under) == (OnUnmeasured.COUNT, 5)
    assert NewCodeRule().count == (LineClass.NEW,)


def test_what_is_forgiven_and_carried_forward_can_be_chosen():
    """A team's nightly suite, or its deletions, would be judged by somebody else's rules."""
    text = (
        "reports: [{artifact: a, flag: e2e, carry_forward: {days: 3}}, "
        "{artifact: b, flag: unit, carry_forward: {}}]\n"
        "gates: {regression: {adjust: true, noise: 0.25}}"
    )
    config = parse_config(text.encode())
    assert [source.carry_forward for source in config.reports] == [
        CarryForward(days=3),
        CarryForward(50, 14),
    ]
    assert config.regression == RegressionRule(adjust=True, noise=Fraction(1, 4))


def keys_of(schema: dict, node: dict, prefix: str = "") -> dict[str, dict]:
    """Return every key that a schema knows, with its own schema."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]] | node
    found = {}
    if "items" in node:
        found |= keys_of(schema, node["items"], f"{prefix}[]")
    for name, value in node.get("properties", {}).items():
        path = f"{prefix}.{name}" if prefix else name
        found |= {path: value, **keys_of(schema, value, path)}
    return found


def test_every_key_is_described_and_documented():
    """A key would exist that nobody can find out about."""
    schema = config_schema()
    rows = DOCUMENTATION.read_text()
    keys = keys_of(schema, schema)
    assert len(keys) >= 55
    for name, node in keys.items():
        assert node.get("description"), name
        assert f"| `{name}` |" in rows, f"docs/configuration.md has no row for {name}"


def test_the_schema_takes_what_the_worker_takes():
    """An editor would mark a right file as wrong, or a wrong one as right."""
    schema = config_schema()
    json.dumps(schema)
    jsonschema_rs.meta.validate(schema)
    validator = jsonschema_rs.validator_for(schema)
    example = re.search(r"```yaml\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL).group(1)
    for right in (DEFAULTS, example):
        validator.validate(yaml.safe_load(right))
    properties = schema["properties"]
    defaults = {name: node["default"] for name, node in properties.items() if "default" in node}
    validator.validate(defaults)
    assert parse_config(json.dumps(defaults).encode()) == replace(DEFAULT_CONFIG, present=True)
    wrong = [
        "x: 1",
        "version: 2",
        "gates: {new_code: {minimum: 101}}",
        "ignore: x",
        "ignore: ['']",
        "reports: []",
        "reports: [{}]",
        "reports: [{artifact: 1}]",
        "partial: maybe",
    ]
    for text in wrong:
        assert not validator.is_valid(yaml.safe_load(text)), text
        refused(text)


def test_what_gaps_are_ranked_by_can_be_set():
    """A team's own levels of risk, floors and priorities would be passed over."""
    config = parse_config(
        b"risk: {critical: {below: 10.5, lines: 20}, high: {below: 30}, churn: 0, blocking: true}\n"
        b"under_tested: {below: 70}\nstrengths: {above: 95}\n"
        b"goals: {target: 75, floor: 50, blocking: false}\n"
        b"packages: [{name: core, paths: [core/**], priority: high}]\n"
    )
    critical, high = RiskLevel(Fraction(21, 2), 20), RiskLevel(Fraction(30), 1)
    assert config.risk == RiskRule(critical, high, churn=0, blocking=True)
    assert (config.under_tested, config.strengths) == (70, 95)
    assert config.goals == GoalsRule(Fraction(75), Fraction(50), blocking=False)
    assert config.packages[0].priority is Priority.HIGH
    assert "packages[0].priority" in str(refused("packages: [{name: a, paths: [b], priority: 9}]"))
    assert "risk.high.below" in str(refused("risk: {high: {lines: 3}}"))
