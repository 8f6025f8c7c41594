"""YAML with places: plain data, and the line and column of every key and value.

PyYAML composes nodes and no objects are constructed, so nothing in the file can name code
to run. Scalars keep their text: numbers stay as written, and `yes`, `on` and dates are
texts, as in YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from worker.core.errors import ConfigError

__all__ = ["Data", "Document", "Loc", "Number", "Place", "Problem", "read_yaml", "shown"]

MAX_DEPTH = 20
"""Levels of nesting; PyYAML recurses, so that 1,000 "[" would break it."""

_TAG = "tag:yaml.org,2002:"
_SCALARS = {f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null", "timestamp")}
_SCALARS |= {f"{_TAG}merge", f"{_TAG}value"}  # what "<<" and "=" resolve to
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written."""

    text: str


Data: TypeAlias = "str | bool | Number | list[Data] | dict[str, Data]"
Loc: TypeAlias = tuple[int | str, ...]
"""The way from the top to a value: keys and indexes, as pydantic's errors have it."""
Place: TypeAlias = tuple[int, int]
"""Line and column, both from 1."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong at a place."""

    place: Place
    reason: str


@dataclass(slots=True)
class Document:
    """The file's data; where its keys and values stand; and what is wrong already."""

    data: Data = field(default_factory=dict)
    keys: dict[Loc, Place] = field(default_factory=dict)
    values: dict[Loc, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_yaml(data: bytes) -> Document:
    """Return the document in `data`, an empty mapping for an empty one.

    Raises `ConfigError` where it is no YAML, not UTF-8, nested too deeply, or has anchors,
    aliases or tags of its own. Keys given twice or without a value are `problems`.
    """
    text = _decoded(data)
    try:
        node = yaml.compose(text, _Loader)
    except yaml.reader.ReaderError as error:
        raise ConfigError(
            f"the character {chr(error.character)!a} is not allowed", **_at(text, error.position)
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"this is not YAML: {shown(error.problem or error.context or '', 200)}"
        raise _error(reason, mark) from error
    except (ValueError, OverflowError) as error:  # chr() of the number in "\UFFFFFFFF"
        raise ConfigError("this is not YAML: an escape stands for no character") from error
    document = Document()
    if node is not None:
        document.data = _plain(node, (), document)
    return document


def shown(text: str, width: int = 60) -> str:
    """Return text from the file for a message: short, and in one line."""
    text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= width else f"{text[: width - 1]}…"


class _Loader(yaml.SafeLoader):
    """Refuses what a configuration has no use for, while nodes are composed."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - PyYAML's
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:
            raise _error("anchors (&) and aliases (*) are not allowed: repeat it", event.start_mark)
        if self.depth > MAX_DEPTH:
            raise _error(f"more than {MAX_DEPTH} levels of nesting", event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        raise ConfigError("the file is not in UTF-8", **_at(before, len(before))) from error


def _at(text: str, position: int) -> dict[str, int]:
    before = text[:position]
    return {"line": before.count("\n") + 1, "column": len(before) - before.rfind("\n")}


def _place(mark: yaml.error.Mark) -> Place:
    return mark.line + 1, mark.column + 1


def _error(reason: str, mark: yaml.error.Mark | None) -> ConfigError:
    line, column = (None, None) if mark is None else _place(mark)
    return ConfigError(reason, line=line, column=column)


def _plain(node: yaml.Node, loc: Loc, document: Document) -> Data:
    document.values[loc] = _place(node.start_mark)
    if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
        return _mapping(node, loc, document)
    if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
        return [_plain(item, (*loc, index), document) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
        return _scalar(node)
    raise _error(f"the tag {shown(node.tag.replace(_TAG, '!!'))} is not allowed", node.start_mark)


def _mapping(node: yaml.MappingNode, loc: Loc, document: Document) -> dict[str, Data]:
    data: dict[str, Data] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _error("a key must be a word", key.start_mark)
        name, place = key.value, _place(key.start_mark)
        if (*loc, name) in document.keys:
            first = document.keys[*loc, name][0]
            reason = f"`{shown(name)}` is given twice, first in line {first}: remove one"
            document.problems.append(Problem(place, reason))
            continue
        document.keys[*loc, name] = place
        if value.tag == f"{_TAG}null":
            reason = f"`{shown(name)}` has no value: give it one or remove it"
            document.problems.append(Problem(place, reason))
            continue
        data[name] = _plain(value, (*loc, name), document)
    return data


def _scalar(node: yaml.ScalarNode) -> Data:
    text: str = node.value
    if node.tag == f"{_TAG}bool" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if node.tag in {f"{_TAG}int", f"{_TAG}float"}:
        return Number(text)
    return "" if node.tag == f"{_TAG}null" else text
