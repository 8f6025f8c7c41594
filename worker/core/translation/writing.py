"""A translation as text: YAML that the configuration's own reader takes."""

from __future__ import annotations

import json
import textwrap
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from worker.core.config import parse_config
from worker.core.numbers import format_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.core.translation._notes import Translation

__all__ = ["write_config"]

_WIDTH = 96
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")


def write_config(name: str, translation: Translation) -> str:
    """Return the configuration, with what its reader should know above it.

    Raises `ConfigError` where it would not be valid: the original asks for something that
    this page's limits forbid.
    """
    lines = [f"# Translated from {name}. Put it into .github/covgate.yml of the base branch."]
    if translation.notes:
        lines += ["#", "# Not the same here, or to be looked at:"]
        for note in translation.notes:
            wrapped = textwrap.wrap(note, _WIDTH, break_long_words=False, break_on_hyphens=False)
            lines += [f"# {'-' if not at else ' '} {part}" for at, part in enumerate(wrapped)]
    lines += ["version: 1", *_mapping(translation.config, "")]
    text = "\n".join(lines) + "\n"
    parse_config(text.encode())
    return text


def _mapping(data: dict[str, Any], indent: str) -> Iterator[str]:
    for key, value in data.items():
        name = key if key and set(key) <= _PLAIN else json.dumps(key)
        if isinstance(value, dict) and value:
            yield f"{indent}{name}:"
            yield from _mapping(value, f"{indent}  ")
        elif isinstance(value, list) and value:
            yield f"{indent}{name}:"
            yield from _items(value, f"{indent}  ")
        else:
            yield f"{indent}{name}: {_scalar(value)}"


def _items(data: list[Any], indent: str) -> Iterator[str]:
    for item in data:
        if not isinstance(item, dict):
            yield f"{indent}- {_scalar(item)}"
            continue
        for at, line in enumerate(_mapping(item, f"{indent}  ")):
            yield line if at else f"{indent}- {line.lstrip()}"


def _scalar(value: Any) -> str:  # noqa: ANN401 - any plain value
    if isinstance(value, Fraction):
        return format_limit(value)
    # JSON's texts are YAML's double-quoted ones: https://yaml.org/spec/1.2.2/#731-double-quoted-style
    return json.dumps(value, ensure_ascii=False)
