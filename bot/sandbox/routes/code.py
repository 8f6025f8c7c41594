"""Repositories, commits, trees and files."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bot.sandbox.bodies import basics, commits, pulls
from bot.sandbox.diffs import diff_trees, unified_text
from bot.sandbox.objects import Commit, Submodule, Symlink
from bot.sandbox.replies import Call, RefusalError, Reply, Route
from bot.sandbox.storage import sign

if TYPE_CHECKING:
    from bot.sandbox.records import Json
    from bot.sandbox.repository import Repo

__all__ = ["ROUTES"]

CODELOAD_SECONDS = 300


def _repository(call: Call) -> Reply:
    body = basics.full_repository(call.repo)
    if call.caller.user is not None:
        body["permissions"] = basics.rights(call.repo, call.caller.user.login)
    return Reply(body)


def _commit_at(call: Call, ref: str) -> Commit:
    commit = call.repo.resolve(ref)
    if commit is None:
        raise RefusalError(404, f"No commit found for the ref {ref}")
    return commit


def _rules(call: Call) -> Reply:
    """List the rules of rulesets that apply to a branch, which need not exist."""
    repo = call.repo
    if not repo.ruled or call.path["branch"] != repo.default_branch:
        return Reply([])
    checks = [
        {"context": name} | ({} if app_id is None else {"integration_id": app_id})
        for name, app_id in repo.ruled.items()
    ]
    rule: Json = {
        "type": "required_status_checks",
        "parameters": {
            "strict_required_status_checks_policy": False,
            "required_status_checks": checks,
        },
    }
    page, headers = call.page([{"type": "deletion"} | _source(repo), rule | _source(repo)])
    return Reply(page, headers=headers)


def _source(repo: Repo) -> Json:
    return {
        "ruleset_source_type": "Repository",
        "ruleset_source": repo.full_name,
        "ruleset_id": 42,
    }


def _branch(call: Call) -> Reply:
    name = call.path["branch"]
    sha = call.repo.branches.get(name)
    if sha is None:
        raise RefusalError(404, "Branch not found")
    return Reply(commits.branch(call.repo, name, call.repo.objects.commits[sha]))


def _commits(call: Call) -> Reply:
    ref = call.query.get("sha", call.repo.default_branch)
    start = call.repo.resolve(ref)
    if start is None:
        raise RefusalError(404, "Not Found")
    page, headers = call.page(call.repo.objects.history(start.sha))
    return Reply([commits.commit(call.repo, item) for item in page], headers=headers)


def _commit(call: Call) -> Reply:
    ref = call.path["ref"]
    item = call.repo.resolve(ref)
    if item is None:
        raise RefusalError(422, f"No commit found for SHA: {ref}")
    known = call.repo.objects.commits
    old = known[item.parents[0]].files if item.parents else {}
    changes = diff_trees(old, item.files)
    if call.wants("sha"):
        return Reply(item.sha.encode(), media="application/vnd.github.sha; charset=utf-8")
    if call.wants("diff"):
        return _diff_reply(call, unified_text(changes))
    rows = commits.diff_list(call.repo, item.sha, changes, call.world.caps)
    added = sum(row["additions"] for row in rows)
    deleted = sum(row["deletions"] for row in rows)
    stats = {"total": added + deleted, "additions": added, "deletions": deleted}
    files, headers = call.page(rows) if "page" in call.query else (rows[:300], {})
    body = commits.commit(call.repo, item) | {"stats": stats, "files": files}
    return Reply(body, headers=headers)


def _diff_reply(call: Call, text: str) -> Reply:
    caps = call.world.caps
    if text.count("\n") > caps.diff_lines or len(text.encode()) > caps.diff_bytes:
        error = {"resource": "Commit", "field": "diff", "code": "too_large"}
        message = f"Sorry, the diff exceeded the maximum number of lines ({caps.diff_lines})"
        raise RefusalError(406, message, [error])
    return Reply(text.encode(), media="application/vnd.github.diff; charset=utf-8")


def _pulls_of_commit(call: Call) -> Reply:
    sha = call.path["commit_sha"]
    if sha not in call.repo.objects.commits:
        raise RefusalError(422, f"No commit found for SHA: {sha}")
    found = [
        pull
        for pull in call.repo.pulls.values()
        if any(commit.sha == sha for commit in pull.commits())
    ]
    page, headers = call.page(found)
    return Reply([pulls.simple(pull) for pull in page], headers=headers)


def _side(call: Call, text: str) -> Commit | None:
    """Return the commit of "ref", or of "owner:ref" in another repository of the network."""
    owner, colon, ref = text.rpartition(":")
    if not colon:
        return call.repo.resolve(text)
    for repo in call.world.repositories.values():
        if repo.objects is call.repo.objects and repo.owner.login == owner.split(":")[0]:
            return repo.resolve(ref)
    return None


def _compare(call: Call) -> Reply:
    repo, known = call.repo, call.repo.objects
    base_name, dots, head_name = call.path["basehead"].partition("...")
    base, head = _side(call, base_name), _side(call, head_name)
    if not dots or base is None or head is None:
        raise RefusalError(404, "Not Found")
    start = known.merge_base(base.sha, head.sha)
    if start is None:
        message = f"No common ancestor between {base_name} and {head_name}."
        raise RefusalError(404, message)
    changes = diff_trees(known.commits[start].files, head.files)
    if call.wants("diff"):
        return _diff_reply(call, unified_text(changes))
    ahead, behind = known.between(base.sha, head.sha), known.between(head.sha, base.sha)
    page, headers = call.page(ahead)
    url = f"{basics.repository_url(repo)}/compare/{call.path['basehead']}"
    html = basics.web(repo, f"/compare/{call.path['basehead']}")
    body: Json = {
        "url": url,
        "html_url": html,
        "permalink_url": basics.web(repo, f"/compare/{base.sha[:12]}...{head.sha[:12]}"),
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "base_commit": commits.commit(repo, base),
        "merge_base_commit": commits.commit(repo, known.commits[start]),
        "status": _compare_status(len(ahead), len(behind)),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [commits.commit(repo, item) for item in page],
    }
    # The files are on the first page alone, and never more than the limit.
    if call.query.get("page", "1") == "1":
        caps = call.world.caps
        rows = commits.diff_list(repo, head.sha, changes, caps)
        body["files"] = rows[: caps.compare_files]
    else:
        body["files"] = []
    return Reply(body, headers=headers)


def _compare_status(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"


def _contents(call: Call) -> Reply:
    ref = call.query.get("ref", call.repo.default_branch)
    commit = _commit_at(call, ref)
    path = call.path["path"].strip("/")
    data = commit.files.get(path)
    if data is None:
        return _folder(call, commit, path, ref)
    if isinstance(data, Symlink):
        # GitHub follows a link to a plain file of the same repository.
        target = commit.files.get(data.decode())
        data = target if target is not None and not isinstance(target, Symlink) else data
    caps = call.world.caps
    if len(data) > caps.raw_bytes:
        raise RefusalError(403, "This API returns blobs up to 100 MB in size.")
    if call.wants("raw") and not isinstance(data, Submodule):
        return Reply(bytes(data), media="application/vnd.github.raw; charset=utf-8")
    return Reply(commits.contents(call.repo, path, ref, data, caps=caps))


def _folder(call: Call, commit: Commit, path: str, ref: str) -> Reply:
    prefix = f"{path}/" if path else ""
    entries: dict[str, bytes | None] = {}
    for name, data in commit.files.items():
        if name.startswith(prefix):
            first, slash, _ = name.removeprefix(prefix).partition("/")
            entries[prefix + first] = None if slash else data
    if not entries:
        raise RefusalError(404, "Not Found")
    caps = call.world.caps
    listed = []
    for name in sorted(entries)[:1000]:
        body = commits.contents(call.repo, name, ref, entries[name], caps=caps)
        body.pop("content", None)
        body.pop("encoding", None)
        listed.append(body)
    if call.wants("object"):
        folder = commits.contents(call.repo, path, ref, None, caps=caps)
        return Reply(folder | {"entries": listed})
    return Reply(listed)


def _tree(call: Call) -> Reply:
    ref = call.path["tree_sha"]
    objects = call.repo.objects
    commit = call.repo.resolve(ref)
    sha = ref if ref in objects.trees else commit.tree_sha if commit else None
    if sha is None:
        raise RefusalError(404, "Not Found")
    if "recursive" in call.query:
        entries = list(objects.walk(sha))
    else:
        entries = [(entry.name, entry) for entry in objects.trees[sha]]
    most = call.world.caps.tree_entries
    truncated = len(entries) > most
    return Reply(commits.tree(call.repo, sha, entries[:most], truncated=truncated))


def _blob(call: Call) -> Reply:
    sha = call.path["file_sha"]
    data = call.repo.objects.blobs.get(sha)
    if data is None:
        raise RefusalError(404, "Not Found")
    if call.wants("raw"):
        return Reply(bytes(data), media="application/vnd.github.raw; charset=utf-8")
    return Reply(commits.blob(call.repo, sha, data))


def _git_commit(call: Call) -> Reply:
    item = call.repo.objects.commits.get(call.path["commit_sha"])
    if item is None:
        raise RefusalError(404, "Not Found")
    return Reply(commits.git_commit(call.repo, item))


def _tarball(call: Call) -> Reply:
    item = _commit_at(call, call.path["ref"])
    path = f"/tarball/{call.repo.id}/{item.sha}"
    query = urlencode(sign(call.world, path, CODELOAD_SECONDS))
    location = f"{call.world.storage_url}{path}?{query}"
    return Reply(b"", 302, {"Location": location}, "text/html;charset=utf-8")


PAGED = frozenset({"per_page", "page"})
REPO = "/repos/{owner}/{repo}"

ROUTES = (
    Route("GET", REPO, _repository, "metadata:read"),
    Route("GET", f"{REPO}/branches/{{branch}}", _branch, "contents:read"),
    Route(
        "GET",
        f"{REPO}/rules/branches/{{branch}}",
        _rules,
        "metadata:read",
        frozenset({"per_page", "page"}),
    ),
    Route(
        "GET",
        f"{REPO}/commits",
        _commits,
        "contents:read",
        PAGED | {"sha", "path", "author", "committer", "since", "until"},
    ),
    Route("GET", f"{REPO}/commits/{{ref}}", _commit, "contents:read", PAGED),
    Route(
        "GET",
        f"{REPO}/commits/{{commit_sha}}/pulls",
        _pulls_of_commit,
        "pull_requests:read|contents:read",
        PAGED,
    ),
    Route("GET", f"{REPO}/compare/{{basehead}}", _compare, "contents:read", PAGED),
    Route("GET", f"{REPO}/contents/{{path}}", _contents, "contents:read", frozenset({"ref"})),
    Route(
        "GET",
        f"{REPO}/git/trees/{{tree_sha}}",
        _tree,
        "contents:read",
        frozenset({"recursive"}),
    ),
    Route("GET", f"{REPO}/git/blobs/{{file_sha}}", _blob, "contents:read"),
    Route("GET", f"{REPO}/git/commits/{{commit_sha}}", _git_commit, "contents:read"),
    Route("GET", f"{REPO}/tarball/{{ref}}", _tarball, "contents:read"),
)
