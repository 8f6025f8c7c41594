"""codecov.yml's paths: folders, globs and regular expressions in one list.

https://docs.codecov.com/docs/ignoring-paths
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.core.config.yaml import Loc
    from worker.core.translation._notes import Translation

__all__ = ["IS_REGEX", "as_glob", "escaped"]

IS_REGEX = re.compile(r"[\\^$()|+]|\.\*|\[[^\]]*-")
_FOLDER = re.compile(r"\^?(\.\*/)?([\w./-]*[\w-])/\.\*\$?")
"""The regular expressions that stand for a folder: `src/.*`, `.*/vendor/.*`."""


def as_glob(translation: Translation, loc: Loc, pattern: str) -> str | None:
    """Return what a path of theirs is as a glob; None where nobody can tell."""
    pattern = pattern.removeprefix("./")
    exact = _FOLDER.fullmatch(pattern)
    if exact:
        return f"{'**/' if exact[1] else ''}{exact[2].lstrip('/')}/**"
    if pattern.startswith("!"):
        translation.note(loc, f"{pattern!a}: nothing is taken out of what is left out")
        return None
    if IS_REGEX.search(pattern):
        translation.note(loc, f"{pattern!a} is a regular expression: write it as a glob")
        return None
    if pattern.endswith("/"):
        return f"{pattern}**"
    last = pattern.rpartition("/")[2]
    # Without a wildcard or a suffix it is a folder with all that is in it.
    return pattern if "*" in pattern or "." in last.lstrip(".") else f"{pattern}/**"


def escaped(name: str) -> str:
    """Return a flag's name as it stands in a glob."""
    return re.sub(r"[*?\[]", "?", name)
