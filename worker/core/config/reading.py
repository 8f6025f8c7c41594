"""From the file's bytes to a `Config`, or to one error that says where and what to write."""

from __future__ import annotations

from difflib import get_close_matches
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from worker.core.config.feature_rules import Feature
from worker.core.config.flow_rules import Flow
from worker.core.config.schema import ConfigModel
from worker.core.config.yaml import Document, Loc, Number, Problem, read_yaml, shown
from worker.core.errors import ConfigError
from worker.core.numbers import format_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from worker.core.config.values import Config, CriticalPath, Package

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
        model = ConfigModel.model_validate(document.data)
    except ValidationError as error:
        problems += _problems(error, document)
    else:
        problems += _contradictions(model.value(), document)
    if problems:
        raise _error(sorted(problems))
    return model.value()


def _error(problems: list[Problem]) -> ConfigError:
    first, more = problems[0], len(problems) - 1
    suffix = f" (and {format_count(more, 'more problem')} further down the file)" if more else ""
    line, column = first.place
    return ConfigError(first.reason + suffix, line=line, column=column)


def _problems(error: ValidationError, document: Document) -> Iterator[Problem]:
    details = error.errors(include_url=False)
    unknown = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    inside = {detail["loc"][:end] for detail in details for end in range(len(detail["loc"]))}
    for detail in details:
        if detail["type"] == "missing" and detail["loc"] in document.keys:
            continue  # it stands there without a value, which is a problem already
        if detail["type"] == "missing" and _is_misspelt(detail["loc"], unknown):
            continue  # "did you mean" says it better
        if detail["type"] == "too_short" and detail["loc"] in inside:
            continue  # pydantic does not count entries that are wrong themselves
        yield _problem(detail, document)


def _is_misspelt(missing: Loc, unknown: Sequence[Loc]) -> bool:
    """Return whether a key beside the missing one looks like it."""
    beside = [str(loc[-1])[:100] for loc in unknown if loc[:-1] == missing[:-1]]
    return bool(get_close_matches(str(missing[-1]), beside, n=1))


def _contradictions(config: Config, document: Document) -> Iterator[Problem]:
    """Yield what is wrong between keys: names given twice, flags that no report has."""
    flags = {source.flag for source in config.reports if source.flag}
    named: list[tuple[Loc, str | None]] = [
        (("gates", "flags", rules.name), rules.name) for rules in config.flags
    ]
    lists: dict[str, Sequence[Package | CriticalPath | Feature | Flow]] = {
        "packages": config.packages,
        "critical": config.critical,
        "features": config.features,
        "flows": config.flows,
    }
    for key, entries in lists.items():
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            if not isinstance(entry, Feature | Flow):
                named.append(((key, index, "flag"), entry.flag))
            if entry.name in seen:
                place = document.values[key, index, "name"]
                yield Problem(place, f"`{key}` has the name `{entry.name}` twice")
            seen.add(entry.name)
    for loc, flag in named:
        if flag is not None and flag not in flags:
            reason = f"no entry of `reports` has the flag `{shown(flag)}`"
            yield Problem(document.keys[loc], reason)


def _problem(detail: ErrorDetails, document: Document) -> Problem:
    loc, kind = detail["loc"], detail["type"]
    if kind == "extra_forbidden":
        return Problem(document.keys[loc], _unknown(loc))
    if kind == "missing":
        return Problem(document.values[loc[:-1]], f"`{_dotted(loc)}` is missing")
    expected = _EXPECTED.get(kind, detail["msg"]).format(**detail.get("ctx", {}))
    subject = f"`{_dotted(loc)}`" if loc else "the file"
    given = (
        ""
        if kind.startswith("too_") or kind in ("path_fix", "classes", "flagless", "bounds")
        else _given(detail["input"])
    )
    if kind == "string_type" and isinstance(detail["input"], Number | bool):
        given += ": put it in quotes"
    return Problem(document.values[loc], f"{subject} {expected}{given}")


def _unknown(loc: Loc) -> str:
    fields = _model_at(loc[:-1]).model_fields
    known = sorted(field.alias or name for name, field in fields.items())
    name = str(loc[-1])
    reason = f"unknown key `{shown(name)}`"
    close = get_close_matches(name[:100], known, n=1)
    if close:
        return f"{reason}; did you mean `{close[0]}`?"
    where = f"in `{_dotted(loc[:-1])}`" if loc[:-1] else "here"
    return f"{reason}; {where} may stand {', '.join(f'`{key}`' for key in known)}"


def _model_at(loc: Loc) -> type[BaseModel]:
    """Return the model of the mapping at `loc`."""
    annotation: Any = ConfigModel
    for name in loc:
        annotation = _inside(annotation, name)
    return _model_in(annotation) or ConfigModel


def _inside(annotation: Any, name: str | int) -> Any:  # noqa: ANN401 - any type at all
    """Return the type of what stands at a key or an index."""
    model = _model_in(annotation)
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = next(one for one in get_args(annotation) if one is not NoneType)
    if isinstance(name, int) or get_origin(annotation) is dict:
        return model
    return _field(model, name).annotation


def _field(model: type[BaseModel] | None, name: str) -> FieldInfo:
    """Return a field by its key in the file, which for `as` is not its name in Python."""
    fields = (model or ConfigModel).model_fields
    return next(field for key, field in fields.items() if name == (field.alias or key))


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
