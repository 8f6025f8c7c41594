"""Accounts, repositories, the App and its installations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.records import App, Installation, Json, User, node_id, stamp

if TYPE_CHECKING:
    from bot.sandbox.repository import Repo
    from bot.sandbox.world import World

__all__ = [
    "app",
    "full_repository",
    "installation",
    "minimal_repository",
    "repository",
    "repository_url",
    "user",
    "web",
]

REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}

USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}


def user(world: World, account: User) -> Json:
    """Return an account."""
    quoted = account.login.replace("[", "%5B").replace("]", "%5D")
    url = f"{world.api_url}/users/{quoted}"
    path = f"apps/{account.login.removesuffix('[bot]')}" if account.kind == "Bot" else quoted
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.kind, account.id),
        "avatar_url": f"{world.web_url}/avatars/u/{account.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{world.web_url}/{path}",
        **{name: url + path for name, path in USER_LINKS.items()},
        "type": account.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def repository_url(repo: Repo) -> str:
    """Return a repository's address in the API."""
    return f"{repo.world.api_url}/repos/{repo.full_name}"


def web(repo: Repo, path: str = "") -> str:
    """Return an address below a repository's page."""
    return f"{repo.world.web_url}/{repo.full_name}{path}"


def minimal_repository(repo: Repo) -> Json:
    """Return a repository as it is inside a run or a check suite."""
    url = repository_url(repo)
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user(repo.world, repo.owner),
        "html_url": web(repo),
        "description": None,
        "fork": repo.parent is not None,
        "url": url,
        **{name: url + path for name, path in REPOSITORY_LINKS.items()},
    }


def repository(repo: Repo) -> Json:
    """Return a repository as it is in lists, pull requests and webhooks."""
    pulls = sum(1 for pull in repo.pulls.values() if pull.state == "open")
    forks = sum(1 for other in repo.world.repositories.values() if other.parent is repo)
    host = repo.world.web_url.partition("://")[2]
    created = stamp(repo.created_at)
    return {
        **minimal_repository(repo),
        "created_at": created,
        "updated_at": created,
        "pushed_at": created,
        "git_url": f"git://{host}/{repo.full_name}.git",
        "ssh_url": f"git@{host}:{repo.full_name}.git",
        "clone_url": web(repo, ".git"),
        "svn_url": web(repo),
        "homepage": None,
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": forks,
        "mirror_url": None,
        "archived": False,
        "disabled": False,
        "open_issues_count": pulls,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if repo.private else "public",
        "forks": forks,
        "open_issues": pulls,
        "watchers": 0,
        "default_branch": repo.default_branch,
    }


def full_repository(repo: Repo) -> Json:
    """Return a repository as its own route answers."""
    body = {**repository(repo), "network_count": 0, "subscribers_count": 0}
    if repo.parent is not None:
        body["parent"] = body["source"] = repository(repo.parent)
    return body


def rights(repo: Repo, login: str) -> Json:
    """Return what somebody may do with a repository, as it tells them."""
    levels = ("read", "triage", "write", "maintain", "admin")
    role = repo.role_of(login)
    reached = levels.index(role) if role in levels else -1
    names = ("pull", "triage", "push", "maintain", "admin")
    return {name: at <= reached for at, name in enumerate(names)}


def app(world: World, record: App) -> Json:
    """Return an App."""
    return {
        "id": record.id,
        "slug": record.slug,
        "node_id": node_id("App", record.id),
        "client_id": world.client_id if record is world.app else f"Iv23li{record.id:014}",
        "owner": user(world, record.owner),
        "name": record.slug,
        "description": "",
        "external_url": "https://example.com",
        "html_url": f"{world.web_url}/apps/{record.slug}",
        "created_at": stamp(record.created_at),
        "updated_at": stamp(record.created_at),
        "permissions": record.permissions,
        "events": list(record.events),
    }


def installation(world: World, record: Installation) -> Json:
    """Return an installation."""
    url = f"{world.api_url}/app/installations/{record.id}"
    return {
        "id": record.id,
        "client_id": f"Iv23li{world.app.id:014}",
        "account": user(world, record.account),
        "repository_selection": "selected",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{world.api_url}/installation/repositories",
        "html_url": f"{world.web_url}/settings/installations/{record.id}",
        "app_id": world.app.id,
        "app_slug": world.app.slug,
        "target_id": record.account.id,
        "target_type": record.account.kind,
        "permissions": record.permissions,
        "events": list(world.app.events),
        "created_at": stamp(record.created_at),
        "updated_at": stamp(record.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": user(world, record.account) if record.suspended else None,
        "suspended_at": stamp(record.created_at) if record.suspended else None,
    }
