"""How often one may ask, over real HTTP."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from bot.listener import bind
from bot.serve import open_app, serving
from bot.signin import limits
from tests.bot.signin.conftest import Browser, make_settings


@pytest.fixture
def few(monkeypatch):
    """Let the limits be reached soon."""
    for name in ("SIGN_IN", "API"):
        monkeypatch.setattr(getattr(limits, name), "a_minute", 4)


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/repositories"])
def test_too_many_requests_are_put_off(site, few, path):
    """One machine could try tokens without end, or use up everybody's time."""
    answers = [site.browser().get(path) for _ in range(6)]
    assert [one.status == 429 for one in answers] == [False] * 4 + [True] * 2
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 61


def test_people_are_counted_apart(site, few):
    """A whole company behind one address would be shut out by one of its people."""
    mira, rolf = site.sign_in("mira"), site.sign_in("rolf")
    for _ in range(5):
        last = mira.get("/api/v1/repositories")
    assert last.status == 429
    assert rolf.get("/api/v1/repositories").status == 200


def test_redis_away_refuses_nothing_that_needs_it_not(site, few, github, tmp_path):
    """The API would be shut for public repositories while Redis starts again."""
    settings = make_settings(github, tmp_path, f"unix://{tmp_path}/none.sock")
    rates = limits.Rates(lambda: _connect(settings.redis_url))
    assert [rates.wait(limits.API, "somebody") for _ in range(5)] == [0] * 5


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("203.0.113.9", "203.0.113.9/32"),
        ("::ffff:203.0.113.9", "203.0.113.9/32"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("unix", "unix"),
        ("", "somewhere"),
    ],
)
def test_each_address_is_counted_apart(host, place):
    """On a socket of both kinds, one IPv4 address would use up the limit of all of them."""
    assert limits._place(Request({"type": "http", "client": (host, 1)})) == place


def _connect(url):
    from redis import Redis  # noqa: PLC0415 -- without the real one's patience

    return Redis.from_url(url)


@pytest.mark.parametrize(("trusted", "apart"), [((), False), (("127.0.0.0/8",), True)])
def test_a_proxys_word_counts_where_it_is_trusted(github, few, tmp_path, redis_url, trusted, apart):
    """Anybody could pass for any address, or all people behind a proxy be one."""
    settings = make_settings(github, tmp_path, redis_url, trusted_proxies=trusted)
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    with serving(open_app(settings), listener, trusted=settings.trusted_proxies):
        found = [
            Browser(port).get("/sign-in", X_Forwarded_For=f"203.0.113.{at}").status
            for at in range(5)
        ]
    assert (429 not in found) is apart
