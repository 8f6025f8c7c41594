import socket

from courier.depot import print_label


def test_a_label_reaches_the_printer():
    server = socket.create_server(("127.0.0.1", 0))
    with server, socket.create_connection(server.getsockname()) as printer:
        line = print_label(printer, "s1", 3)
        with server.accept()[0] as there:
            assert there.recv(100) == b"s1/van\n"
    assert line == "s1/van"
