"""Who is in which team: https://docs.github.com/en/rest/teams/members ."""

from __future__ import annotations

from bot.sandbox.replies import Call, RefusalError, Reply, Route

__all__ = ["ROUTES"]

TEMPLATE = "/orgs/{org}/teams/{team_slug}/memberships/{username}"


def _membership(call: Call) -> Reply:
    token = call.caller.token
    if token is None or token.permissions.get("members", "none") == "none":
        raise RefusalError(403, "Resource not accessible by integration")
    account = call.world.installations[token.installation_id].account
    # A token tells of its own organisation alone.
    if account.login.lower() != call.path["org"].lower():
        raise RefusalError(404, "Not Found")
    team = f"{account.login}/{call.path['team_slug']}"
    if call.path["username"] not in call.world.teams.get(team, ()):
        raise RefusalError(404, "Not Found")
    return Reply({"url": call.url, "role": "member", "state": "active"})


ROUTES = (Route("GET", TEMPLATE, _membership, "token"),)
