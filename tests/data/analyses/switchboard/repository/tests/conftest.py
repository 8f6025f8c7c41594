import socket

import pytest

from switchboard.models.calls import Call
from switchboard.services.exchange import Exchange
from switchboard.services.keys import Keys
from switchboard.store import Shelf


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def keys():
    return Keys({"ada": "k1", "bob": "k2"})


@pytest.fixture
def exchange(shelf, keys):
    return Exchange(shelf, keys)


@pytest.fixture
def busy(shelf):
    numbers = ["100", "101", "102"]
    calls = []
    for number in numbers:
        call = Call(number, "ada")
        shelf.keep(call)
        calls.append(call)
    calls[0].answer()
    calls[1].answer()
    calls[1].end()
    other = Call("200", "bob")
    shelf.keep(other)
    calls.append(other)
    return calls


@pytest.fixture
def wire():
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    there = server.accept()[0]
    yield client, there
    for one in (client, there, server):
        one.close()
