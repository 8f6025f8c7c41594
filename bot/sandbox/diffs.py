"""Diffs between trees, as git writes them and GitHub's API lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox.objects import Submodule, Tree, blob_sha, mode_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Change", "Edit", "compute_edits", "diff_trees", "merge_trees", "unified_text"]

CONTEXT = 3
RENAME_SIMILARITY = 50
"""Per cent of a file's lines that must be the same for a rename; git's own default."""
MAX_EDITS = 4_000
"""Above so many changed lines the middle is taken as replaced: Myers is quadratic in it."""

Edit = tuple[int, int, int, int]
"""Lines [a, b) of the old file became lines [c, d) of the new one; counted from 0."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a diff. `patch` holds the hunks; None for binary files and pure renames."""

    path: str
    status: str
    old: bytes | None
    new: bytes | None
    additions: int
    deletions: int
    patch: str | None
    previous: str | None = None

    @property
    def sha(self) -> str:
        """The id of the new content (of the old one for a removed file)."""
        return blob_sha(self.new if self.new is not None else self.old or b"")


def diff_trees(old: Tree, new: Tree) -> list[Change]:
    """Return the changes from one tree to another, sorted by path, renames found."""
    removed = {path for path in old if path not in new}
    added = {path for path in new if path not in old}
    renames = dict(_find_renames(old, new, removed, added))
    changes = []
    for path in sorted(added | {p for p in new if p in old and not _same(old[p], new[p])}):
        previous = renames.get(path)
        before = old.get(previous or path)
        status = "renamed" if previous else "added" if path in added else "modified"
        changes.append(_change(path, status, before, new[path], previous))
    gone = removed - set(renames.values())
    changes += [_change(path, "removed", old[path], None, None) for path in gone]
    return sorted(changes, key=lambda change: change.path.encode())


def _same(old: bytes, new: bytes) -> bool:
    return old == new and mode_of(old) == mode_of(new)


def _find_renames(
    old: Tree, new: Tree, removed: set[str], added: set[str]
) -> Iterable[tuple[str, str]]:
    """Yield (new path, old path): equal contents first, then the most similar."""
    left = set(removed)
    pending = []
    by_content: dict[bytes, list[str]] = {}
    for path in sorted(removed, reverse=True):
        by_content.setdefault(old[path], []).append(path)
    for path in sorted(added):
        twins = by_content.get(new[path])
        if twins and new[path]:
            source = twins.pop()
            left.discard(source)
            yield path, source
        else:
            pending.append(path)
    scores = sorted(
        (-_similarity(old[source], new[path]), path, source) for path in pending for source in left
    )
    taken: set[str] = set()
    for score, path, source in scores:
        if -score >= RENAME_SIMILARITY and path not in taken and source in left:
            taken.add(path)
            left.discard(source)
            yield path, source


def _similarity(old: bytes, new: bytes) -> int:
    if not old or not new or min(len(old), len(new)) * 2 < max(len(old), len(new)):
        return 0
    counts: dict[bytes, int] = {}
    for line in old.splitlines(keepends=True):
        counts[line] = counts.get(line, 0) + 1
    common = 0
    for line in new.splitlines(keepends=True):
        if counts.get(line, 0):
            counts[line] -= 1
            common += len(line)
    return common * 100 // max(len(old), len(new))


def _change(
    path: str, status: str, old: bytes | None, new: bytes | None, previous: str | None
) -> Change:
    if _is_binary(old) or _is_binary(new):
        return Change(path, status, old, new, 0, 0, None, previous)
    before, after = _lines(old), _lines(new)
    edits = compute_edits(before, after)
    additions = sum(d - c for _, _, c, d in edits)
    deletions = sum(b - a for a, b, _, _ in edits)
    patch = "\n".join(_hunks(before, after, edits)) if edits else None
    return Change(path, status, old, new, additions, deletions, patch, previous)


def _is_binary(data: bytes | None) -> bool:
    # Git's own rule: a NUL among the first 8,000 bytes.
    return data is not None and b"\0" in data[:8000]


