"""Globs on names of workflows and artifacts, in which a slash is a character like others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.paths import Glob

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["is_plain", "matches_any"]

_SLASH = "\x1f"
"""Stands for a slash: a workflow called "CI / Linux" is still matched by `*`."""


def matches_any(patterns: Iterable[str], name: str) -> bool:
    """Return whether some pattern matches the whole of `name`."""
    plain = name.replace("/", _SLASH)
    return any(Glob(pattern.replace("/", _SLASH)).matches(plain) for pattern in patterns)


def is_plain(pattern: str) -> bool:
    """Return whether a pattern can match nothing but itself."""
    return not set(pattern) & set("*?[]{}!\\")
