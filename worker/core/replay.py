"""A verdict's inputs as one file, from which it can be made again, anywhere and offline.

The file is a magic with a version byte and zlib's stream of MessagePack
(https://github.com/msgpack/msgpack/blob/master/spec.md). Values are written by the names of
their classes and fields, those at their defaults left out: a newer Covgate reads what an
older one wrote, and one that is too old says so. The same inputs give the same bytes.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from worker.core import (
    codec,
    flapping,
    junit,
    material,
    numbers,
    overrides,
    refs,
    tested,
    verdict,
)
from worker.core.config import feature_rules, flow_rules, gap_rules, test_rules
from worker.core.config import values as config_values
from worker.core.diff import mapping
from worker.core.diff import values as diff_values
from worker.core.errors import CovgateError
from worker.core.model import Report
from worker.core.paths import fixes, matching
from worker.core.render import context as render_context
from worker.core.render import paths as render_paths
from worker.core.render.context import Context
from worker.core.static import facts
from worker.core.verdict import Inputs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

__all__ = ["decode_replay", "encode_replay"]

_MAGIC = b"covgate replay\x01"
_MAX_BYTES = 2**29
_LEVEL = 1
"""Reports are compressed already; what is left are texts, which take little of it."""
_KIND = ""
"""The key under which a mapping holds the name of what it stands for; no field has it."""
_INT, _FRACTION, _TIME, _DAY = 1, 2, 3, 4
"""MessagePack's extension types of what it has no type for."""
_MODULES: tuple[ModuleType, ...] = (
    config_values,
    diff_values,
    facts,
    feature_rules,
    fixes,
    flapping,
    flow_rules,
    gap_rules,
    junit,
    mapping,
    matching,
    material,
    numbers,
    overrides,
    refs,
    render_context,
    render_paths,
    test_rules,
    tested,
    verdict,
)
"""Where the classes are that may stand in a file: nothing else is ever made of one."""
_facts = msgspec.msgpack.Decoder(facts.FileFacts)


def encode_replay(inputs: Inputs, context: Context) -> bytes:
    """Return the inputs of a verdict, and the context of its texts, as a file's bytes."""
    writer = _Writer()
    value = writer.write((inputs, context))
    encoded = msgspec.msgpack.encode([value, writer.reports])
    return _MAGIC + zlib.compress(encoded, _LEVEL)


def decode_replay(data: bytes) -> tuple[Inputs, Context]:
    """Return what `encode_replay` was given; raises `CovgateError` where it is no such file.

    Reports are as `worker.core.analysis.analyze` needs them.
    """
    if not data.startswith(_MAGIC[:-1]):
        raise CovgateError("it is no file that `covgate check --save` or `covgate export` wrote")
    if not data.startswith(_MAGIC):
        raise CovgateError("it is of another version: replay it with the Covgate that wrote it")
    try:
        value, reports = msgspec.msgpack.decode(_inflate(data[len(_MAGIC) :]), ext_hook=_extended)
        inputs, context = _Reader(reports).read(value)
    except CovgateError:
        raise
    except (zlib.error, msgspec.MsgspecError, ValueError, TypeError, LookupError) as error:
        raise CovgateError(f"it is damaged, or of a newer Covgate ({error})") from None
    if not isinstance(inputs, Inputs) or not isinstance(context, Context):
        raise CovgateError("it holds something else than a verdict's inputs")
    return inputs, context


@dataclass(slots=True)
class _Writer:
    """Turns values into what MessagePack has; each report is written once."""

    reports: list[Any] = field(default_factory=list)
    _known: dict[int, tuple[int, Report]] = field(default_factory=dict)

    def write(self, value: object) -> Any:  # noqa: ANN401 - any value that MessagePack has
        if value is None or isinstance(value, bool | bytes):
            return value
        if isinstance(value, Enum):
            return {_KIND: type(value).__name__, "value": value.value}
        if isinstance(value, str):
            return _text(value)
        if isinstance(value, int):
            return _integer(value)
        if isinstance(value, Fraction):
            return msgspec.msgpack.Ext(_FRACTION, str(value).encode())
        if isinstance(value, date):
            code = _TIME if isinstance(value, datetime) else _DAY
            return msgspec.msgpack.Ext(code, value.isoformat().encode())
        if isinstance(value, Report):
            return {_KIND: "Report", "at": self._report(value)}
        return self._write_several(value)

    def _write_several(self, value: object) -> Any:  # noqa: ANN401 - as above
        if isinstance(value, list | tuple):
            return [self.write(one) for one in value]
        if isinstance(value, frozenset):
            return {_KIND: "frozenset", "items": [self.write(one) for one in sorted(value)]}
        if isinstance(value, Mapping):
            pairs = [[self.write(key), self.write(one)] for key, one in value.items()]
            return {_KIND: "Mapping", "items": pairs}
        if isinstance(value, facts.FileFacts):
            # There are thousands of them, each of hundreds of values.
            return {_KIND: "FileFacts", "packed": msgspec.msgpack.encode(value)}
        name = type(value).__name__
        kind = _kinds().get(name)
        if kind is None or not isinstance(value, kind):
            raise TypeError(f"{name} can not be kept for a replay")
        fields = {
            attribute: self.write(getattr(value, attribute))
            for attribute, default in _fields(kind)
            if getattr(value, attribute) != default
        }
        return {_KIND: name, **fields}

    def _report(self, report: Report) -> int:
        known = self._known.get(id(report))
        if known is None:
            # The report is kept, too, or another one might get its id.
            known = self._known[id(report)] = len(self.reports), report
            self.reports.append([codec.encode_report(report), self.write(_contexts(report))])
        return known[0]


