r"""Unified diffs: GitHub's bare patches, and whole diffs as git writes them.

Hunks are read by the lengths in their headers, because added text may itself look like a
header: "++ x" is printed as "+++ x". Only "\n" ends a line; "\r" and U+2028 are text.
https://git-scm.com/docs/diff-format#generate_patch_text_with_p

One regular expression steps over the text from one run of changed lines to the next, and
what lies between is counted, not looked at (benchmarks/diff.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from worker.core.diff.values import Diff, FileDiff
from worker.core.errors import DiffIncompleteError
from worker.core.model import MAX_LINE, bitmap

__all__ = ["STEP", "parse_patch", "parse_unified"]

_HEADER = r"diff --.*(?:\n(?!@@ |diff --).*)*"
_FIRST = re.compile(_HEADER)
STEP = re.compile(
    r"\n(?:-.*(?:\n-.*)*(?:\n\+.*)*|\+.*(?:\n\+.*)*|\\.*"
    r"|@@ -([0-9]{1,10})(?:,([0-9]{1,10}))? \+([0-9]{1,10})(?:,([0-9]{1,10}))? @@.*"
    rf"|{_HEADER})"
)
"""A run of removed, then added lines, a note on a line's end, a hunk's or a file's header.

The line feed before it belongs to it. No line inside a hunk begins with "@" or "d".
"""
_PLAIN = re.compile(
    r"diff --git a/([^\n\"]+) b/\1\nindex [0-9a-f]+\.\.[0-9a-f]+ 100[0-9]{3}"
    r"\n--- a/\1\t?\n\+\+\+ b/\1\t?"
)
"""The header of a file that was only edited, as nearly all are."""
_NEAR = 20_000
"""Lines up to which a bitmap is made by shifting; a longer one is copied too often."""
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abfnrtv"\\])')
_ESCAPES = dict(zip(b'abfnrtv"\\', b'\a\b\f\n\r\t\v"\\', strict=True))
_NOT_CODE = frozenset({"120000", "160000"})
"""File modes of symbolic links and submodules: their one line is a path or a commit."""


def parse_patch(patch: str) -> tuple[int, int]:
    """Return the bitmaps of added and removed lines of a `patch`, hunks alone.

    Raises `DiffIncompleteError` where a hunk is shorter or longer than its header says.
    """
    text = f"\n{patch}" if patch else ""
    part, *files = _read(text, 0)
    if files:
        raise _error(text, files[0].start, "a hunk (@@) is expected")
    return part.bitmaps()


def parse_unified(text: str) -> Diff:
    """Return the diff that `git diff` printed, with prefixes `a/` and `b/`.

    Names are unquoted and their octal bytes read as UTF-8. A binary file is told as not
    complete. Raises `DiffIncompleteError` where the text is no such diff or ends early.
    """
    text, start = (text, 0) if text.startswith("diff --") else _without_preamble(text)
    files: dict[str, FileDiff] = {}
    for part in _read(text, start) if text else ():
        file = _file_of(text, part)
        earlier = files.get(file.path)
        files[file.path] = file if earlier is None else _joined(earlier, file)
    return Diff.of(files.values())


@dataclass(slots=True)
class _Part:
    """What a diff tells of one file: its header, its hunks, its runs as (first, lines)."""

    header: str = ""
    start: int = 0
    hunks: str = ""
    added: list[tuple[int, int]] = field(default_factory=list)
    removed: list[tuple[int, int]] = field(default_factory=list)

    def bitmaps(self) -> tuple[int, int]:
        return _bits(self.added), _bits(self.removed)


def _without_preamble(text: str) -> tuple[str, int]:
    """Return the text with its lines up to the first file emptied, and where that begins."""
    start = f"\n{text}".find("\ndiff --")
    preamble = text if start < 0 else text[:start]
    stray = f"\n{preamble}".find("\n@@ -")
    if stray >= 0:
        raise _error(text, stray, "it belongs to no file; a line `diff --git` is expected")
    lines = preamble.count("\n")
    rest = text[len(preamble) :]
    return "\n" * lines + rest if rest else "", lines


def _read(text: str, at: int) -> list[_Part]:
    """Return what stands from `at` on: files, or after a line feed the hunks of one."""
    header = _FIRST.match(text, at)
    part = _Part(header.group(), at) if header else _Part()
    parts = [part]
    count = text.count
    at = header.end() if header else at
    first = old = new = old_end = new_end = 0
    for step in STEP.finditer(text, at):
        start, end = step.span()
        kept = count("\n", at, start)
        at = end
        old += kept
        new += kept
        mark = text[start + 1]
        if mark == "-":
            lines = count("\n", start, end)
            added = count("\n+", start, end)
            part.removed.append((old, lines - added))
            old += lines - added
            if added:
                part.added.append((new, added))
                new += added
        elif mark == "+":
            added = count("\n", start, end)
            part.added.append((new, added))
            new += added
        elif mark != "\\":
            if old != old_end or new != new_end:
                raise _uneven(text, start, min(old_end - old, new_end - new))
            if mark == "@":
                first = first or start + 1
                old, old_lines, new, new_lines = map(int, step.groups("1"))
                old_end, new_end = old + old_lines, new + new_lines
                if (old_lines and not old) or (new_lines and not new):
                    raise _error(text, start, "lines count from 1")
            else:
                part.hunks = text[first:start] if first else ""
                part = _Part(text[start + 1 : end], start)
                parts.append(part)
                first = old = new = old_end = new_end = 0
    kept = count("\n", at, len(text) - text.endswith("\n"))
    if old + kept != old_end or new + kept != new_end:
        raise _uneven(text, len(text), min(old_end - old, new_end - new) - kept)
    part.hunks = text[first:] if first else ""
    return parts


def _uneven(text: str, at: int, left: int) -> DiffIncompleteError:
    """Return what is wrong with the hunk that ends here and has lines `left` on some side."""
    longer = "the hunk is longer than its header says"
    return _error(text, at, longer if left < 0 else "the hunk ends early")


def _error(text: str, at: int, reason: str) -> DiffIncompleteError:
    line = text.count("\n", 0, at) + 1
    return DiffIncompleteError(f"the diff can not be read at its line {line}: {reason}")


def _bits(runs: list[tuple[int, int]]) -> int:
    """Return the bitmap of runs of lines; lines above `MAX_LINE` are left out."""
    bits = 0
    for first, count in runs:
        if first + count > _NEAR:
            return bitmap(
                line
                for start, length in runs
                for line in range(start, min(start + length, MAX_LINE + 1))
            )
        bits |= ((1 << count) - 1) << first
    return bits


@dataclass(slots=True)
class _Header:
    """What stands between `diff --git` and a file's first hunk."""

    names: str
    status: str = "modified"
    old: str | None = None
    new: str | None = None
    binary: bool = False
    modes: set[str] = field(default_factory=set)

    def take(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if line.startswith(("rename from ", "copy from ")):
            self.status = "renamed" if word == "rename" else "copied"
            self.old = _unquoted(rest.removeprefix("from "))
        elif line.startswith(("rename to ", "copy to ")):
            self.new = _unquoted(rest.removeprefix("to "))
        elif line.startswith(("new file mode ", "deleted file mode ")):
            self.status = "added" if word == "new" else "removed"
            self.modes.add(line[-6:])
        elif line.startswith(("old mode ", "new mode ")):
            self.status = "changed"
            self.modes.add(line[-6:])
        elif word == "index" and rest.count(" ") == 1:
            self.modes.add(line[-6:])
        elif line.startswith("--- ") and self.old is None:
            self.old = _side(rest, "a/")
        elif line.startswith("+++ ") and self.new is None:
            self.new = _side(rest, "b/")
        elif line == "GIT binary patch" or (word == "Binary" and line.endswith(" differ")):
            self.binary = True


def _file_of(text: str, part: _Part) -> FileDiff:
    added, removed = part.bitmaps()
    plain = _PLAIN.fullmatch(part.header)
    if plain is not None:
        path = plain[1]
        return FileDiff(path, path, added, removed, "modified", patch=part.hunks)
    header, path = _read_header(text, part)
    if header.status == "changed" and (added or removed):
        header.status = "modified"
    hunks = part.hunks
    if header.modes and header.modes <= _NOT_CODE:
        added = removed = 0
        hunks = ""
    return FileDiff(
        path=path,
        old_path=None if header.status == "added" else header.old or path,
        added=added,
        removed=removed,
        status=header.status,
        complete=not header.binary or header.status == "removed",
        binary=header.binary,
        patch=hunks,
    )


def _read_header(text: str, part: _Part) -> tuple[_Header, str]:
    names, *lines = part.header.split("\n")
    if not names.startswith("diff --git "):
        reason = "a diff of two commits is expected, not one of a merge"
        raise _error(text, part.start, reason)
    header = _Header(names.removeprefix("diff --git "))
    for line in lines:
        header.take(line)
    path = header.new or header.old or _same_name(header.names)
    if path is None:
        reason = "the names can not be told; make it with the prefixes a/ and b/"
        raise _error(text, part.start, reason)
    return header, path


def _joined(deleted: FileDiff, created: FileDiff) -> FileDiff:
    """Return one change of a file that git tells as two: it became, or was, a link."""
    return replace(
        created,
        old_path=deleted.path,
        removed=deleted.removed,
        patch=deleted.patch + ("\n" if deleted.patch and created.patch else "") + created.patch,
        status="changed",
        binary=deleted.binary or created.binary,
    )


def _side(text: str, prefix: str) -> str | None:
    """Return the name on a `---` or `+++` line; None for the empty side."""
    name = _unquoted(text.removesuffix("\t"))  # git adds a tab after a name with a space
    return name.removeprefix(prefix) if name.startswith(prefix) else None


def _same_name(names: str) -> str | None:
    """Return NAME of "a/NAME b/NAME": without `---`, `+++` or a rename both are the same."""
    quoted = _QUOTED.match(names)
    if quoted:
        name = _unquoted(quoted.group())
    else:
        name = names[: len(names) // 2]
        if names != f"{name} b/{name.removeprefix('a/')}":
            return None
    return name.removeprefix("a/") if name.startswith("a/") else None


def _unquoted(name: str) -> str:
    """Return a name as it is, from git's quotes as in C (core.quotePath).

    Bytes that are no UTF-8 are replaced, as in GitHub's answers.
    """
    if not _QUOTED.fullmatch(name):
        return name
    data = name[1:-1].encode("utf-8", "surrogatepass")
    data = _ESCAPE.sub(_unescaped, data)
    return data.decode("utf-8", "replace")


def _unescaped(escape: re.Match[bytes]) -> bytes:
    code = escape.group(1)
    return bytes([int(code, 8) & 0xFF if len(code) == 3 else _ESCAPES[code[0]]])
