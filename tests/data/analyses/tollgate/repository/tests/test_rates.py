from unittest.mock import MagicMock, patch

from tollgate.rates import RateSource, charge, judge


def test_more_axles_cost_more():
    source = MagicMock()
    source.fetch.return_value = 3
    assert charge(source, "a1", 4) == 12
    assert charge(source, "a1", 2) == 6


def test_a_rate_is_fetched():
    with patch("tollgate.rates.RateSource.__init__", return_value=None):
        source = RateSource(None)
    source.client = MagicMock()
    source.client.get.return_value.json.return_value = {"rate": 3}
    assert source.fetch("a1") == 3


def test_accounts_are_judged():
    assert judge(100, 5) == "healthy"
    assert judge(20, 5) == "warning"
    assert judge(1, 5) == "empty"
