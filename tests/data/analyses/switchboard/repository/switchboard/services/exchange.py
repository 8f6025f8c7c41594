"""Puts calls through, and keeps them."""

import threading
import time

from switchboard.models.calls import Call


class Exchange:
    def __init__(self, store, keys):
        self.store = store
        self.keys = keys
        self.lock = threading.Lock()

    def open(self, owner, key, number):
        if not self.keys.check(owner, key):
            raise PermissionError(owner)
        call = Call(number, owner)
        with self.lock:
            self.store.keep(call)
        return call

    def transfer(self, call, number, attempts=3):
        for attempt in range(attempts):
            try:
                self.store.keep(Call(number, call.owner))
            except ConnectionError:
                time.sleep(0.1 * attempt)
                continue
            call.end()
            return True
        return False

    def calls(self, owner):
        # PERF-001
        return [call.as_dict() for call in self.store.calls(owner)]

    def close(self):
        for call in self.store.all():
            if call.state == "open":
                call.end()
        self.store.close()
