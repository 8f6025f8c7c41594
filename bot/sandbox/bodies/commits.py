"""Commits, trees, files and diffs."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.sandbox.bodies import basics
from bot.sandbox.diffs import Change, unified_text
from bot.sandbox.objects import Commit, Submodule, Symlink, TreeEntry, blob_sha
from bot.sandbox.records import Caps, Json, User, node_id, stamp

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo

__all__ = [
    "blob",
    "branch",
    "commit",
    "contents",
    "diff_is_too_large",
    "diff_list",
    "git_commit",
    "simple_commit",
    "tree",
]


def _git_user(item: Commit) -> Json:
    email = f"{item.author}@users.noreply.github.com"
    return {"name": item.author, "email": email, "date": stamp(item.date)}


def _verification() -> Json:
    return {
        "verified": False,
        "reason": "unsigned",
        "signature": None,
        "payload": None,
        "verified_at": None,
    }


def commit(repo: Repo, item: Commit) -> Json:
    """Return a commit without its files."""
    url = basics.repository_url(repo)
    author = repo.world.users.get(item.author)
    account = basics.user(repo.world, author) if isinstance(author, User) else None
    return {
        "sha": item.sha,
        "node_id": node_id("Commit", int(item.sha[:12], 16)),
        "commit": {
            "author": _git_user(item),
            "committer": _git_user(item),
            "message": item.message,
            "tree": {"sha": item.tree_sha, "url": f"{url}/git/trees/{item.tree_sha}"},
            "url": f"{url}/git/commits/{item.sha}",
            "comment_count": 0,
            "verification": _verification(),
        },
        "url": f"{url}/commits/{item.sha}",
        "html_url": basics.web(repo, f"/commit/{item.sha}"),
        "comments_url": f"{url}/commits/{item.sha}/comments",
        "author": account,
        "committer": account,
        "parents": [
            {
                "sha": parent,
                "url": f"{url}/commits/{parent}",
                "html_url": basics.web(repo, f"/commit/{parent}"),
            }
            for parent in item.parents
        ],
    }


def git_commit(repo: Repo, item: Commit) -> Json:
    """Return a commit as the git database's route answers."""
    url = basics.repository_url(repo)
    return {
        "sha": item.sha,
        "node_id": node_id("Commit", int(item.sha[:12], 16)),
        "url": f"{url}/git/commits/{item.sha}",
        "html_url": basics.web(repo, f"/commit/{item.sha}"),
        "author": _git_user(item),
        "committer": _git_user(item),
        "tree": {"sha": item.tree_sha, "url": f"{url}/git/trees/{item.tree_sha}"},
        "message": item.message,
        "parents": [
            {
                "sha": parent,
                "url": f"{url}/git/commits/{parent}",
                "html_url": basics.web(repo, f"/commit/{parent}"),
            }
            for parent in item.parents
        ],
        "verification": _verification(),
    }


def simple_commit(item: Commit) -> Json:
    """Return a commit as it is inside runs and check suites."""
    who = {"name": item.author, "email": f"{item.author}@users.noreply.github.com"}
    return {
        "id": item.sha,
        "tree_id": item.tree_sha,
        "message": item.message,
        "timestamp": stamp(item.date),
        "author": who,
        "committer": who,
    }


def branch(repo: Repo, name: str, item: Commit) -> Json:
    """Return a branch; the default one may require checks."""
    required = repo.required if name == repo.default_branch else {}
    url = f"{basics.repository_url(repo)}/branches/{quote(name, safe='')}"
    return {
        "name": name,
        "commit": commit(repo, item),
        "_links": {"self": url, "html": basics.web(repo, f"/tree/{quote(name)}")},
        "protected": bool(required),
        "protection": {
            "enabled": bool(required),
            "required_status_checks": {
                "enforcement_level": "non_admins" if required else "off",
                "contexts": list(required),
                "checks": [
                    {"context": check, "app_id": app_id} for check, app_id in required.items()
                ],
            },
        },
        "protection_url": f"{url}/protection",
    }


