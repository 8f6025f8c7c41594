"""Takes steps in their order."""


class Queue:
    def __init__(self):
        self.steps = []

    def put(self, step):
        self.steps.append(step)

    def take(self):
        if not self.steps:
            raise LookupError("nothing waits")
        return self.steps.pop(0)
