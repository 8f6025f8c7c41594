"""Tries again, a little later each time, and gives up after some failures."""

import time


class Breaker:
    def __init__(self, most, wait):
        self.most = most
        self.wait = wait
        self.failures = 0

    def call(self, function):
        if self.failures >= self.most:
            raise RuntimeError("open")
        for attempt in range(3):
            try:
                return function()
            except ConnectionError:
                time.sleep(self.wait * attempt)
        self.failures += 1
        return None
