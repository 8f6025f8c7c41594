from switchboard.models.calls import Call


def test_a_default_is_ringing():
    assert Call("1", "ada").as_dict()["state"] == "ringing"


def test_calls_of_an_owner_are_listed(exchange, busy):
    assert [call["number"] for call in exchange.calls("ada")] == ["100", "101", "102"]


def test_an_exchange_closes(exchange, busy, shelf):
    exchange.close()
    assert shelf.all() == []
