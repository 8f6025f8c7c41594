"""Streams what a firing says to whoever listens."""

import json


class Stream:
    def __init__(self, channel):
        self.channel = channel
        self.open = True

    def send(self, events):
        for event in events:
            if not self.open:
                print("closed", event)
                break
            self.channel.write(json.dumps(event))
            self.channel.flush()

    def close(self):
        if not self.open:
            return False
        self.open = False
        try:
            self.channel.close()
        except OSError:
            self.channel = None
            return False
        self.channel.flush()
        closed = self.channel.closed
        self.channel = None
        return closed
