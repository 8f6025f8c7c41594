"""Keeps calls in memory."""


class Shelf:
    def __init__(self):
        self.kept = []

    def keep(self, call):
        self.kept.append(call)

    def find(self, number):
        return next(call for call in self.kept if call.number == number)

    def calls(self, owner):
        return [call for call in self.kept if call.owner == owner]

    def all(self):
        return list(self.kept)

    def close(self):
        self.kept.clear()
