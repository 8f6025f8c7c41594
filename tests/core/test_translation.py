"""Another service's configuration, in Covgate's words."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.config import CommentWhen, parse_config
from worker.core.errors import ConfigError
from worker.core.translation import translate

DATA = Path(__file__).parents[1] / "data" / "translation"
Golden = Callable[[str, str], None]


def test_a_codecov_file_is_translated_as_it_was_read_and_approved(golden: Golden) -> None:
    """Whoever moves here would lose a rule, or get one that he never had."""
    golden("translation/codecov.yml", translate((DATA / "codecov.yml").read_bytes()))


def test_a_coveralls_file_says_where_its_thresholds_go(golden: Golden) -> None:
    """Its thresholds stand on a website, and would be forgotten."""
    text = translate(b"service_name: github\nrepo_token: abc\nflag_name: unit\nparallel: true\n")
    assert "abc" not in text
    golden("translation/coveralls.yml", text)


@pytest.mark.parametrize(
    ("status", "maximum", "minimum", "new"),
    [
        ("{}", 0, None, 60),
        ("{project: off}", 0, None, 60),
        ("{project: {default: {threshold: 0.5%}}}", Fraction(1, 2), None, 60),
        ("{project: {default: {target: 80, threshold: 2}}}", 100, 78, 60),
        ("{patch: {default: {target: 90%, threshold: 5%}}}", 0, None, 85),
    ],
)
def test_statuses_become_gates(
    status: str, maximum: Fraction, minimum: Fraction | None, new: Fraction
) -> None:
    """A team's threshold would be another one after the move."""
    config = parse_config(translate(f"coverage: {{status: {status}}}".encode()).encode())
    assert config.regression.maximum == maximum
    assert config.project.minimum == minimum
    assert config.new_code.minimum == new


def test_what_was_switched_off_fails_nothing() -> None:
    """Pull requests would fail by a rule that nobody wanted."""
    text = translate(b"coverage: {status: {project: off, patch: no}}\ncomment: false")
    config = parse_config(text.encode())
    assert not config.regression.blocking
    assert not config.new_code.blocking
    assert config.comment.post is CommentWhen.NEVER


def test_another_file_is_refused_with_a_reason() -> None:
    """Somebody would put an empty configuration into his repository."""
    with pytest.raises(ConfigError, match=r"neither a codecov\.yml"):
        translate(b"on: push\njobs: {}")


KEYS = (
    "default",
    "target",
    "threshold",
    "flags",
    "paths",
    "name",
    "statuses",
    "type",
    "individual_flags",
    "api",
    "status",
    "individual_components",
    "project",
    "patch",
    "coverage",
    "flag_management",
    "carryforward",
    "comment",
    "ignore",
    "component_management",
    "fixes",
    "github_checks",
    "annotations",
)
VALUES = st.recursive(
    st.sampled_from(["80%", "auto", "off", "src/**", "a\nb: c", 'q"', "x" * 3000, "#"])
    | st.integers(-5, 500)
    | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(["coverage", "flags", "ignore", "fixes"]), VALUES))
def test_whatever_stands_there_the_result_is_valid_or_refused(data: object) -> None:
    """A translation that the check then refuses would be worse than none."""
    try:
        text = translate(yaml.safe_dump(data).encode())
    except ConfigError:
        return
    parse_config(text.encode())