def _lines(data: bytes | None) -> list[bytes]:
    """Split at line feeds alone; the last line lacks one where the file does."""
    if data is None:
        return []
    if isinstance(data, Submodule):
        return [b"Subproject commit " + data + b"\n"]
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def compute_edits(old: Sequence[bytes], new: Sequence[bytes]) -> list[Edit]:
    """Return the edits of a shortest script, each moved down as far as it goes, as git does."""
    start, stop = 0, 0
    shorter = min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    while stop < shorter - start and old[-1 - stop] == new[-1 - stop]:
        stop += 1
    kept = _myers(old[start : len(old) - stop], new[start : len(new) - stop])
    matches = [(start + x, start + y) for x, y in kept]
    matches += [(len(old) - k, len(new) - k) for k in range(stop, 0, -1)]
    edits: list[Edit] = []
    a, c = start, start
    for x, y in [*matches, (len(old), len(new))]:
        if a < x or c < y:
            edits.append((a, x, c, y))
        a, c = x + 1, y + 1
    return _slide(old, new, edits)


def _myers(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[int, int]]:
    """Return the pairs of lines kept by a shortest edit script (Myers 1986, greedy)."""
    n, m = len(old), len(new)
    if not n or not m:
        return []
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for d in range(min(n + m, MAX_EDITS) + 1):
        trace.append(dict(furthest))
        for k in range(-d, d + 1, 2):
            down = k == -d or (k != d and furthest[k - 1] < furthest[k + 1])
            x = furthest[k + 1] if down else furthest[k - 1] + 1
            while x < n and x - k < m and old[x] == new[x - k]:
                x += 1
            furthest[k] = x
            if x >= n and x - k >= m:
                return _backtrack(trace, n, m)
    return []


