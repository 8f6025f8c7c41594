r"""Unified diffs: GitHub's bare patches, and whole diffs as git writes them.

Hunks are read by the lengths in their headers, because added text may itself look like a
header: "++ x" is printed as "+++ x". Only "\n" ends a line; "\r" and U+2028 are text.
https://git-scm.com/docs/diff-format#generate_patch_text_with_p
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from worker.core.diff.values import Diff, FileDiff
from worker.core.errors import DiffIncompleteError
from worker.core.model import MAX_LINE, bitmap

__all__ = ["parse_patch", "parse_unified"]

_HUNK = re.compile(r"@@ -([0-9]{1,10})(?:,([0-9]{1,10}))? \+([0-9]{1,10})(?:,([0-9]{1,10}))? @@")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abfnrtv"\\])')
_ESCAPES = dict(zip(b'abfnrtv"\\', b'\a\b\f\n\r\t\v"\\', strict=True))
_NOT_CODE = frozenset({"120000", "160000"})
"""File modes of symbolic links and submodules: their one line is a path or a commit."""


def parse_patch(patch: str) -> tuple[int, int]:
    """Return the bitmaps of added and removed lines of a `patch`, hunks alone.

    Raises `DiffIncompleteError` where a hunk is shorter or longer than its header says.
    """
    reader = _Reader(patch)
    reader.hunks()
    if not reader.ended:
        raise reader.error("a hunk (@@) is expected")
    return reader.bitmaps()


def parse_unified(text: str) -> Diff:
    """Return the diff that `git diff` printed, with prefixes `a/` and `b/`.

    Names are unquoted and their octal bytes read as UTF-8. A binary file is told as not
    complete. Raises `DiffIncompleteError` where the text is no such diff or ends early.
    """
    reader = _Reader(text)
    files: dict[str, FileDiff] = {}
    while reader.skip_to_file():
        file = _read_file(reader)
        earlier = files.get(file.path)
        files[file.path] = file if earlier is None else _joined(earlier, file)
    return Diff.of(files.values())


class _Reader:
    """The lines of a diff, a place among them, and the lines numbered so far."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.index = 0
        self.added: list[int] = []
        self.removed: list[int] = []

    @property
    def ended(self) -> bool:
        return self.index == len(self.lines)

    @property
    def line(self) -> str:
        return "" if self.ended else self.lines[self.index]

    def error(self, reason: str) -> DiffIncompleteError:
        place = f"the diff can not be read at its line {self.index + 1}"
        return DiffIncompleteError(f"{place}: {reason}")

    def skip_to_file(self) -> bool:
        """Go to the next file's header; what comes before the first one is a preamble."""
        while not self.ended and not self.line.startswith("diff --"):
            if self.line.startswith("@@ -"):
                raise self.error("it belongs to no file; a line `diff --git` is expected")
            self.index += 1
        return not self.ended

    def hunks(self) -> None:
        """Read the hunks that stand here."""
        while header := _HUNK.match(self.line):
            self.index += 1
            self._hunk(*(1 if length is None else int(length) for length in header.groups()))
            while self.line.startswith("\\"):
                self.index += 1

    def _hunk(self, old: int, old_left: int, new: int, new_left: int) -> None:
        if (old_left and not old) or (new_left and not new):
            raise self.error("lines count from 1")
        while old_left > 0 or new_left > 0:
            if self.ended:
                raise self.error("the hunk ends early")
            mark = self.lines[self.index][:1]
            if mark == "+":
                self.added.append(new)
                new += 1
                new_left -= 1
            elif mark == "-":
                self.removed.append(old)
                old += 1
                old_left -= 1
            elif mark in {" ", ""}:  # git may leave the space of an empty line out
                old += 1
                new += 1
                old_left -= 1
                new_left -= 1
            elif mark != "\\":  # "\ No newline at end of file" is no line of either side
                raise self.error("the hunk ends early")
            self.index += 1
        if old_left or new_left:
            raise self.error("the hunk is longer than its header says")

    def bitmaps(self) -> tuple[int, int]:
        """Return what was added and removed since the last call."""
        numbers = self.added, self.removed
        self.added, self.removed = [], []
        added, removed = (bitmap(n for n in lines if n <= MAX_LINE) for lines in numbers)
        return added, removed


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


def _read_file(reader: _Reader) -> FileDiff:
    if not reader.line.startswith("diff --git "):
        raise reader.error("a diff of two commits is expected, not one of a merge")
    start = reader.index
    header = _Header(reader.line.removeprefix("diff --git "))
    reader.index += 1
    while not reader.ended and not reader.line.startswith(("diff --", "@@ ")):
        header.take(reader.line)
        reader.index += 1
    path = header.new or header.old or _same_name(header.names)
    if path is None:
        reader.index = start
        raise reader.error("the names can not be told; make it with the prefixes a/ and b/")
    reader.hunks()
    if not reader.ended and not reader.line.startswith("diff --"):
        raise reader.error("the hunk is longer than its header says")
    added, removed = reader.bitmaps()
    if header.status == "changed" and (added or removed):
        header.status = "modified"
    if header.modes and header.modes <= _NOT_CODE:
        added = removed = 0
    return FileDiff(
        path=path,
        old_path=None if header.status == "added" else header.old or path,
        added=added,
        removed=removed,
        status=header.status,
        complete=not header.binary or header.status == "removed",
        binary=header.binary,
    )


def _joined(deleted: FileDiff, created: FileDiff) -> FileDiff:
    """Return one change of a file that git tells as two: it became, or was, a link."""
    return replace(
        created,
        old_path=deleted.path,
        removed=deleted.removed,
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
