import pytest
from depot.queue import Queue
from depot.steps import pack


def test_steps_keep_their_order():
    queue = Queue()
    queue.put("pack")
    queue.put("ship")
    assert queue.take() == "pack"
    assert queue.take() == "ship"
    with pytest.raises(LookupError):
        queue.take()


def test_a_box_is_packed_in_order():
    assert pack([2, 1]) == [1, 2]
