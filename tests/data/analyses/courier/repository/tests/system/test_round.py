import socket

from courier.depot import print_label
from courier.routing import price


def test_a_parcel_is_priced_and_labelled():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert price(3, 10) == 4
        assert print_label(ours, "s2", 3) == "s2/van"
        assert theirs.recv(100) == b"s2/van\n"
