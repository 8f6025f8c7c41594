import pytest

from switchboard.models.calls import Call


def test_an_answer_opens():
    call = Call("1", "ada")
    call.answer()
    assert call.state == "open"


def test_an_end_ends():
    call = Call("1", "ada")
    call.end()
    assert call.state == "ended"


def test_an_open_call_is_not_answered():
    call = Call("1", "ada")
    call.answer()
    with pytest.raises(ValueError):
        call.answer()


def test_the_owner_is_shown():
    assert Call("1", "ada").as_dict()["owner"] == "ada"


def test_the_number_is_shown():
    assert Call("1", "ada").as_dict()["number"] == "1"
