"""Commits, trees, files and what differs between them.

https://docs.github.com/en/rest/commits/commits , …/git/trees , …/repos/contents
"""

from __future__ import annotations

import base64
import binascii

from worker.core.errors import GitHubError, NotFoundError, PostponedError, RefusedError
from worker.core.refs import ChangedFile, Commit, Comparison, Sha
from worker.github_api.content_answers import (
    BlobAnswer,
    CommitAnswer,
    ComparisonAnswer,
    ContentAnswer,
    FileAnswer,
    GitCommitAnswer,
    TreeAnswer,
    TreeEntry,
)
from worker.github_api.errors import OUTAGE_SECONDS
from worker.github_api.transport import Transport, decode, quoted

__all__ = [
    "compare",
    "list_ancestors",
    "list_pull_files",
    "list_tree",
    "locate_archive",
    "read_commit",
    "read_file",
]

COMPARE_FILES = 300
"""Where a comparison's list of files stops, without a word."""

MAX_TREES = 500
"""How many answers a truncated tree is read in: one lists up to 100,000 entries."""

OBJECT = "application/vnd.github.object+json"
SYMLINK = "120000"


def compare(
    transport: Transport, repository: str, base: str, head: str, commits: int = 1
) -> Comparison:
    """Return the merge base of two commits and the diff from there to `head`.

    So many `commits` a page, for the files are all on the first one:
    https://docs.github.com/en/rest/commits/commits#compare-two-commits
    """
    path = f"{repository}/compare/{quoted(base)}...{quoted(head)}"
    answer = transport.get(path, ComparisonAnswer, {"per_page": commits, "page": 1})
    details = answer.merge_base_commit.commit
    return Comparison(
        merge_base=answer.merge_base_commit.sha,
        files=tuple(file.value() for file in answer.files),
        # Exactly 300 files can not be told from more of them.
        complete=len(answer.files) < COMPARE_FILES,
        ahead_by=answer.ahead_by,
        behind_by=answer.behind_by,
        merge_base_tree=details.tree.sha if details is not None else None,
        base_tip=answer.base_commit.sha,
        messages=tuple(one.commit.message for one in answer.commits),
    )


def list_pull_files(transport: Transport, repository: str, number: int) -> tuple[ChangedFile, ...]:
    """Return a pull request's changed files in GitHub's order, up to 3,000."""
    pages = transport.pages(f"{repository}/pulls/{number}/files", list[FileAnswer])
    found = {file.filename: file.value() for page in pages for file in page}
    return tuple(found.values())


def list_ancestors(
    transport: Transport, repository: str, sha: Sha, limit: int
) -> tuple[Commit, ...]:
    """Return `sha` and the commits before it, newest first, at most `limit`."""
    found: dict[Sha, Commit] = {}
    for page in transport.pages(f"{repository}/commits", list[CommitAnswer], {"sha": sha}):
        found |= {commit.sha: commit.value() for commit in page}
        if len(found) >= limit:
            break
    return tuple(found.values())[:limit]


def read_file(
    transport: Transport, repository: str, path: str, ref: str, limit: int
) -> bytes | None:
    """Return a file's bytes at a commit; None where there is nothing of that name.

    Raises `RefusedError` for a folder, a link that leads nowhere and a submodule.

    The "object" media type and not the raw one: it tells files from folders, links and
    submodules, says the size beforehand, and survives PyGithub, which reads every body as
    text. A link to a file of the repository is answered with that file, by GitHub.
    """
    try:
        address = f"{repository}/contents/{quoted(path)}"
    except RefusedError:
        return None  # No such path can be in git: reports and configurations name anything.
    try:
        answer = transport.send("GET", address, query={"ref": ref}, accept=OBJECT)
    except NotFoundError:
        return None
    if answer.text.startswith("["):
        raise _no_file(path, ref, "dir")  # from a server that does not know the media type
    content = decode(answer, ContentAnswer, address)
    if content.type != "file":
        raise _no_file(path, ref, content.type)
    if content.size > limit:
        raise RefusedError(f"{path} at {ref} has {content.size} bytes; {limit} are read at most")
    if content.encoding == "base64":
        return _bytes(content.content, path)
    # Above a megabyte the content is left out; the blob has it.
    blob = transport.get(f"{repository}/git/blobs/{quoted(content.sha)}", BlobAnswer)
    return _bytes(blob.content, path)


def _no_file(path: str, ref: str, kind: str) -> RefusedError:
    name = {"dir": "folder", "symlink": "symbolic link that leads to no file here"}.get(kind, kind)
    return RefusedError(f"{path} at {ref} is a {name}, not a file")


def list_tree(transport: Transport, repository: str, sha: Sha) -> dict[str, Sha]:
    """Return the blobs of all files at a commit by path, without links and submodules.

    A tree that GitHub cuts off is read folder by folder.
    https://docs.github.com/en/rest/git/trees#get-a-tree
    """
    blobs: dict[str, Sha] = {}
    waiting = [("", sha)]
    asked = 0
    while waiting:
        prefix, folder = waiting.pop()
        address = f"{repository}/git/trees/{quoted(folder)}"
        answer = transport.get(address, TreeAnswer, {"recursive": 1})
        asked += 1
        if answer.truncated:
            answer = transport.get(address, TreeAnswer)
            asked += 1
            waiting += [(f"{prefix}{e.path}/", e.sha) for e in answer.tree if e.type == "tree"]
        if asked > MAX_TREES or answer.truncated:
            raise GitHubError(f"{repository} at {sha} has more files than GitHub can list")
        blobs |= {prefix + entry.path: entry.sha for entry in answer.tree if _is_file(entry)}
    return blobs


def read_commit(transport: Transport, repository: str, sha: Sha) -> Commit:
    """Return one commit, without what it changes.

    https://docs.github.com/en/rest/git/commits#get-a-commit-object
    """
    return transport.get(f"{repository}/git/commits/{quoted(sha)}", GitCommitAnswer).value()


def locate_archive(transport: Transport, repository: str, sha: Sha) -> str:
    """Return the address of a commit's files as a gzipped tar, good for some minutes.

    It is a secret: whoever knows it can download.
    https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-tar
    """
    path = f"{repository}/tarball/{quoted(sha)}"
    location = transport.send("GET", path).headers.get("location")
    if location is None:
        raise PostponedError(f"GitHub named no address for {path}", seconds=OUTAGE_SECONDS)
    return location


def _is_file(entry: TreeEntry) -> bool:
    return entry.type == "blob" and entry.mode != SYMLINK


def _bytes(content: str, path: str) -> bytes:
    try:
        return base64.b64decode(content)
    except binascii.Error:
        problem = f"GitHub's content of {path} is not base64"
    raise PostponedError(problem, seconds=OUTAGE_SECONDS)
