"""Keys, tokens and where they are kept."""

from __future__ import annotations

from datetime import UTC, datetime

import jwt
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.fakes.clock import FakeClock
from worker.core.errors import SettingError
from worker.github_api.auth import AppKey
from worker.github_api.secrets import Secret
from worker.github_api.tokens import AccessToken, MemoryTokenCache, RedisTokenCache, TokenKey

KEY = TokenKey(7, 11, (("checks", "write"), ("contents", "read")))
TOKEN = AccessToken(Secret("ghs_canary"), datetime(2030, 1, 1, 13, tzinfo=UTC))


def test_jwt_is_what_github_asks_for(private_key, private_key_text):
    """GitHub refuses tokens from the future and those that live longer than ten minutes."""
    clock = FakeClock()
    token = AppKey(42, private_key_text).sign(clock.now()).reveal()
    claims = jwt.decode(
        token,
        private_key.public_key(),
        algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    now = int(clock.now().timestamp())
    assert claims == {"iss": "42", "iat": now - 60, "exp": now + 480}
    assert claims["exp"] - claims["iat"] <= 9 * 60


@pytest.mark.parametrize("text", ["", "secret-nonsense", "-----BEGIN RSA PRIVATE KEY-----\nAAAA"])
def test_wrong_key_names_its_setting_only(text):
    """A mistyped key would start a worker that can do nothing, or end up in a log."""
    with pytest.raises(SettingError, match="COVGATE_PRIVATE_KEY") as caught:
        AppKey(42, text)
    assert not text or text not in str(caught.value)


def test_secrets_do_not_show_themselves(private_key_text):
    """A token in a traceback or a log line is a token for everybody who reads it."""
    shown = [repr(TOKEN), str(TOKEN.secret), f"{TOKEN}", repr(AppKey(42, private_key_text))]
    assert not any("canary" in text or "BEGIN" in text for text in shown)
    assert TOKEN.secret == Secret("ghs_canary")
    assert len({TOKEN.secret, Secret("ghs_canary")}) == 1


def test_derived_keys_differ_by_app_key_and_purpose(private_key_text, other_key_text):
    """Two Apps that share a Redis would read one another's tokens."""
    mine = AppKey(42, private_key_text)
    other = AppKey(42, other_key_text)
    assert mine.derive("tokens") == AppKey(42, private_key_text).derive("tokens")
    assert len({mine.derive("tokens"), other.derive("tokens"), mine.derive("else")}) == 3


@pytest.fixture(params=["memory", "redis"])
def cache(request, private_key_text):
    if request.param == "memory":
        return MemoryTokenCache()
    redis = request.getfixturevalue("redis_client")
    return RedisTokenCache(redis, AppKey(42, private_key_text).derive("tokens"))


def test_cache_keeps_and_drops(cache):
    """Each job would ask GitHub for a token of its own, or go on with a dead one."""
    assert cache.get(KEY) is None
    cache.put(KEY, TOKEN, seconds=60)
    assert cache.get(KEY) == TOKEN
    assert cache.get(TokenKey(7, 12, KEY.permissions)) is None
    assert cache.get(TokenKey(7, 11, (("checks", "write"),))) is None
    cache.drop(KEY)
    cache.drop(KEY)
    assert cache.get(KEY) is None


def test_redis_holds_no_readable_token(redis_client, private_key_text):
    """Whoever reads Redis, its file or a backup could write to everybody's pull requests."""
    cache = RedisTokenCache(redis_client, AppKey(42, private_key_text).derive("tokens"))
    cache.put(KEY, TOKEN, seconds=60)
    (name,) = redis_client.keys()
    assert b"canary" not in redis_client.get(name)
    assert 0 < redis_client.ttl(name) <= 60


def test_tokens_in_redis_can_not_be_swapped_or_forged(redis_client, private_key_text):
    """Whoever writes to Redis could give one repository's job another one's token."""
    cache = RedisTokenCache(redis_client, AppKey(42, private_key_text).derive("tokens"))
    cache.put(KEY, TOKEN, seconds=60)
    (name,) = redis_client.keys()
    other = TokenKey(7, 12, KEY.permissions)
    cache.put(other, TOKEN, seconds=60)
    (other_name,) = set(redis_client.keys()) - {name}
    redis_client.set(other_name, redis_client.get(name))
    assert cache.get(other) is None
    redis_client.set(name, b"forged")
    assert cache.get(KEY) is None


def test_a_rotated_app_key_starts_afresh(redis_client, private_key_text, other_key_text):
    """After a key's rotation every job would die of what the old one left."""
    old = RedisTokenCache(redis_client, AppKey(42, private_key_text).derive("tokens"))
    old.put(KEY, TOKEN, seconds=60)
    new = RedisTokenCache(redis_client, AppKey(42, other_key_text).derive("tokens"))
    assert new.get(KEY) is None


def test_redis_away_is_a_cache_miss(private_key_text):
    """A cache that fails would take the judging down with it."""
    away = {"unix_socket_path": "/nonexistent/redis.sock", "retry": Retry(NoBackoff(), 0)}
    with Redis(**away) as redis:
        cache = RedisTokenCache(redis, AppKey(42, private_key_text).derive("tokens"))
        cache.put(KEY, TOKEN, seconds=60)
        cache.drop(KEY)
        assert cache.get(KEY) is None
