"""Webhook payloads as GitHub sends them.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.bodies import actions, basics, commits, pulls
from bot.sandbox.records import (
    CheckRun,
    CheckSuite,
    Comment,
    Installation,
    Json,
    Run,
    User,
    node_id,
    stamp,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.sandbox.objects import Commit
    from bot.sandbox.pulls import Pull
    from bot.sandbox.repository import Repo
    from bot.sandbox.world import World

__all__ = [
    "check_run",
    "check_suite",
    "installation",
    "installation_reference",
    "installation_repositories",
    "issue_comment",
    "merge_group",
    "ping",
    "pull_request",
    "push",
    "repository_event",
    "repository_renamed",
    "workflow_run",
]


def _about(repo: Repo, sender: User) -> Json:
    return {
        "repository": basics.repository(repo),
        "sender": basics.user(repo.world, sender),
    }


def installation_reference(record: Installation) -> Json:
    """Return an installation as the payloads of a repository's events name it."""
    return {"id": record.id, "node_id": node_id("Installation", record.id)}


def pull_request(pull: Pull, action: str, sender: User, more: Mapping[str, object]) -> Json:
    """Return a pull request's event; `more` holds `before` and `after`, or `changes`."""
    return {
        "action": action,
        "number": pull.number,
        "pull_request": pulls.pull(pull),
        **more,
        **_about(pull.repo, sender),
    }


def push(repo: Repo, branch: str, before: str, after: str, sender: User) -> Json:
    """Return a push; all zeros stand for "no commit"."""
    known = repo.objects.commits
    created, deleted = before not in known, after not in known
    fresh: list[Commit] = []
    if not deleted:
        fresh = [known[after]] if created else repo.objects.between(before, after)
    listed = [_pushed(repo, commit) for commit in fresh[-20:]]
    body = basics.repository(repo)
    when = int(repo.created_at.timestamp())
    owner = basics.user(repo.world, repo.owner) | {
        "name": repo.owner.login,
        "email": f"{repo.owner.login}@users.noreply.github.com",
    }
    return {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": after,
        "repository": body
        | {
            "owner": owner,
            "url": basics.web(repo),
            "created_at": when,
            "pushed_at": when,
            "stargazers": 0,
            "master_branch": repo.default_branch,
        },
        "pusher": {"name": sender.login, "email": f"{sender.login}@users.noreply.github.com"},
        "sender": basics.user(repo.world, sender),
        "created": created,
        "deleted": deleted,
        "forced": not created and not deleted and repo.objects.merge_base(before, after) != before,
        "base_ref": None,
        "compare": basics.web(repo, f"/compare/{before[:12]}...{after[:12]}"),
        "commits": listed,
        "head_commit": None if deleted else _pushed(repo, known[after]),
    }


def _pushed(repo: Repo, commit: Commit) -> Json:
    old = repo.objects.commits[commit.parents[0]].files if commit.parents else {}
    new = commit.files
    who = {
        "name": commit.author,
        "email": f"{commit.author}@users.noreply.github.com",
        "username": commit.author,
    }
    return {
        "id": commit.sha,
        "tree_id": commit.tree_sha,
        "distinct": True,
        "message": commit.message,
        "timestamp": stamp(commit.date),
        "url": basics.web(repo, f"/commit/{commit.sha}"),
        "author": who,
        "committer": who,
        "added": sorted(path for path in new if path not in old),
        "removed": sorted(path for path in old if path not in new),
        "modified": sorted(path for path in new if path in old and new[path] != old[path]),
    }


def workflow_run(repo: Repo, action: str, run: Run) -> Json:
    """Return a run's `requested`, `in_progress` or `completed`."""
    return {
        "action": action,
        "workflow_run": actions.run(repo, run),
        "workflow": actions.workflow(repo, run),
        **_about(repo, run.actor),
    }


def check_run(
    repo: Repo, action: str, check: CheckRun, sender: User, button: str | None = None
) -> Json:
    """Return a check run's `created`, `completed`, `rerequested` or `requested_action`."""
    suite = actions.check_suite(repo, repo.suites[check.suite_id])
    pressed = {} if button is None else {"requested_action": {"identifier": button}}
    return {
        **pressed,
        "action": action,
        "check_run": actions.check_run(repo, check) | {"check_suite": suite},
        **_about(repo, sender),
    }


def check_suite(repo: Repo, action: str, suite: CheckSuite, sender: User) -> Json:
    """Return a check suite's `requested` or `rerequested`."""
    return {
        "action": action,
        "check_suite": actions.check_suite(repo, suite),
        **_about(repo, sender),
    }


def issue_comment(repo: Repo, action: str, comment: Comment, sender: User, old: str | None) -> Json:
    """Return a comment's `created`, `edited` (from the text `old`) or `deleted`."""
    payload = {
        "action": action,
        "issue": pulls.issue(repo.pulls[comment.number]),
        "comment": pulls.comment(repo, comment),
        **_about(repo, sender),
    }
    if action == "edited":
        payload["changes"] = {"body": {"from": old or ""}}
    return payload


def merge_group(repo: Repo, branch: str, merge: Commit, base: str, pull: Pull) -> Json:
    """Return a merge group's `checks_requested`."""
    return {
        "action": "checks_requested",
        "merge_group": {
            "head_sha": merge.sha,
            "head_ref": f"refs/heads/{branch}",
            "base_sha": base,
            "base_ref": f"refs/heads/{pull.base_ref}",
            "head_commit": commits.simple_commit(merge),
        },
        **_about(repo, pull.author),
    }


def _short(repo: Repo) -> Json:
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
    }


def installation(world: World, action: str, record: Installation) -> Json:
    """Return an installation's `created` or `deleted`."""
    return {
        "action": action,
        "installation": basics.installation(world, record),
        "repositories": [_short(world.repositories[i]) for i in sorted(record.repository_ids)],
        "requester": None,
        "sender": basics.user(world, record.account),
    }


def installation_repositories(world: World, action: str, record: Installation, repo: Repo) -> Json:
    """Return that a repository was `added` to an installation, or `removed` from it."""
    return {
        "action": action,
        "installation": basics.installation(world, record),
        "repository_selection": "selected",
        "repositories_added": [_short(repo)] if action == "added" else [],
        "repositories_removed": [_short(repo)] if action == "removed" else [],
        "requester": None,
        "sender": basics.user(world, record.account),
    }


def repository_event(repo: Repo, action: str) -> Json:
    """Return a repository's `deleted` and the like."""
    return {"action": action, **_about(repo, repo.owner)}


def repository_renamed(repo: Repo, old: str) -> Json:
    """Return a repository's `renamed`."""
    changes = {"repository": {"name": {"from": old}}}
    return {**repository_event(repo, "renamed"), "changes": changes}


def ping(world: World) -> Json:
    """Return what is sent when a webhook is set up."""
    url = f"{world.api_url}/app/hook"
    return {
        "zen": "Speak like a human.",
        "hook_id": 1,
        "hook": {
            "type": "App",
            "id": 1,
            "name": "web",
            "active": True,
            "app_id": world.app.id,
            "events": list(world.app.events),
            "config": {"content_type": "json", "insecure_ssl": "0", "url": "https://example.com"},
            "created_at": stamp(world.app.created_at),
            "updated_at": stamp(world.app.created_at),
            "ping_url": f"{url}/pings",
            "deliveries_url": f"{url}/deliveries",
        },
    }
