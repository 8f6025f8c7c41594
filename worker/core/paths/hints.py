"""What a repository would have to configure for the paths that were not found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from worker.core.paths.fixes import PathFix
from worker.core.paths.spelling import behind_checkout, is_hopeless, normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.paths.repository import RepositoryPaths

__all__ = ["suggest_fixes", "suggest_ignore"]

_SAMPLE = 500
"""Paths that are looked at for a hint, spread over all of them."""
_NAMESAKES = 50
_MOST_FIXES = 3
_MOST_GLOBS = 3
_LEAST_SHARE = 10
"""A hint is worth a line where it mends one in so many of the paths."""


def suggest_fixes(
    paths: Sequence[str], repository: RepositoryPaths
) -> tuple[tuple[PathFix, ...], list[str]]:
    """Return the fixes that lead most of `paths` to a file, and the paths that they do not.

    A fix is what is left in front of the end that a path shares with a file of its name. It
    is told where it mends all of the paths, or two at least.
    """
    left = [path for path in paths if not is_hopeless(path)]
    hopeless = [path for path in paths if is_hopeless(path)]
    fixes: list[PathFix] = []
    while left and len(fixes) < _MOST_FIXES:
        fix = _best(left[:: max(1, len(left) // _SAMPLE)], repository)
        if fix is None:
            break
        after = [path for path in left if fix.apply(normalise(path)) not in repository]
        mended = len(left) - len(after)
        if mended * _LEAST_SHARE < len(left) or mended < min(2, len(left)):
            break
        fixes.append(fix)
        left = after
    return tuple(fixes), [*left, *hopeless]


def suggest_ignore(paths: Sequence[str]) -> tuple[str, ...]:
    """Return globs of the folders that most of the paths lie in, at the top or one below."""
    folders: Counter[str] = Counter()
    some = paths[:: max(1, len(paths) // _SAMPLE)]
    for path in some:
        spelled = normalise(path)
        plain = behind_checkout(spelled) or spelled.lstrip("/")
        parts = plain.split("/")[:-1][: 3 if path.startswith("/") else 2]
        folders["/".join(parts)] += bool(parts) and _is_plain(parts)
    common = sorted(folders.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        f"{folder}/**"
        for folder, count in common[:_MOST_GLOBS]
        if count * _LEAST_SHARE >= len(some)
    )


def _best(paths: Sequence[str], repository: RepositoryPaths) -> PathFix | None:
    """Return the fix that most of `paths` ask for, of several the shortest."""
    votes: Counter[tuple[str, str]] = Counter()
    for path in paths:
        spelled = normalise(path)
        name = spelled.rpartition("/")[2]
        votes.update({_difference(spelled, f) for f in repository.named(name, _NAMESAKES)})
    wanted = sorted(votes.items(), key=lambda item: (-item[1], len(item[0][1]), item[0]))
    for (start, to), _ in wanted:
        if (start or to) and _is_plain([start, to]):
            return PathFix(start, to)
    return None


def _difference(path: str, file: str) -> tuple[str, str]:
    """Return what stands before the end that both share, as folders with their slashes."""
    parts, others = path.split("/"), file.split("/")
    shared = 1
    while shared < min(len(parts), len(others)) and parts[-shared - 1] == others[-shared - 1]:
        shared += 1
    start, to = "/".join(parts[:-shared]), "/".join(others[:-shared])
    # "/app/x.js" is ["", "app", "x.js"]: what is left of "/x.js" is the top folder.
    absolute_top = path.startswith("/") and not start and len(parts) > shared
    return (f"{start}/" if start or absolute_top else ""), f"{to}/" if to else ""


def _is_plain(parts: Sequence[str]) -> bool:
    """Return whether names can be written into a configuration as they are."""
    return not any(
        character in "*?:\\" or not character.isprintable() for part in parts for character in part
    )