def tree(repo: Repo, sha: str, entries: list[tuple[str, TreeEntry]], *, truncated: bool) -> Json:
    """Return a tree's entries by path."""
    url = f"{basics.repository_url(repo)}/git"
    listed = []
    for path, entry in entries:
        item: Json = {"path": path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
        if entry.kind != "commit":
            item["url"] = f"{url}/{entry.kind}s/{entry.sha}"
        if entry.size is not None:
            item["size"] = entry.size
        listed.append(item)
    return {"sha": sha, "url": f"{url}/trees/{sha}", "tree": listed, "truncated": truncated}


def _base64(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def blob(repo: Repo, sha: str, data: bytes) -> Json:
    """Return a file's content by its id."""
    return {
        "sha": sha,
        "node_id": node_id("Blob", int(sha[:12], 16)),
        "size": len(data),
        "url": f"{basics.repository_url(repo)}/git/blobs/{sha}",
        "content": _base64(data),
        "encoding": "base64",
    }


def contents(repo: Repo, path: str, ref: str, data: bytes | None, *, caps: Caps) -> Json:
    """Return a file, symbolic link, submodule, or (with None) folder, without its content.

    A file carries its content up to `caps.content_bytes`, an empty text above.
    """
    kind = "dir" if data is None else "file"
    sha = "" if data is None else blob_sha(data)
    quoted = quote(path)
    url = f"{basics.repository_url(repo)}/contents/{quoted}?ref={quote(ref)}"
    git = f"{basics.repository_url(repo)}/git/{'trees' if data is None else 'blobs'}/{sha}"
    html = basics.web(repo, f"/blob/{quote(ref)}/{quoted}")
    body: Json = {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": 0 if data is None else len(data),
        "url": url,
        "html_url": html,
        "git_url": git,
        "download_url": None if data is None else basics.web(repo, f"/raw/{quote(ref)}/{quoted}"),
        "_links": {"self": url, "git": git, "html": html},
    }
    if isinstance(data, Symlink):
        return body | {"type": "symlink", "target": data.decode()}
    if isinstance(data, Submodule):
        home = f"{repo.world.web_url}/{repo.owner.login}/{body['name']}.git"
        return body | {"type": "submodule", "submodule_git_url": home, "download_url": None}
    if data is not None and len(data) <= caps.content_bytes:
        body |= {"content": _base64(data), "encoding": "base64"}
    elif data is not None:
        body |= {"content": "", "encoding": "none"}
    return body | {"type": kind}


def diff_list(repo: Repo, head: str, changes: list[Change], caps: Caps) -> list[Json]:
    """Return the files of a diff as the compare and pull-request routes list them.

    Past the limit of the whole diff, files are rows with zero additions and no patch, and
    nothing marks them (https://github.com/orgs/community/discussions/213491).
    """
    rows = []
    lines = octets = 0
    for change in changes:
        patch = change.patch or ""
        lines += patch.count("\n")
        octets += len(patch.encode())
        exhausted = lines > caps.diff_lines or octets > caps.diff_bytes
        rows.append(_diff_row(repo, head, change, caps, exhausted=exhausted))
    return rows


def _diff_row(repo: Repo, head: str, change: Change, caps: Caps, *, exhausted: bool) -> Json:
    quoted = quote(change.path)
    row: Json = {
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": 0 if exhausted else change.additions,
        "deletions": 0 if exhausted else change.deletions,
        "changes": 0 if exhausted else change.additions + change.deletions,
        "blob_url": basics.web(repo, f"/blob/{head}/{quoted}"),
        "raw_url": basics.web(repo, f"/raw/{head}/{quoted}"),
        "contents_url": f"{basics.repository_url(repo)}/contents/{quoted}?ref={head}",
    }
    patch = change.patch
    if (
        patch is not None
        and not exhausted
        and patch.count("\n") <= caps.file_diff_lines
        and len(patch.encode()) <= caps.file_diff_bytes
    ):
        row["patch"] = patch
    if change.previous is not None:
        row["previous_filename"] = change.previous
    return row


def diff_is_too_large(changes: list[Change], caps: Caps) -> bool:
    """Whether GitHub refuses to print a diff (406)."""
    text = unified_text(changes)
    return text.count("\n") > caps.diff_lines or len(text.encode()) > caps.diff_bytes
