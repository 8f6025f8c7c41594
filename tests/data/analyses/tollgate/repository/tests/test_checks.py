from unittest.mock import Mock

from tollgate.checks import check


def test_an_unknown_plate():
    register = Mock()
    register.find.return_value = None
    check(register, "x")


def test_a_known_plate():
    register = Mock()
    register.find.return_value.stolen = False
    assert check(register, "x") == "known"
