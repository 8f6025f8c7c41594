"""What a test is worth by what it does: real, mocked, or asserting nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from worker.core.static.python import ALONE

if TYPE_CHECKING:
    from worker.core.static.facts import Mock, TestFunction

__all__ = ["Kind", "classify", "stand_ins_of"]


class Kind(StrEnum):
    """What a test proves."""

    REAL = "real"
    MOCKED = "mocked"
    SILENT = "asserts nothing"


def stand_ins_of(test: TestFunction) -> tuple[Mock, ...]:
    """Return the mocks that stand in for code, without those that set values, or only watch."""
    return tuple(mock for mock in test.mocks if mock.replaces)


def classify(test: TestFunction) -> Kind:
    """Return what a test proves. The first of these rules that fits decides.

    1. No statement of it, of the helpers that it calls or of the fixtures that it calls can
       fail it on purpose: it *asserts nothing*. An exception that happens to escape fails any
       test, and counts for none.
    2. A stand-in takes the place of code, made by the test itself, a decorator, a helper, its
       set-up or a fixture, and it touches no database, queue or network: it is *mocked*.
    3. Otherwise it is *real*. A value that is set (an environment variable, a constant, the
       clock) and a spy replace nothing. A test that mocks one part and works on a real
       database, queue or network proves what is real about it.

    `test` comes from `resolve`, or the mocks of its fixtures are missing.
    """
    if not test.asserts:
        return Kind.SILENT
    if stand_ins_of(test) and not ALONE.intersection(test.real):
        return Kind.MOCKED
    return Kind.REAL
