"""Who may give which command, by what GitHub says of the person at that very moment.

A comment's `author_association` is not asked: it is of the time of writing, and does not
know roles. https://docs.github.com/en/rest/collaborators/collaborators
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from worker.core.errors import GitHubError, NotFoundError
from worker.core.refs import Role
from worker.core.render.replies import not_allowed, not_by_the_author
from worker.flows.asking import READERS

if TYPE_CHECKING:
    from worker.core.config import Config
    from worker.core.refs import PullRequest
    from worker.flows.asking import CommandKind
    from worker.flows.deps import Look

__all__ = ["Rights"]

_RANKS = {"read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}
_ADMINS = ("admin",)

_log = structlog.get_logger(__name__)


@dataclass
class Rights:
    """What one person may do in one pull request's conversation. GitHub is asked once each.

    Raises `PostponedError` where GitHub can't say it now: then nobody may, and nobody may
    not.
    """

    look: Look
    pull: PullRequest
    login: str
    config: Config | None
    _role: Role | None = None
    _teams: dict[str, bool] = field(default_factory=dict)
    _unread: set[str] = field(default_factory=set)

    @property
    def role(self) -> Role:
        """The person's role in the repository; `none` for whom GitHub does not know."""
        if self._role is None:
            try:
                self._role = self.look.github.role(self.login)
            except NotFoundError:
                self._role = Role("none", "none")
        return self._role

    @property
    def is_author(self) -> bool:
        """Whether it is the author of the pull request."""
        return self.login.lower() == self.pull.author.lower()

    def allowed(self, kind: CommandKind) -> tuple[str, ...]:
        """Return who may give a command here.

        Nobody knows what a configuration with a mistake would say: those who can mend it
        may all the same.
        """
        if self.config is None:
            return kind.allow if kind.allow == READERS else _ADMINS
        given = self.config.commands.allowed(kind.name)
        return kind.allow if given is None else given

    def refusal(self, kind: CommandKind) -> str:
        """Return why the person may not give a command; "" where he may."""
        allowed = self.allowed(kind)
        kept_out = kind.not_author and self.is_author
        if kept_out and (self.config is None or not self.config.commands.allow_author):
            return not_by_the_author(kind.name)
        # Teams last: they cost a request each.
        if any(self._is(who) for who in sorted(allowed, key=lambda who: "/" in who)):
            return ""
        unread = sorted(self._unread & set(allowed))
        broken = self.config is None
        return not_allowed(kind.name, allowed, self.role.name, unread, broken=broken)

    def _is(self, who: str) -> bool:
        if who == "author":
            return self.is_author
        if not who.startswith("@"):
            return _rank(self.role) >= _RANKS[who]
        if "/" not in who:
            return who.removeprefix("@").lower() == self.login.lower()
        if who not in self._teams:
            self._teams[who] = self._is_in(who)
        return self._teams[who]

    def _is_in(self, team: str) -> bool:
        try:
            return self.look.github.is_in_team(team.removeprefix("@"), self.login)
        except GitHubError as error:
            _log.warning("team.refused", team=team, reason=str(error))
            self._unread.add(team)
            return False


def _rank(role: Role) -> int:
    """Return how far a role reaches; one that an organisation made, by its old level."""
    return _RANKS.get(role.name, _RANKS.get(role.level, 0))
