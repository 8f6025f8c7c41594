"""Coverage thresholds that tools' own configuration, build files and CI files hold.

Files are read by patterns: nothing is executed, and a file that its own tool could not read
gives what can be told all the same. What is computed at run time is not found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.material import Threshold
from worker.core.thresholds import builds, commands, javascript, services, settings
from worker.core.thresholds.coding import (
    decode_thresholds,
    encode_thresholds,
    key_of_thresholds,
)
from worker.core.thresholds.places import is_threshold_path
from worker.core.thresholds.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.core.thresholds.text import Found

__all__ = [
    "MAX_CHARACTERS",
    "MOST_FILES",
    "decode_thresholds",
    "encode_thresholds",
    "find_thresholds",
    "is_threshold_path",
    "key_of_thresholds",
]

MOST_FILES = 200
"""Files of a repository that are asked for thresholds."""
MAX_CHARACTERS = 1_000_000
"""Of a file that are looked at."""
_MOST = 50
"""Thresholds of one file."""
_READERS: tuple[Callable[[Text], Iterator[Found]], ...] = (
    settings.find,
    javascript.find,
    services.find,
    builds.find,
    commands.find,
)


def find_thresholds(path: str, text: str) -> tuple[Threshold, ...]:
    """Return the thresholds that a file holds, in per cent, by line; none twice on a line.

    Thresholds of lines or statements of the whole are meant, and those of new code, which
    are marked. Left out are thresholds of branches and functions, of single files and
    folders, of documentation, those of 0, and what stands in comments. Never raises.
    """
    read = Text.of(path, text[:MAX_CHARACTERS])
    found: set[tuple[int, str, Threshold]] = set()
    for reader in _READERS:
        for one in reader(read):
            line = read.line(one.at)
            threshold = Threshold(path, line, one.tool, one.percent, one.new_code)
            found.add((line, one.tool, threshold))
            if len(found) >= _MOST:
                break
    return tuple(one for _, _, one in sorted(found, key=lambda key: (key[:2], key[2].percent)))
