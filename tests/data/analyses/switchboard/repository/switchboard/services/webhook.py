"""Tells others of a call."""

import json


class Webhook:
    def __init__(self, post):
        self.post = post

    def tell(self, call):
        body = json.dumps(call.as_dict())
        for _ in range(3):
            status = self.post("https://hooks.example/calls", body)
            if status < 300:
                return True
            if status == 410:
                return False
        return False
