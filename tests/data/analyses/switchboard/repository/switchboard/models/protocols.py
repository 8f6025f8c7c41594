"""What a store of calls has to offer."""

from typing import Protocol


class Store(Protocol):
    def keep(self, call):
        ...

    def find(self, number):
        ...

    def calls(self, owner):
        ...