def _backtrack(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    kept = []
    for d in range(len(trace) - 1, -1, -1):
        furthest = trace[d]
        k = x - y
        down = k == -d or (k != d and furthest[k - 1] < furthest[k + 1])
        before = k + 1 if down else k - 1
        start = furthest[before] if d else 0
        while x > start and y > start - before and x > 0 and y > 0:
            if (x, y) == ((start, start - before + 1) if down else (start + 1, start - before)):
                break
            x, y = x - 1, y - 1
            kept.append((x, y))
        x, y = start, start - before
    return kept[::-1]


def _slide(old: Sequence[bytes], new: Sequence[bytes], edits: list[Edit]) -> list[Edit]:
    """Move pure insertions and deletions: to a neighbouring edit, else down as far as it goes.

    That is what git's `xdl_change_compact` does, without its indent heuristic.
    """
    slid: list[Edit] = []
    below = (len(old), len(old), len(new), len(new))
    for index in range(len(edits) - 1, -1, -1):
        above = edits[index - 1] if index else (0, 0, 0, 0)
        a, b, c, d = edits[index]
        if a == b or c == d:
            lines, first, last = (new, c, d) if a == b else (old, a, b)
            room = below[0] - b
            down = 0
            while down < room and lines[first + down] == lines[last + down]:
                down += 1
            up = 0
            while up < a - above[1] and lines[first - up - 1] == lines[last - up - 1]:
                up += 1
            touches = index > 0 and up == a - above[1] and down < room
            move = -up if touches else down
            a, b, c, d = a + move, b + move, c + move, d + move
        below = (a, b, c, d)
        slid.append(below)
    return _join(slid[::-1])


def _join(edits: list[Edit]) -> list[Edit]:
    """Return the edits with those that touch each other made one."""
    joined: list[Edit] = []
    for a, b, c, d in edits:
        if joined and joined[-1][1] == a and joined[-1][3] == c:
            joined[-1] = (joined[-1][0], b, joined[-1][2], d)
        else:
            joined.append((a, b, c, d))
    return joined


def _hunks(old: Sequence[bytes], new: Sequence[bytes], edits: list[Edit]) -> list[str]:
    groups: list[list[Edit]] = []
    for edit in edits:
        if groups and edit[0] - groups[-1][-1][1] <= 2 * CONTEXT:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    out: list[str] = []
    for group in groups:
        a, c = max(group[0][0] - CONTEXT, 0), max(group[0][2] - CONTEXT, 0)
        b, d = min(group[-1][1] + CONTEXT, len(old)), min(group[-1][3] + CONTEXT, len(new))
        out.append(f"@@ -{_range(a, b)} +{_range(c, d)} @@")
        at = a
        for first, last, third, fourth in group:
            out += _marked(" ", old[at:first])
            out += _marked("-", old[first:last])
            out += _marked("+", new[third:fourth])
            at = last
        out += _marked(" ", old[at:b])
    return out


def _range(first: int, last: int) -> str:
    count = last - first
    start = first + 1 if count else first
    return f"{start}" if count == 1 else f"{start},{count}"


def _marked(mark: str, lines: Sequence[bytes]) -> Iterable[str]:
    for line in lines:
        text = line.decode("utf-8", "replace")
        yield mark + text.removesuffix("\n")
        if not text.endswith("\n"):
            yield "\\ No newline at end of file"


def unified_text(changes: Iterable[Change]) -> str:
    """Return the changes as `git diff` prints them."""
    out: list[str] = []
    for change in changes:
        before = change.previous or change.path
        out.append(f"diff --git {_quote('a/' + before)} {_quote('b/' + change.path)}")
        if change.status == "added":
            out.append(f"new file mode {mode_of(change.new or b'')}")
        elif change.status == "removed":
            out.append(f"deleted file mode {mode_of(change.old or b'')}")
        elif change.previous:
            score = _similarity(change.old or b"", change.new or b"")
            out += [
                f"similarity index {score}%",
                f"rename from {_quote(before)}",
                f"rename to {_quote(change.path)}",
            ]
        ends = (
            "/dev/null" if change.status == "added" else _quote("a/" + before),
            "/dev/null" if change.status == "removed" else _quote("b/" + change.path),
        )
        if change.patch is not None:
            out += [f"--- {ends[0]}", f"+++ {ends[1]}", change.patch]
        elif _is_binary(change.old) or _is_binary(change.new):
            out.append(f"Binary files {ends[0]} and {ends[1]} differ")
    return "\n".join(out) + ("\n" if out else "")


def _quote(path: str) -> str:
    """Return a path as git prints it: in C's quotes where it holds odd characters."""
    plain = all(" " <= char <= "~" and char not in '"\\' for char in path)
    if plain:
        return path
    named = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\"}
    return (
        '"'
        + "".join(
            named.get(octet) or (chr(octet) if 32 <= octet < 127 else f"\\{octet:03o}")
            for octet in path.encode()
        )
        + '"'
    )


def merge_trees(base: Tree, ours: Tree, theirs: Tree) -> dict[str, bytes] | None:
    """Return the three-way merge of two trees; None where they are in conflict."""
    merged: dict[str, bytes] = {}
    for path in sorted({*base, *ours, *theirs}):
        origin, mine, other = base.get(path), ours.get(path), theirs.get(path)
        if other in (mine, origin):
            result = mine
        elif mine == origin:
            result = other
        elif origin is None or mine is None or other is None:
            return None
        else:
            result = _merge_files(origin, mine, other)
            if result is None:
                return None
        if result is not None:
            merged[path] = result
    return merged


def _merge_files(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    origin, mine, other = _lines(base), _lines(ours), _lines(theirs)
    edits = [(*edit, mine) for edit in compute_edits(origin, mine)]
    edits += [(*edit, other) for edit in compute_edits(origin, other)]
    edits.sort(key=lambda edit: edit[:2])
    merged: list[bytes] = []
    at = 0
    last: tuple[int, int, list[bytes]] | None = None
    for a, b, c, d, source in edits:
        if last is not None and a <= last[1]:
            if (a, b, source[c:d]) == last:
                continue
            return None
        merged += origin[at:a] + source[c:d]
        at = b
        last = (a, b, source[c:d])
    return b"".join(merged + origin[at:])
