import pytest


def test_a_key_fits(keys):
    assert keys.check("ada", "k1")


def test_security_004_guesses_are_counted(keys):
    for _ in range(3):
        assert not keys.check("ada", "wrong")
    with pytest.raises(PermissionError):
        keys.check("ada", "k1")


@pytest.mark.skip(reason="SECURITY-001 is open")
def test_security_001_keys_are_checked_in_one_place(keys):
    assert keys.check("bob", "k2")
