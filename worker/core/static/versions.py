"""Joins the facts of two versions of a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from worker.core.static.reading import is_test_path
from worker.core.static.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.core.static.facts import FileFacts

__all__ = ["resolve_versions"]


def resolve_versions(
    facts: Mapping[str, FileFacts], base_facts: Mapping[str, FileFacts]
) -> tuple[dict[str, FileFacts], dict[str, FileFacts]]:
    """Return the facts at the head, and those at the base of what changed, as `resolve` does.

    What did not change since the base is as it is at the head. Both come sorted by path.
    """
    tests = {path: one for path, one in facts.items() if is_test_path(path)}
    # Only their fixtures and helpers are looked for: their tests are resolved at the head.
    around = {path: msgspec.structs.replace(one, tests=()) for path, one in tests.items()}
    before = {path: one for path, one in base_facts.items() if is_test_path(path)}
    joined = {**facts, **resolve(tests)}
    joined_before = {**base_facts, **(resolve({**around, **before}) if before else {})}
    return (
        {path: joined[path] for path in sorted(facts)},
        {path: joined_before[path] for path in sorted(base_facts)},
    )
