"""What a baseline keeps beside its reports, as bytes: tests, artifacts, contexts.

A version byte follows the magic. All of it explains a verdict and none of it decides one, so
what can't be read is as good as none.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from worker.core.junit import NO_TESTS, TestRun
from worker.core.model import Report

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_CONTEXTS", "Details", "decode_details", "encode_details", "with_contexts"]

MAX_CONTEXTS = 32 * 2**20
"""Bytes of contexts that are kept at most: above that, all are left out."""

_MAGIC = b"covgate details\x01"
_MAX_BYTES = 2**28
_Contexts = dict[str, list[tuple[str, bytes]]]
_MAX_TESTS = 300_000


@dataclass(frozen=True, slots=True)
class Details:
    """What a baseline keeps beside its reports."""

    tests: TestRun = NO_TESTS
    artifacts: tuple[str, ...] = ()
    contexts: Mapping[str, tuple[tuple[str, int], ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """`FileCoverage.contexts` by path; none where they were too many."""


class _Details(msgspec.Struct, array_like=True):
    tests: TestRun
    artifacts: tuple[str, ...]
    contexts: _Contexts | None


def _to_text(value: Any) -> Any:  # noqa: ANN401 - msgspec's signature
    if isinstance(value, Fraction):
        return str(value)
    raise NotImplementedError(type(value).__name__)


def _from_text(kind: type, value: Any) -> Any:  # noqa: ANN401 - msgspec's signature
    if kind is Fraction and isinstance(value, str):
        return Fraction(value)
    raise NotImplementedError(kind.__name__)


_encoder = msgspec.msgpack.Encoder(enc_hook=_to_text)
_decoder = msgspec.msgpack.Decoder(_Details, dec_hook=_from_text)


def encode_details(tests: TestRun, artifacts: tuple[str, ...], report: Report) -> bytes:
    """Return as bytes what ran for a report, with the report's contexts."""
    kept = tests if len(tests) <= _MAX_TESTS else NO_TESTS
    try:
        encoded = _encoder.encode(_Details(kept, artifacts, _contexts_of(report)))
    except UnicodeEncodeError:  # a name with half a surrogate pair
        encoded = _encoder.encode(_Details(NO_TESTS, (), None))
    return _MAGIC + zlib.compress(encoded, 1)


def decode_details(data: bytes | None) -> Details:
    """Return what `encode_details` was given; nothing where there is none that can be read."""
    if data is None or not data.startswith(_MAGIC):
        return Details()
    inflater = zlib.decompressobj()
    try:
        details = _decoder.decode(inflater.decompress(data[len(_MAGIC) :], _MAX_BYTES))
    except (zlib.error, msgspec.MsgspecError, ValueError, ZeroDivisionError):
        return Details()
    contexts = {
        path: tuple((name, int.from_bytes(octets, "little")) for name, octets in named)
        for path, named in (details.contexts or {}).items()
    }
    return Details(details.tests, details.artifacts, contexts)


def with_contexts(report: Report, details: Details) -> Report:
    """Return a stored report with its contexts, which are not stored in it."""
    if not details.contexts:
        return report
    contexts = details.contexts
    return Report.of(
        msgspec.structs.replace(file, contexts=contexts[file.path])
        if file.path in contexts
        else file
        for file in report
    )


def _contexts_of(report: Report) -> _Contexts | None:
    size = sum(lines.bit_length() // 8 + 1 for file in report for _, lines in file.contexts)
    if not 0 < size <= MAX_CONTEXTS:
        return None
    return {
        file.path: [
            (name, lines.to_bytes((lines.bit_length() + 7) // 8, "little"))
            for name, lines in file.contexts
        ]
        for file in report
        if file.contexts
    }
