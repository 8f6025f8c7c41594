"""Badges: what they say, who sees them, and that they stay fresh."""

from __future__ import annotations

import json
import zlib
from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest

from bot.dashboard.access import BadgeTokens
from bot.dashboard.badges import Badge, coverage_badge, draw_badge, find_flag
from bot.dashboard.facts import read_snapshot
from tests.bot.dashboard.conftest import TOKENS
from tests.bot.dashboard.samples import OPEN, SECRET, snapshot
from tests.support.hostile import HOSTILE
from worker.core.numbers import Ratio


def test_the_default_branch_has_a_badge(site):
    """A README would show a broken picture."""
    reply = site.get("/acme/rockets/badge.svg")
    assert reply.status == 200
    assert reply.headers["content-type"] == "image/svg+xml"
    root = ET.fromstring(reply.body)
    assert root.get("aria-label") == "coverage: 81.11\u202f%"
    assert "default-src 'none'" in reply.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "81.11 %"),
        ("?branch=main", "81.11 %"),
        ("?branch=none", "unknown"),
        ("?package=engine", "77.77 %"),
        ("?package=src", "75.00 %"),
        ("?package=none", "unknown"),
        ("?flag=unit", "unknown"),
    ],
)
def test_branches_packages_and_flags_have_badges(site, query, message):
    """A team would show the whole project's number for its own part."""
    badge = site.get(f"/acme/rockets/badge.json{query}").json
    assert badge["message"] == message
    assert badge["schemaVersion"] == 1
    assert badge.get("isError", False) == (message == "unknown")


def test_a_flag_is_found_among_the_types_of_tests():
    """The badge of the unit tests would say "unknown"."""
    facts = read_snapshot(snapshot(OPEN).data)
    assert find_flag(facts, "unit") is None
    rows = [["unit", {"covered": 3, "total": 4}], ["e2e", {"covered": 9, "total": 4}]]
    table = {"columns": ["type", "all lines"], "rows": rows}
    data = json.dumps({"insights": [{"name": "test_types", "tables": [table]}]})
    facts = read_snapshot(zlib.compress(data.encode()))
    assert find_flag(facts, "unit") == Ratio(3, 4)
    assert find_flag(facts, "e2e") is None


def test_private_badges_need_their_token(site):
    """Anybody could read how a private repository is covered."""
    token = TOKENS.token(SECRET)
    hidden, absent = site.get("/acme/secret/badge.svg"), site.get("/acme/nothing/badge.svg")
    assert hidden.status == absent.status == 404
    assert hidden.body == absent.body
    assert b"unknown" in hidden.body
    assert site.get(f"/acme/secret/badge.svg?token={token}").status == 200
    assert site.get(f"/acme/secret/badge.svg?token={TOKENS.token(OPEN)}").status == 404
    assert site.get("/acme/secret/badge.svg?token=%ff").status == 404
    assert site.get(f"/acme/secret?token={token}").status == 404


def test_tokens_are_a_secrets_own():
    """Whoever runs another Covgate could make the token."""
    assert BadgeTokens(b"other").token(SECRET) != TOKENS.token(SECRET)


def test_badges_stay_fresh_and_are_sent_once(site):
    """A README would show last week's number, or load the same picture again and again."""
    first = site.get("/acme/rockets/badge.svg")
    assert first.headers["cache-control"] == "public, max-age=60, must-revalidate"
    again = site.get("/acme/rockets/badge.svg", if_none_match=first.headers["etag"])
    assert again.status == 304
    secret = site.get(f"/acme/secret/badge.svg?token={TOKENS.token(SECRET)}")
    assert "private" in secret.headers["cache-control"]


def test_a_repository_page_shows_the_badges_address(own_site):
    """Nobody would know the token."""
    assert f"/acme/secret/badge.svg?token={TOKENS.token(SECRET)}" in own_site.page("/acme/secret")
    assert "token=" not in own_site.page("/acme/rockets")


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "\ud800"])
def test_names_are_inert_in_badges(name):
    """The name of a package would become markup of a picture that every README loads."""
    text = draw_badge(coverage_badge(Ratio(1, 2), name))
    root = ET.fromstring(text)
    assert {node.tag.partition("}")[2] for node in root.iter()} == {
        "svg", "title", "clipPath", "rect", "g", "text",
    }  # fmt: skip


def contrast(colour):
    """Return the contrast of white on a colour, as WCAG has it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


@pytest.mark.parametrize("percent", [0, 50, 65, 80, 90, None])
def test_badges_can_be_read(percent):
    """White on yellow is no number to many readers."""
    lines = None if percent is None else Ratio(percent, 100)
    badge = coverage_badge(lines)
    assert isinstance(badge, Badge)
    assert contrast(badge.colour) >= 4.5
    assert (badge.message == "unknown") == (percent is None)
    assert lines is None or lines.percent == Fraction(percent)
