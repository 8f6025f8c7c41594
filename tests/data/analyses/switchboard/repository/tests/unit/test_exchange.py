import random
import time


def test_a_call_is_kept(exchange, shelf):
    exchange.open("ada", "k1", str(random.randrange(100)))
    assert len(shelf.all()) == 1


def test_a_call_is_opened_at_once(exchange):
    began = time.time()
    exchange.open("ada", "k1", "100")
    assert time.time() - began < 1


def test_everybody_is_put_through(exchange, shelf, keys, busy):
    assert exchange.transfer(busy[0], "300")
