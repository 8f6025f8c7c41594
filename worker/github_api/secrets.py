"""A secret that does not show itself."""

from __future__ import annotations

__all__ = ["Secret"]


class Secret:
    """A text that prints as "Secret(…)": logs and tracebacks show values by `repr`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def reveal(self) -> str:
        """Return the text itself, for the one who sends it."""
        return self._value
