"""The types of the configuration's values: exact numbers, texts, lists of globs."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from worker.core.config.yaml import Number

__all__ = [
    "MAX_ITEMS",
    "Fifty",
    "Folder",
    "Globs",
    "Hundred",
    "Lines",
    "Model",
    "Name",
    "One",
    "SomeGlobs",
    "Text",
    "Whole",
]

MAX_ITEMS = 200
_DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?")
_MAX_DIGITS = 30
_MAX_TEXT = 500
_NAME = r"^\w[\w .:+/-]{0,99}$"
"""It stands in texts, in JSON and in the contexts of commit statuses."""


def _hundred(value: object) -> Fraction:
    """Return a number from 0 to 100, exactly as written."""
    if not isinstance(value, Number):
        raise PydanticCustomError("number", "must be a number such as 60 or 60.5")
    if len(value.text) > _MAX_DIGITS or not _DECIMAL.fullmatch(value.text):
        raise PydanticCustomError("number", "must be a plain number such as 60 or 60.5")
    number = Fraction(value.text)
    if not 0 <= number <= 100:
        raise PydanticCustomError("range", "must be from 0 to 100")
    return number


def _whole(value: object) -> int:
    """Return a whole number from 1 to 100."""
    if not isinstance(value, Number) or not re.fullmatch("[1-9][0-9]{0,3}", value.text):
        raise PydanticCustomError("whole", "must be a whole number such as 14")
    number = int(value.text)
    if number > 100:
        raise PydanticCustomError("range", "must be from 1 to 100")
    return number


def _lines(value: object) -> int:
    """Return a number of lines from 0 to 9999."""
    if not isinstance(value, Number) or not re.fullmatch("0|[1-9][0-9]{0,3}", value.text):
        raise PydanticCustomError("lines", "must be a whole number from 0 to 9999")
    return int(value.text)


def _fifty(value: object) -> int:
    """Return a number of remarks from 0 to 50."""
    if not isinstance(value, Number) or not re.fullmatch("[0-9]|[1-4][0-9]|50", value.text):
        raise PydanticCustomError("fifty", "must be a whole number from 0 to 50")
    return int(value.text)


def _one(value: object) -> int:
    if value != Number("1"):
        raise PydanticCustomError("version", "must be 1, the only version there is")
    return 1


def _text(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("empty", "must not be empty")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value):
        raise PydanticCustomError("control", "must not have control characters")
    return value


def _folder(value: str) -> str:
    return _text(value) if value else value


def _name(value: str) -> str:
    if not re.fullmatch(_NAME, value) or value != value.rstrip():
        raise PydanticCustomError(
            "name",
            "must be a name of at most 100 letters, digits, spaces and .:+/_-, "
            "and begin with a letter or a digit",
        )
    return value


Hundred = Annotated[
    Fraction,
    PlainValidator(_hundred),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100}),
]
Whole = Annotated[
    int,
    PlainValidator(_whole),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 100}),
]
Lines = Annotated[
    int,
    PlainValidator(_lines),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 9999}),
]
Fifty = Annotated[
    int,
    PlainValidator(_fifty),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 50}),
]
One = Annotated[int, PlainValidator(_one), WithJsonSchema({"const": 1})]
Text = Annotated[str, AfterValidator(_text), Field(min_length=1, max_length=_MAX_TEXT)]
Name = Annotated[
    str, AfterValidator(_name), Field(json_schema_extra={"pattern": _NAME, "maxLength": 100})
]
Folder = Annotated[str, AfterValidator(_folder), Field(max_length=_MAX_TEXT)]
Globs = Annotated[tuple[Text, ...], Field(max_length=MAX_ITEMS)]
SomeGlobs = Annotated[tuple[Text, ...], Field(min_length=1, max_length=MAX_ITEMS)]


class Model(BaseModel):
    """A mapping of keys, no others, in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
