"""Tests that passed and failed on the same files: what is remembered to find them.

A state says of a test whether it was seen to pass, to fail, or both, in the reports of one
suite on one tree. A test that fails on other files has a reason to; one that does both on
the same is flaky. Google counted 1.5 % of all runs as such
(https://testing.googleblog.com/2016/05/flaky-tests-at-google-and-how-we.html).
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.core.junit import TestRun

__all__ = ["FAILED", "MOST_STATES", "PASSED", "merge_states", "states_of"]

PASSED, FAILED = 1, 2
_BOTH = PASSED | FAILED

MOST_STATES = 50_000
"""Of a suite of more tests only those that failed are kept: a pass after a failure is still
found, a failure after a pass is not."""
_BROKEN = 10
"""Where more tests than this, and more than half, fail, a machine is broken and not a test."""
_LONGEST_ID = 2_000
_MAX_BYTES = 2**28

_decoder = msgspec.json.Decoder(dict[str, int])


def states_of(run: TestRun) -> Mapping[str, int]:
    """Return the states that one report tells, by the tests' ids, sorted.

    A test that the runner ran again until it passed did both. Two test cases of one id that
    ended differently may be two tests, so they tell nothing; nor do skipped ones, and nor
    does a report most of whose tests failed.
    """
    seen: dict[str, int] = {}
    unclear = set()
    for case in run.cases:
        if case.outcome == "skipped" or len(case.id) > _LONGEST_ID:
            continue
        state = PASSED if case.outcome == "passed" else FAILED
        if state == PASSED and case.reruns:
            state = _BOTH
        known = seen.setdefault(_storable(case.id), state)
        if known != state and _BOTH not in {known, state}:
            unclear.add(_storable(case.id))
        seen[_storable(case.id)] |= state
    failed = sum(1 for state in seen.values() if state == FAILED)
    if failed > _BROKEN and 2 * failed > len(seen):
        return {}
    return {test: seen[test] for test in sorted(seen) if test not in unclear}


def merge_states(known: bytes, new: Mapping[str, int]) -> tuple[bytes, tuple[str, ...]]:
    """Return what to keep of a suite on a tree, and the tests that are flaky as of now, sorted.

    `known` is what was kept before, empty for nothing. What can't be read is as good as that.
    """
    before = _decode(known)
    merged = {test: before.get(test, 0) | new.get(test, 0) for test in before.keys() | new.keys()}
    flaky = [test for test, state in merged.items() if state == _BOTH != before.get(test)]
    if len(merged) > MOST_STATES:
        merged = {test: state for test, state in merged.items() if state & FAILED}
    ordered = {test: merged[test] for test in sorted(merged)}
    return zlib.compress(msgspec.json.encode(ordered)), tuple(sorted(flaky))


def _decode(known: bytes) -> dict[str, int]:
    if not known:
        return {}
    try:
        return _decoder.decode(zlib.decompressobj().decompress(known, _MAX_BYTES))
    except (zlib.error, msgspec.MsgspecError):
        return {}


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