class _Reader:
    """Turns them back; reports are decoded where they are asked for."""

    def __init__(self, reports: list[Any]) -> None:
        self._reports: list[Any] = reports
        self._decoded: dict[int, Report] = {}

    def read(self, value: Any) -> Any:  # noqa: ANN401 - any value at all
        if isinstance(value, list):
            return tuple(self.read(one) for one in value)
        if not isinstance(value, dict):
            return value
        name = value[_KIND]
        if name == "Report":
            return self._report(value["at"])
        if name == "FileFacts" and "packed" in value:
            return _facts.decode(value["packed"])
        if name == "Mapping":
            return MappingProxyType({self.read(key): self.read(one) for key, one in value["items"]})
        if name == "frozenset":
            return frozenset(self.read(one) for one in value["items"])
        if name == "str":
            return value["value"].decode("utf-8", "surrogatepass")
        make = _kinds()[name]
        return make(**{key: self.read(one) for key, one in value.items() if key != _KIND})

    def _report(self, at: int) -> Report:
        if at not in self._decoded:
            data, contexts = self._reports[at]
            self._decoded[at] = _with_contexts(codec.decode_report(data), self.read(contexts))
        return self._decoded[at]


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(data, _MAX_BYTES)
    if not inflater.eof:
        raise ValueError("it is cut, or longer than any verdict's")
    return inflated


def _contexts(report: Report) -> dict[str, tuple[tuple[str, int], ...]]:
    return {file.path: file.contexts for file in report if file.contexts}


def _with_contexts(report: Report, contexts: Mapping[str, tuple[tuple[str, int], ...]]) -> Report:
    if not contexts:
        return report
    return Report.of(
        msgspec.structs.replace(file, contexts=contexts.get(file.path, ())) for file in report
    )


def _integer(value: int) -> int | msgspec.msgpack.Ext:
    """Return a number, as bytes where it is longer than MessagePack's: a bitmap."""
    if -(2**63) <= value < 2**63:
        return value
    octets = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return msgspec.msgpack.Ext(_INT, octets)


def _text(value: str) -> str | dict[str, object]:
    """Return a text, as bytes where it is none that UTF-8 has: a name with half a character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return {_KIND: "str", "value": value.encode("utf-8", "surrogatepass")}
    return value


def _extended(code: int, data: memoryview) -> object:
    if code == _INT:
        return int.from_bytes(data, "little", signed=True)
    text = bytes(data).decode()
    if code == _FRACTION:
        return Fraction(text)
    return date.fromisoformat(text) if code == _DAY else datetime.fromisoformat(text)


@cache
def _kinds() -> dict[str, type[Any]]:
    """Return the classes that may stand in a file, by name."""
    return {
        name: one
        for module in _MODULES
        for name, one in vars(module).items()
        if isinstance(one, type) and one.__module__ == module.__name__
        if is_dataclass(one) or issubclass(one, Enum | msgspec.Struct)
    }


def _fields(kind: type[Any]) -> tuple[tuple[str, object], ...]:
    """Return the attributes of a class's values, with their defaults."""
    if issubclass(kind, msgspec.Struct):
        return tuple((one.name, one.default) for one in msgspec.structs.fields(kind))
    found: Iterable[dataclasses.Field[Any]] = dataclasses.fields(kind)
    return tuple((one.name, _default(one)) for one in found if one.init)


def _default(one: dataclasses.Field[Any]) -> object:
    if one.default_factory is not dataclasses.MISSING:
        return one.default_factory()
    return one.default
