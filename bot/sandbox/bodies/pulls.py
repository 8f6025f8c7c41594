"""Pull requests and their conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.bodies import basics
from bot.sandbox.records import Comment, Json, Reaction, User, node_id, stamp

if TYPE_CHECKING:
    from bot.sandbox.pulls import Pull
    from bot.sandbox.repository import Repo
    from bot.sandbox.world import World

__all__ = ["REACTIONS", "association", "comment", "issue", "minimal", "pull", "reaction", "simple"]

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def association(repo: Repo, account: User) -> str:
    """Return what an account is to a repository, in GitHub's words."""
    if account == repo.owner:
        return "OWNER"
    writes = repo.roles.get(account.login) in ("admin", "maintain", "write", "triage")
    return "COLLABORATOR" if writes else "NONE"


def _side(repo: Repo | None, owner: User, ref: str, sha: str) -> Json:
    return {
        "label": f"{owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": basics.user(_world(repo), owner) if repo else None,
        "repo": basics.repository(repo) if repo and not repo.deleted else None,
    }


def _world(repo: Repo) -> World:
    return repo.world


def simple(item: Pull) -> Json:
    """Return a pull request as lists show it."""
    repo = item.repo
    url = f"{basics.repository_url(repo)}/pulls/{item.number}"
    issue_url = f"{basics.repository_url(repo)}/issues/{item.number}"
    html = basics.web(repo, f"/pull/{item.number}")
    statuses = f"{basics.repository_url(repo)}/statuses/{item.head_sha}"
    links = {
        "self": url,
        "html": html,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{basics.repository_url(repo)}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": statuses,
    }
    closed = stamp(item.updated_at) if item.state == "closed" else None
    return {
        "url": url,
        "id": item.id,
        "node_id": node_id("PullRequest", item.id),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issue_url,
        "number": item.number,
        "state": item.state,
        "locked": False,
        "title": item.title,
        "user": basics.user(repo.world, item.author),
        "body": item.body,
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "closed_at": closed,
        "merged_at": closed if item.merged_by else None,
        "merge_commit_sha": item.merge_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [],
        "milestone": None,
        "draft": item.draft,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": statuses,
        "head": _side(item.head_repo, item.head_repo.owner, item.head_ref, item.head_sha),
        "base": _side(repo, repo.owner, item.base_ref, item.base_sha),
        "_links": {name: {"href": target} for name, target in links.items()},
        "author_association": association(repo, item.author),
        "auto_merge": None,
        "active_lock_reason": None,
    }


def pull(item: Pull) -> Json:
    """Return a pull request as its own route answers."""
    changes = item.changes()
    mergeable = item.merge_sha is not None
    return {
        **simple(item),
        "merged": item.merged_by is not None,
        "mergeable": None if item.merged_by else mergeable,
        "rebaseable": None if item.merged_by else mergeable,
        "mergeable_state": "clean" if mergeable else "dirty",
        "merged_by": basics.user(item.repo.world, item.merged_by) if item.merged_by else None,
        "comments": len(item.repo.comments_on(item.number)),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(item.commits()),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }


def minimal(item: Pull) -> Json:
    """Return a pull request as runs and check runs refer to it."""

    def side(repo: Repo, ref: str, sha: str) -> Json:
        url = basics.repository_url(repo)
        return {"ref": ref, "sha": sha, "repo": {"id": repo.id, "url": url, "name": repo.name}}

    return {
        "url": f"{basics.repository_url(item.repo)}/pulls/{item.number}",
        "id": item.id,
        "number": item.number,
        "head": side(item.head_repo, item.head_ref, item.head_sha),
        "base": side(item.repo, item.base_ref, item.base_sha),
    }


def issue(item: Pull) -> Json:
    """Return the issue that a pull request is, as webhooks of comments show it."""
    repo = item.repo
    url = f"{basics.repository_url(repo)}/issues/{item.number}"
    body = simple(item)
    taken = (
        "title user body created_at updated_at closed_at assignee assignees labels milestone "
        "locked state number html_url author_association active_lock_reason draft"
    )
    return {
        **{name: body[name] for name in taken.split()},
        "id": item.id + 1,
        "node_id": node_id("Issue", item.id + 1),
        "url": url,
        "repository_url": basics.repository_url(repo),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "comments": len(repo.comments_on(item.number)),
        "performed_via_github_app": None,
        "state_reason": None,
        "reactions": _reactions(f"{url}/reactions", []),
        "pull_request": {
            "url": body["url"],
            "html_url": body["html_url"],
            "diff_url": body["diff_url"],
            "patch_url": body["patch_url"],
            "merged_at": body["merged_at"],
        },
    }


def _reactions(url: str, given: list[Reaction]) -> Json:
    contents = [item.content for item in given]
    return {
        "url": url,
        "total_count": len(given),
        **{content: contents.count(content) for content in REACTIONS},
    }


def comment(repo: Repo, item: Comment) -> Json:
    """Return a comment."""
    url = f"{basics.repository_url(repo)}/issues/comments/{item.id}"
    own = item.app_id == repo.world.app.id
    return {
        "url": url,
        "html_url": basics.web(repo, f"/pull/{item.number}#issuecomment-{item.id}"),
        "issue_url": f"{basics.repository_url(repo)}/issues/{item.number}",
        "id": item.id,
        "node_id": node_id("IssueComment", item.id),
        "user": basics.user(repo.world, item.author),
        "created_at": stamp(item.created_at),
        "updated_at": stamp(item.updated_at),
        "body": item.body,
        "author_association": association(repo, item.author),
        "reactions": _reactions(f"{url}/reactions", item.reactions),
        "performed_via_github_app": basics.app(repo.world, repo.world.app) if own else None,
    }


def reaction(repo: Repo, item: Reaction) -> Json:
    """Return a reaction."""
    return {
        "id": item.id,
        "node_id": node_id("Reaction", item.id),
        "user": basics.user(repo.world, item.author),
        "content": item.content,
        "created_at": stamp(item.created_at),
    }
