"""A local git checkout, for `covgate check` and `covgate report`.

Git is run through diff-cover's reader (https://github.com/Bachmann1234/diff_cover), with
every option fixed that a user's own configuration could change; what it prints is read by
our own parser. diff-cover's `GitPathTool` keeps its root in the class, for the whole
process, so it is not used: git is told the checkout with `-C`.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from diff_cover.command_runner import CommandError, execute
from diff_cover.git_diff import GitDiffTool

from worker.core.diff import Diff, FileDiff, fill, parse_unified
from worker.core.errors import GitError
from worker.core.model import MAX_LINE
from worker.core.refs import Sha

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

__all__ = ["LocalGit"]

_GIT_OPTIONS = ("-c", "core.quotePath=true", "-c", "diff.renameLimit=1000", "--literal-pathspecs")
_DIFF_OPTIONS = (
    "--no-textconv",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--find-renames",
    "--diff-algorithm=default",
    "--indent-heuristic",
    "--submodule=short",
    "--ignore-submodules=dirty",
    "-O/dev/null",
)
_MAX_BINARY = 10 * 2**20
"""Bytes up to which the lines of a file are looked at that git takes for no text."""
_BATCH = 200
"""Paths on one command line."""
_CHUNK = 2**20
_PLAIN = frozenset({"100644", "100755"})
"""Modes of files that are no links."""
_MOST_COMMITS = 20_000
"""That are looked through for how often files change."""


class _Entry(NamedTuple):
    id: str
    size: int


class LocalGit:
    """The checkout that `root` lies in.

    Every method may raise `GitError`. Where a head is None, the working tree is meant: what
    is committed, staged, changed, and new but not ignored.
    """

    def __init__(self, root: Path) -> None:
        if shutil.which("git") is None:
            raise GitError("git is not on PATH: install it, or add its folder to PATH")
        try:
            top = execute(["git", "-C", str(root), "rev-parse", "--show-toplevel"])[0]
        except CommandError as error:
            raise GitError(f"{root} is no git checkout that can be read: {_said(error)}") from error
        self.root = Path(top.removesuffix("\n"))
        self._reader = _Reader(self.root)
        self._trees: dict[Sha, dict[str, _Entry]] = {}
        self._folders: dict[str, bool] = {}
        """Whether a folder of the working tree is one, and no link leads out of it."""

    def sha(self, ref: str) -> Sha:
        """Return the id of the commit that a branch, tag or other name stands for."""
        found = self._commit(ref)
        if found is None:
            hint = "; the clone is shallow: run `git fetch --unshallow`" if self._shallow() else ""
            raise GitError(
                f"{ref!r} is no commit in {self.root}: look for a typing error, or fetch it with "
                f"`git fetch origin`{hint}"
            )
        return found

    def merge_base(self, base: str, head: str | None = None) -> Sha:
        """Return the commit that `head` left `base` at."""
        found = self._ask("merge-base", self.sha(base), self.sha(head or "HEAD"))
        if found is None:
            what = f"{base!r} and {head or 'HEAD'!r} have no common ancestor"
            if self._shallow():
                what = (
                    f"{what} in this shallow clone: run `git fetch --unshallow` (with "
                    "actions/checkout, set `fetch-depth: 0`)"
                )
            raise GitError(what)
        return Sha(found)

    def default_base(self) -> str:
        """Return the branch to compare with when none is named.

        The remote's default branch as `origin/HEAD` has it, otherwise the first that exists
        of main and master, at the remote and here.
        """
        names = ["origin/main", "origin/master", "main", "master"]
        head = self._ask("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        if head is not None:  # a clone has it, a checkout made by a CI system has not
            names.insert(0, head.removeprefix("refs/remotes/"))
        for name in names:
            if self._commit(name) is not None:
                return name
        raise GitError("there is no branch main or master to compare with: name one by `--base`")

    def diff(self, base: str, head: str | None = None) -> Diff:
        """Return what changed since the merge base of `base` and `head`."""
        start = self.merge_base(base, head)
        revisions = (start,) if head is None else (start, self.sha(head))
        diff = parse_unified(self._read(revisions))
        files = [*diff, *self._as_text(diff, revisions)]
        if head is None:
            files += self._untracked()
        return Diff.of(files)

    def paths(self, head: str | None = None) -> frozenset[str]:
        """Return the paths of all files, relative to the top of the checkout."""
        if head is not None:
            return frozenset(self._sizes(self.sha(head)))
        present = self._list("--cached", "--others", "--exclude-standard")
        return frozenset(present) - frozenset(self._list("--deleted"))

    def sizes(self, head: str | None = None) -> dict[str, int]:
        """Return the bytes of all plain files, by path: no links, and nothing behind one."""
        if head is not None:
            return {path: entry.size for path, entry in self._tree(head).items()}
        found = {}
        for path in self.paths():
            file = self._inside(path)
            if file is not None:
                found[path] = file.stat().st_size
        return found

    def contents(
        self, paths: Sequence[str], head: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the plain files among `paths` with their bytes, in that order.

        Of the working tree, what is gone or can't be read in the meantime is left out.
        """
        if head is not None:
            tree = self._tree(head)
            yield from self._blobs([(path, tree[path].id) for path in paths if path in tree])
            return
        for path in paths:
            file = self._inside(path)
            if file is not None:
                with suppress(OSError):
                    yield path, file.read_bytes()

    def changes(self, since: date, head: str | None = None) -> dict[str, int] | None:
        """Return in how many commits since a day each file changed, merges not counted.

        None in a shallow clone, whose history is cut off somewhere.
        """
        if self._shallow():
            return None
        log = self._git(
            *("log", "--no-merges", "--no-renames", "--name-only", "-z", "--format="),
            *("--no-ext-diff", f"--max-count={_MOST_COMMITS}", f"--since={since}T00:00:00Z"),
            self.sha(head or "HEAD"),
        )
        return dict(Counter(name.removeprefix("\n") for name in _entries(log) if name.strip("\n")))

    def tracked(self) -> frozenset[str]:
        """Return the paths that git looks after, relative to the top of the checkout."""
        return frozenset(self._list("--cached"))

    def own_folder(self) -> Path:
        """Return a folder beside git's own data of this checkout, which may not exist yet."""
        return self.root / self._git("rev-parse", "--git-path", "covgate").removesuffix("\n")

    def is_changed(self) -> bool:
        """Return whether a tracked file of the working tree differs from its commit."""
        return bool(self._git("status", "--porcelain", "-z", "--untracked-files=no"))

    def file(self, path: str, ref: str) -> bytes | None:
        """Return a file's bytes at a commit; None where there is none, or no plain file."""
        listed = self._git("ls-tree", "-z", "--full-tree", self.sha(ref), "--", path)
        mode, _, _ = listed.partition(" ")
        if mode not in _PLAIN:
            return None
        blob = listed.partition("\t")[0].split()[2]
        # Not through diff-cover, which decodes what git prints.
        done = subprocess.run(  # noqa: S603 - no shell, and git gave the id itself
            ["git", "-C", str(self.root), "cat-file", "blob", blob],  # noqa: S607 - PATH's git is meant
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise GitError(f"{path!r} can't be read: {done.stderr.decode('utf-8', 'replace')}")
        return done.stdout

    def holds(self, path: str, ref: str) -> bool:
        """Return whether there is anything of that name at a commit, a file or not."""
        return bool(self._git("ls-tree", "-z", "--full-tree", self.sha(ref), "--", path))

    def _as_text(self, diff: Diff, revisions: tuple[Sha, ...]) -> Iterator[FileDiff]:
        """Return the files that git told no lines of, with their lines.

        Sources in UTF-16 are such files, and all that `.gitattributes` says `-diff` of.
        """
        sizes = self._sizes(revisions[1]) if diff.incomplete and len(revisions) > 1 else None
        wanted = [path for path in diff.incomplete if 0 <= self._size(path, sizes) <= _MAX_BINARY]
        for at in range(0, len(wanted), _BATCH):
            both = {
                name
                for path in wanted[at : at + _BATCH]
                for name in (path, diff.files[path].old_path)
                if name is not None
            }
            found = parse_unified(self._read(revisions, sorted(both)))
            for path in wanted[at : at + _BATCH]:
                if path in found.files:
                    yield replace(found.files[path], binary=True)

    def _size(self, path: str, sizes: dict[str, int] | None) -> int:
        if sizes is not None:
            return sizes.get(path, -1)
        file = self.root / path
        return file.stat().st_size if file.is_file() else -1

    def _untracked(self) -> Iterator[FileDiff]:
        for path in self._list("--others", "--exclude-standard"):
            file = self.root / path
            if file.is_file() and not file.is_symlink():
                lines = min(_count_lines(file), MAX_LINE)
                added = FileDiff(path, None, added=(2 << lines) - 2, removed=0, status="added")
                small = file.stat().st_size <= _MAX_BINARY
                yield fill(added, None, file.read_bytes()) if small else added

    def _inside(self, path: str) -> Path | None:
        """Return a plain file of the working tree; None for what a link leads to."""
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            root, own = self.root.resolve(), (self.root / folder).resolve()
            self._folders[folder] = own == root / folder and own.is_relative_to(root)
        file = self.root / path
        plain = self._folders[folder] and file.is_file() and not file.is_symlink()
        return file if plain else None

    def _tree(self, ref: str) -> dict[str, _Entry]:
        """Return the plain files of a commit by path."""
        commit = self.sha(ref)
        if commit not in self._trees:
            listed = self._git("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
            found = {}
            for entry in _entries(listed):
                described, _, path = entry.partition("\t")
                mode, _, blob, size = described.split()
                if mode in _PLAIN:
                    found[path] = _Entry(blob, int(size))
            self._trees[commit] = found
        return self._trees[commit]

    def _blobs(self, wanted: Sequence[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
        """Yield files by their blobs' ids: many of them with one process."""
        for at in range(0, len(wanted), _BATCH):
            some = wanted[at : at + _BATCH]
            done = subprocess.run(  # noqa: S603 - no shell, and git gave the ids itself
                ["git", "-C", str(self.root), "cat-file", "--batch"],  # noqa: S607 - PATH's git
                input="".join(f"{blob}\n" for _, blob in some).encode(),
                capture_output=True,
                check=False,
            )
            if done.returncode:
                said = done.stderr.decode("utf-8", "replace")
                raise GitError(f"`git cat-file` failed: {said}")
            start = 0
            for path, _ in some:
                head, _, _ = done.stdout[start : start + 200].partition(b"\n")
                size = head.rpartition(b" ")[2]
                if not size.isdigit():  # "missing": a partial clone without its remote
                    start += len(head) + 1
                    continue
                start += len(head) + 1
                yield path, done.stdout[start : start + int(size)]
                start += int(size) + 1

    def _sizes(self, commit: Sha) -> dict[str, int]:
        """Return the sizes in bytes of a commit's files, by path."""
        sizes = {}
        for entry in _entries(self._git("ls-tree", "-r", "-l", "-z", "--full-tree", commit)):
            described, _, path = entry.partition("\t")
            _, kind, _, size = described.split()
            if kind == "blob":  # not a submodule's commit
                sizes[path] = int(size)
        return sizes

    def _list(self, *options: str) -> list[str]:
        return _entries(self._git("ls-files", "-z", *options))

    def _read(self, revisions: tuple[Sha, ...], as_text: Sequence[str] = ()) -> str:
        try:
            return self._reader.between(revisions, as_text)
        except CommandError as error:
            raise GitError(f"git could not make the diff: {_said(error)}") from error

    def _commit(self, ref: str) -> Sha | None:
        if not ref or ref.startswith("-") or "\0" in ref:
            return None
        found = self._ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return None if found is None else Sha(found)

    def _shallow(self) -> bool:
        return self._ask("rev-parse", "--is-shallow-repository") == "true"

    def _ask(self, *arguments: str) -> str | None:
        """Return the line that git answers, None where it says no."""
        try:
            return self._git(*arguments).strip()
        except GitError:
            return None

    def _git(self, *arguments: str) -> str:
        try:
            return str(execute(["git", "-C", str(self.root), *_GIT_OPTIONS, *arguments])[0])
        except CommandError as error:
            raise GitError(f"`git {arguments[0]}` failed: {_said(error)}") from error


class _Reader(GitDiffTool):  # type: ignore[misc]  # diff-cover ships no types
    """diff-cover's reader, for any folder and any two revisions."""

    def __init__(self, root: Path) -> None:
        super().__init__("...", ignore_whitespace=False)
        self._default_git_args += ["-C", str(root), *_GIT_OPTIONS]
        self._default_diff_args += _DIFF_OPTIONS

    def between(self, revisions: Sequence[str], as_text: Sequence[str] = ()) -> str:
        """Return the diff of two commits, or of one and the working tree.

        With paths, theirs alone, and whatever is in them taken for text.
        """
        options = [*self._default_diff_args, *(["--text"] if as_text else [])]
        return str(execute([*self._default_git_args, *options, *revisions, "--", *as_text])[0])


def _entries(text: str) -> list[str]:
    """Return the entries that `-z` ends with a zero byte each."""
    return text.split("\0")[:-1]


def _count_lines(file: Path) -> int:
    lines, last = 0, b"\n"
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return lines + (last != b"\n")


def _said(error: CommandError) -> str:
    return str(error).strip() or "git gave no reason"
