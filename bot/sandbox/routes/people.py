"""What a person's token reaches: https://docs.github.com/en/rest/users/users ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.bodies import basics
from bot.sandbox.replies import Call, RefusalError, Reply, Route

if TYPE_CHECKING:
    from bot.sandbox.records import Installation, User
    from bot.sandbox.repository import Repo

__all__ = ["ROUTES"]

PAGED = frozenset({"per_page", "page"})


def _person(call: Call) -> User:
    if call.caller.user is None:
        raise RefusalError(401, "Requires authentication")
    return call.caller.user


def _user(call: Call) -> Reply:
    person = _person(call)
    return Reply({**basics.user(call.world, person), **_PROFILE})


_PROFILE = {
    **dict.fromkeys(("name", "company", "location", "email", "hireable", "bio")),
    "blog": "",
    **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
}


def _shared(call: Call, installation: Installation) -> list[Repo]:
    """Return what both the person and the installation reach, and not for being public."""
    login = _person(call).login
    found = (call.world.repositories[number] for number in sorted(installation.repository_ids))
    return [
        repo
        for repo in found
        if not repo.deleted
        and ((repo.role_of(login) != "none" and repo.private) or login in repo.roles)
    ]


def _installations(call: Call) -> Reply:
    every = sorted(call.world.installations.values(), key=lambda one: one.id)
    mine = [one for one in every if _shared(call, one)]
    page, headers = call.page(mine)
    listed = [basics.installation(call.world, one) for one in page]
    return Reply({"total_count": len(mine), "installations": listed}, headers=headers)


def _repositories(call: Call) -> Reply:
    _person(call)
    installation = call.world.installations.get(call.number("installation_id"))
    shared = [] if installation is None else _shared(call, installation)
    if not shared:
        raise RefusalError(404, "Not Found")
    page, headers = call.page(shared)
    login = _person(call).login
    listed = [{**basics.repository(one), "permissions": basics.rights(one, login)} for one in page]
    return Reply({"total_count": len(shared), "repositories": listed}, headers=headers)


def _membership(call: Call) -> Reply:
    """Tell of a person's place in an organisation, where the App may read its members."""
    person, world = _person(call), call.world
    account = world.users.get(call.path["org"])
    installation = None if account is None else world.installation_of_account(account)
    if account is None or person.login not in world.owners.get(account.login, ()):
        raise RefusalError(404, "Not Found")
    if installation is None or installation.permissions.get("members", "none") == "none":
        raise RefusalError(403, "Resource not accessible by integration")
    url = f"{world.api_url}/orgs/{account.login}"
    organisation = {
        "login": account.login,
        "id": account.id,
        "node_id": basics.user(world, account)["node_id"],
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": "",
        "description": None,
    }
    body = {
        "url": f"{url}/memberships/{person.login}",
        "state": "active",
        "role": "admin",
        "organization_url": url,
        "organization": organisation,
        "user": basics.user(world, person),
    }
    return Reply(body)


ROUTES = (
    Route("GET", "/user", _user, ""),
    Route("GET", "/user/installations", _installations, "", PAGED),
    Route("GET", "/user/installations/{installation_id}/repositories", _repositories, "", PAGED),
    Route("GET", "/user/memberships/orgs/{org}", _membership, ""),
)
