"""Of which type a test is: unit, integration, system, or what else a team calls it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from worker.core.paths import Glob

if TYPE_CHECKING:
    from worker.core.config import Config, TestsRule
    from worker.core.static import TestFunction

__all__ = ["type_of", "type_of_path"]


def type_of(path: str, test: TestFunction | None, config: Config) -> str:
    """Return the name of a test's type; empty where nothing tells it.

    A marker of the test tells more than the folder of its file. In both, what the repository
    configures is asked first, then Covgate's own names of folders and markers; a flag of the
    reports is the name of a type, too, of the marker and the folder that are called so.
    """
    flags = tuple(sorted({source.flag for source in config.reports if source.flag}))
    markers = test.markers if test is not None else ()
    for one in config.tests.types if markers else ():
        if not set(markers).isdisjoint(one.markers):
            return one.name
    named = next((flag for flag in flags if flag in markers), "")
    return named or type_of_path(path, config.tests, flags)


@lru_cache(maxsize=50_000)
def type_of_path(path: str, rule: TestsRule, flags: tuple[str, ...] = ()) -> str:
    """Return the type that the tests of a file have; empty where nothing tells it."""
    for one in rule.types:
        if any(_glob(pattern).matches(path) for pattern in one.paths):
            return one.name
    folders = path.split("/")[:-1]
    return next((flag for flag in flags if flag in folders), "")


@lru_cache(maxsize=1_000)
def _glob(pattern: str) -> Glob:
    return Glob(pattern)
