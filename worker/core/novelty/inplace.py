"""Lines that a change only re-indented or wrapped otherwise, where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.diff.texts import align_lines
from worker.core.errors import DiffIncompleteError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Group", "align"]

Group = tuple[tuple[int, ...], tuple[int, ...]]
"""Indexes of old lines, and of the new ones that have the same text."""

_LONGEST = 100
"""Lines that one line is split into, or made of."""


def align(old: Sequence[str], new: Sequence[str]) -> list[Group]:
    """Return which old lines are which new ones, but for white space and line breaks.

    Lines that are the same without the white space around them are aligned as a diff does
    it. Between these, lines are joined from either end as long as the texts agree, all
    white space left out.
    """
    if not old or not new:
        return []
    before = [line.strip().encode("utf-8", "surrogatepass") for line in old]
    after = [line.strip().encode("utf-8", "surrogatepass") for line in new]
    try:
        pairs = align_lines(before, after)
    except DiffIncompleteError:
        return []  # so much stands elsewhere that nobody would say it stayed
    groups: list[Group] = []
    from_old = from_new = 0
    for i, j in [*pairs, (len(old), len(new))]:
        groups += _rewrapped(old, new, range(from_old, i), range(from_new, j))
        if i < len(old) and before[i]:
            groups.append(((i,), (j,)))
        from_old, from_new = i + 1, j + 1
    return groups


def _rewrapped(old: Sequence[str], new: Sequence[str], left: range, right: range) -> list[Group]:
    """Return the groups at the start and at the end of a gap."""
    if not left or not right:
        return []
    squeezed_old = [(i, "".join(old[i].split())) for i in left]
    squeezed_new = [(j, "".join(new[j].split())) for j in right]
    front = _join(squeezed_old, squeezed_new)
    done_old = {i for group, _ in front for i in group}
    done_new = {j for _, group in front for j in group}
    rest_old = [(i, text[::-1]) for i, text in reversed(squeezed_old) if i not in done_old]
    rest_new = [(j, text[::-1]) for j, text in reversed(squeezed_new) if j not in done_new]
    back = _join(rest_old, rest_new)
    return front + [(i[::-1], j[::-1]) for i, j in reversed(back)]


def _join(old: list[tuple[int, str]], new: list[tuple[int, str]]) -> list[Group]:
    """Return the shortest groups of equal text, from the first line on."""
    old = [one for one in old if one[1]]
    new = [one for one in new if one[1]]
    groups: list[Group] = []
    i = j = 0
    while i < len(old) and j < len(new):
        first_old, first_new = i, j
        mine, other = old[i][1], new[j][1]
        i, j = i + 1, j + 1
        while mine != other and i - first_old + j - first_new < _LONGEST:
            if len(mine) < len(other) and other.startswith(mine) and i < len(old):
                mine += old[i][1]
                i += 1
            elif len(other) < len(mine) and mine.startswith(other) and j < len(new):
                other += new[j][1]
                j += 1
            else:
                break
        if mine != other:
            break
        groups.append(
            (
                tuple(at for at, _ in old[first_old:i]),
                tuple(at for at, _ in new[first_new:j]),
            )
        )
    return groups
