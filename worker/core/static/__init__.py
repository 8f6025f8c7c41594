"""Reading files without running them: Python by its syntax tree, others by patterns."""

from __future__ import annotations

from worker.core.static.coding import decode_facts, encode_facts
from worker.core.static.facts import (
    VERSION,
    Assertion,
    FileFacts,
    Finding,
    Fixture,
    Helper,
    Language,
    Mock,
    Skip,
    SourceFunction,
    SourcePoint,
    TestFunction,
)
from worker.core.static.kinds import Kind, classify, stand_ins_of
from worker.core.static.reading import is_test_path, read_facts
from worker.core.static.resolve import resolve

__all__ = [
    "VERSION",
    "Assertion",
    "FileFacts",
    "Finding",
    "Fixture",
    "Helper",
    "Kind",
    "Language",
    "Mock",
    "Skip",
    "SourceFunction",
    "SourcePoint",
    "TestFunction",
    "classify",
    "decode_facts",
    "encode_facts",
    "is_test_path",
    "read_facts",
    "resolve",
    "stand_ins_of",
]
