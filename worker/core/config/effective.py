"""The configuration in force, key by key, and where each value comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING

from pydantic import BaseModel

from worker.core.config.reading import parse_config
from worker.core.config.schema import ConfigModel
from worker.core.config.yaml import Document, read_yaml
from worker.core.numbers import format_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.core.config.yaml import Loc

__all__ = ["Setting", "list_settings"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One value: its key with dots, as text, and the line it stands in (None: the default)."""

    key: str
    value: str
    line: int | None = None


def list_settings(data: bytes | None) -> tuple[Setting, ...]:
    """Return all values that hold by the file's bytes, the defaults too; None: no file.

    What is off and has no value is left out. Raises `ConfigError`.
    """
    document = Document()
    if data is not None:
        parse_config(data)
        document = read_yaml(data)
    model = ConfigModel.model_validate(document.data)
    return tuple(_settings(model, (), document))


def _settings(value: object, loc: Loc, document: Document) -> Iterator[Setting]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _settings(getattr(value, name), (*loc, field.alias or name), document)
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from _settings(value[key], (*loc, key), document)
    elif isinstance(value, tuple) and any(isinstance(one, BaseModel) for one in value):
        for index, one in enumerate(value):
            yield from _settings(one, (*loc, index), document)
    elif value not in (None, "", ()):
        yield Setting(_dotted(loc), _text(value), _line(loc, document))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Fraction):
        return format_limit(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return ", ".join(_text(one) for one in value)
    return str(value)


def _line(loc: Loc, document: Document) -> int | None:
    """Return the line of the key, or of the list that it is in; None where it is a default."""
    place = document.keys.get(loc) or document.values.get(loc)
    return place[0] if place else None


def _dotted(loc: Loc) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".")
