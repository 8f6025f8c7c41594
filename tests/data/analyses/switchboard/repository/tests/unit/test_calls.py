import pytest

from switchboard.models.calls import Call


def test_a_call_rings_first():
    call = Call("100", "ada")
    assert call.state == "ringing"


def test_a_call_is_answered_once():
    call = Call("100", "ada")
    call.answer()
    assert call.state == "open"
    with pytest.raises(ValueError):
        call.answer()


def test_a_call_is_shown():
    call = Call("100", "ada")
    assert call.as_dict() == {"number": "100", "owner": "ada", "state": "ringing"}


def test_a_call_ends():
    call = Call("100", "ada")
    call.end()
