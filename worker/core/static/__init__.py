"""Reading files without running them: Python by its syntax tree, others by patterns."""

from __future__ import annotations

from worker.core.static.choosing import is_document, rank_files
from worker.core.static.coding import decode_facts, encode_facts, key_of_facts
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
from worker.core.static.python import is_frozen
from worker.core.static.reading import MAX_BYTES, is_test_path, read_facts
from worker.core.static.resolve import resolve
from worker.core.static.versions import resolve_versions

__all__ = [
    "MAX_BYTES",
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
    "is_document",
    "is_frozen",
    "is_test_path",
    "key_of_facts",
    "rank_files",
    "read_facts",
    "resolve",
    "resolve_versions",
    "stand_ins_of",
]
