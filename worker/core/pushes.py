"""What a push to a branch tells: which files it changed, and the lines that a fix mended.

A line that a fix changed was wrong before. Where tests had covered it, they did not see that;
where none had, coverage would have pointed at it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.core.numbers import Ratio
from worker.core.static import is_test_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.diff import Diff
    from worker.core.model import Report

__all__ = ["count_fixed", "is_fix"]

_FIX = re.compile(
    r"\s*(?:\[[^\]\n]{0,50}\]|[A-Z][A-Z0-9]{0,9}-\d{1,9}|#\d{1,9})?[\s:,.-]{0,5}"
    r"(?:bug|hot)?-?(?:fix|fixes|fixed|bug|hotfix|regression)\b(?!-)",
    re.IGNORECASE,
)
"""`fix: …`, `fix(api)!: …` (https://www.conventionalcommits.org), "Fixes the …", "[API] Fix …",
"GH-12: fix …". Not "fixture", "fix-up", "Add a fix"."""
_MERGE = ("Merge pull request ", "Merge branch ", "Merge remote-tracking branch ")


def is_fix(messages: Sequence[str], commits: int) -> bool:
    """Return whether a push of so many `commits` is a fix, by their messages, oldest first.

    One that merges a pull request is what the pull request's title says, which GitHub writes
    below the first line. Of any other push every commit but merges has to be one: which of
    the lines are whose can't be told. Where not all messages are known, it is none.
    """
    if not messages or len(messages) != commits:
        return False
    last = messages[-1]
    if last.startswith(_MERGE[0]):
        title = next((line for line in last.splitlines()[1:] if line.strip()), "")
        return bool(_FIX.match(title))
    own = [message for message in messages if not message.startswith(_MERGE)]
    return bool(own) and all(_FIX.match(message) for message in own)


def count_fixed(diff: Diff, before: Report) -> Ratio:
    """Return the lines that a fix removed or changed: those that were covered, of the measured.

    `before` is the report of the commit that `diff` begins at. Tests are left out, and so
    are files whose removed lines are not known. A fix that only adds lines counts none.
    """
    fixed = Ratio()
    for changed in diff:
        file = before.files.get(changed.old_path or "")
        if file is not None and changed.complete and not is_test_path(file.path):
            fixed += file.within(changed.removed)
    return fixed
