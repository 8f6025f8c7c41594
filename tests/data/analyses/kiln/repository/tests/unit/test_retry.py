import time

import pytest


def fail():
    raise ConnectionError


def test_three_failures_open_the_breaker(breaker):
    for _ in range(3):
        breaker.call(fail)
    with pytest.raises(RuntimeError):
        breaker.call(fail)


def test_an_answer_comes_at_once(breaker):
    assert breaker.call(lambda: 7) == 7
    assert breaker.failures == 0


def test_the_waits_grow(breaker):
    began = time.monotonic()
    breaker.call(fail)
    breaker.call(fail)
    assert time.monotonic() - began > 0.25


def test_a_kiln_cools_down():
    time.sleep(0.6)
    assert True
