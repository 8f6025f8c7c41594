"""From the file's bytes to a `Config`, or to one error that says where and what to write."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from worker.core.config.schema import ConfigModel
from worker.core.config.yaml import Document, Loc, Number, Problem, read_yaml, shown
from worker.core.errors import ConfigError
from worker.core.numbers import format_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

    from worker.core.config.values import Config

__all__ = ["parse_config"]

_MAX_BYTES = 64 * 2**10
_EXPECTED = {
    "bool_type": "must be true or false",
    "enum": "must be {expected}",
    "model_type": "must hold keys",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "string_type": "must be a text",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least one entry",
    "tuple_type": "must be a list",
}
"""What pydantic's errors mean to somebody who writes YAML.

https://docs.pydantic.dev/latest/errors/validation_errors/
"""


def parse_config(data: bytes) -> Config:
    """Return the configuration in the bytes of `.github/covgate.yml`.

    Keys that it does not give have their defaults. Raises `ConfigError` at the first thing
    that is wrong, in the order of the file, and says how many more there are.
    """
    if len(data) > _MAX_BYTES:
        raise ConfigError(f"the file has {len(data):,} bytes; {_MAX_BYTES:,} are allowed")
    document = read_yaml(data)
    problems = list(document.problems)
    try:
        config = ConfigModel.model_validate(document.data).value()
    except ValidationError as error:
        problems += _problems(error, document)
    if problems:
        raise _error(sorted(problems))
    return config


def _error(problems: list[Problem]) -> ConfigError:
    first, more = problems[0], len(problems) - 1
    suffix = f" (and {format_count(more, 'more problem')} further down the file)" if more else ""
    line, column = first.place
    return ConfigError(first.reason + suffix, line=line, column=column)


def _problems(error: ValidationError, document: Document) -> Iterator[Problem]:
    details = error.errors(include_url=False)
    inside = {detail["loc"][:-1] for detail in details} | {detail["loc"][:-2] for detail in details}
    for detail in details:
        if detail["type"] == "missing" and detail["loc"] in document.keys:
            continue  # it stands there without a value, which is a problem already
        if detail["type"] == "too_short" and detail["loc"] in inside:
            continue  # pydantic does not count entries that are wrong themselves
        yield _problem(detail, document)


def _problem(detail: ErrorDetails, document: Document) -> Problem:
    loc, kind = detail["loc"], detail["type"]
    if kind == "extra_forbidden":
        return Problem(document.keys[loc], _unknown(loc))
    if kind == "missing":
        return Problem(document.values[loc[:-1]], f"`{_dotted(loc)}` is missing")
    expected = _EXPECTED.get(kind, detail["msg"]).format(**detail.get("ctx", {}))
    subject = f"`{_dotted(loc)}`" if loc else "the file"
    given = "" if kind.startswith("too_") else _given(detail["input"])
    if kind == "string_type" and isinstance(detail["input"], Number | bool):
        given += ": put it in quotes"
    return Problem(document.values[loc], f"{subject} {expected}{given}")


def _unknown(loc: Loc) -> str:
    known = sorted(_model_at(loc[:-1]).model_fields)
    name = str(loc[-1])
    reason = f"unknown key `{shown(name)}`"
    close = get_close_matches(name[:100], known, n=1)
    if close:
        return f"{reason}; did you mean `{close[0]}`?"
    where = f"in `{_dotted(loc[:-1])}`" if loc[:-1] else "here"
    return f"{reason}; {where} may stand {', '.join(f'`{key}`' for key in known)}"


def _model_at(loc: Loc) -> type[BaseModel]:
    """Return the model of the mapping at `loc`."""
    model: type[BaseModel] = ConfigModel
    for name in loc:
        if isinstance(name, str):
            model = _model_in(model.model_fields[name].annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any type at all
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _dotted(loc: Loc) -> str:
    """Return "reports[0].artifact"."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return shown(text.removeprefix("."))


def _given(value: object) -> str:
    if isinstance(value, Number):
        return f", not the number {shown(value.text)}"
    if isinstance(value, bool):
        return f", not {str(value).lower()}"
    if isinstance(value, str):
        return f", not the text “{shown(value)}”" if value else ""
    return ", not a list" if isinstance(value, list) else ", not a mapping of keys"
