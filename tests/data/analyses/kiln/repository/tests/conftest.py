import pytest

from kiln.retry import Breaker


@pytest.fixture
def breaker():
    return Breaker(most=3, wait=0.05)
