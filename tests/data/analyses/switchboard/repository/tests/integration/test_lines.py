from switchboard.routes.sockets import Line


def test_a_line_is_resumed(exchange, busy, wire):
    ours, theirs = wire
    line = Line(exchange, ours)
    assert line.take("resume 100")
    assert theirs.recv(100) == b"resumed\n"


def test_nobody_listens(exchange, wire):
    ours, theirs = wire
    line = Line(exchange, ours)
    assert not line.take("say hello")
    assert theirs.recv(100) == b"nobody listens\n"


def test_words_arrive(exchange, busy, wire):
    ours, theirs = wire
    line = Line(exchange, ours)
    line.take("resume 100")
    assert line.take("say hello")
    assert theirs.recv(100) == b"resumed\nhello\n"
