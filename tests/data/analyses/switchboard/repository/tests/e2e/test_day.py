from switchboard.routes.sockets import Line


def test_a_call_from_key_to_word(exchange, wire):
    ours, theirs = wire
    call = exchange.open("ada", "k1", "100")
    line = Line(exchange, ours)
    assert line.take("resume 100")
    assert line.take("say hello")
    assert call.owner == "ada"
    assert theirs.recv(100)
