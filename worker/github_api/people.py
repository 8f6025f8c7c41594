"""What people may do: https://docs.github.com/en/rest/collaborators/collaborators ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.errors import NotFoundError, RefusedError
from worker.github_api.answers import MembershipAnswer, RoleAnswer
from worker.github_api.transport import Transport, quoted

if TYPE_CHECKING:
    from worker.core.refs import Role

__all__ = ["is_in_team", "read_role"]


def read_role(transport: Transport, repository: str, login: str) -> Role:
    """Return a person's role; a stranger to a public repository may read it."""
    path = f"{repository}/collaborators/{_name(login)}/permission"
    return transport.get(path, RoleAnswer).value()


def is_in_team(transport: Transport, team: str, login: str) -> bool:
    """Return whether a person is an active member of a team, "org/slug".

    https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user
    """
    organisation, _, slug = team.partition("/")
    path = f"/orgs/{_name(organisation)}/teams/{_name(slug)}/memberships/{_name(login)}"
    try:
        return transport.get(path, MembershipAnswer).state == "active"
    except NotFoundError:
        return False


def _name(name: str) -> str:
    """Return a login or slug as one part of an address."""
    if "/" in name:
        raise RefusedError(f"{name!r} is no name that GitHub gives")
    return quoted(name)
