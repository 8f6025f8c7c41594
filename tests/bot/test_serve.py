"""`covgate serve` where something that it needs is away."""

from __future__ import annotations

import time

import pytest
from structlog.testing import capture_logs

from bot.serve import open_app
from tests.support.web import running
from worker.settings import Settings


@pytest.mark.timeout(60)
def test_a_redis_that_is_away_is_told_at_once(tmp_path):
    """Without probes, a receiver that listens would look healthy, and all deliveries fail."""
    settings = Settings(
        webhook_secrets="x" * 32,
        redis_url="redis://127.0.0.1:1",
        database_url=f"sqlite:///{tmp_path}/covgate.db",
    )
    with capture_logs() as told, running(open_app(settings)):
        end = time.monotonic() + 30
        while not any(one["event"] == "redis does not answer" for one in told):
            assert time.monotonic() < end, told
            time.sleep(0.05)
    (line,) = (one for one in told if one["event"] == "redis does not answer")
    assert line["log_level"] == "warning"
    assert "COVGATE_REDIS_URL" in line["todo"]


def test_a_receiver_that_ends_at_once_waits_for_no_redis(tmp_path):
    """A stop would hang for as long as Redis is silent."""
    settings = Settings(
        webhook_secrets="x" * 32,
        redis_url="redis://127.0.0.1:1",
        database_url=f"sqlite:///{tmp_path}/covgate.db",
    )
    start = time.monotonic()
    with running(open_app(settings)):
        pass
    assert time.monotonic() - start < 5
