"""What a translation makes: the keys of a configuration, and remarks on what is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from worker.core.config.yaml import Number, shown

if TYPE_CHECKING:
    from worker.core.config.yaml import Data, Document, Loc

__all__ = ["Translation", "as_mapping", "as_percent", "as_texts", "is_off"]


@dataclass(slots=True)
class Translation:
    """A configuration in the making, and what a reader of it should know."""

    document: Document
    config: dict[str, Any] = field(default_factory=dict)
    """Plain data: mappings, lists, texts, whole numbers, `Fraction`s, booleans."""
    notes: list[str] = field(default_factory=list)

    def note(self, loc: Loc, text: str) -> None:
        """Remark on a key of the original; what was said already is not said again."""
        name = ".".join(shown(str(part)) for part in loc)
        line = self.document.keys.get(loc, self.document.values.get(loc, (0, 0)))[0]
        remark = f"line {line}, {name}: {text}" if line else f"{name}: {text}"
        if remark not in self.notes:
            self.notes.append(remark)


def as_mapping(data: Data | None) -> dict[str, Data]:
    """Return a mapping, an empty one where something else stands."""
    return data if isinstance(data, dict) else {}


def as_texts(data: Data | None) -> list[str]:
    """Return a list's texts, or a single text as a list."""
    if isinstance(data, str):
        return [data] if data else []
    return [one for one in data if isinstance(one, str)] if isinstance(data, list) else []


def as_percent(data: Data | None) -> Fraction | None:
    """Return "80%", 80 or 80.5 as a number; None for "auto" and whatever is none."""
    text = data.text if isinstance(data, Number) else data if isinstance(data, str) else ""
    text = text.strip().removesuffix("%").strip()
    try:
        number = Fraction(text) if len(text) <= 12 and "/" not in text else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number <= 100 else None


def is_off(data: Data | None) -> bool:
    """Return whether a value says no, as YAML 1.1 has it."""
    return data is False or (isinstance(data, str) and data.lower() in {"no", "off", "false", "n"})
