"""What `covgate doctor` asks GitHub: how the App is registered, installed and reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.finding import ERROR, OK, WARNING, Finding
from bot.doctor.reach import examine_deliveries, examine_hook
from bot.doctor.required import examine_required
from bot.events import EVENTS
from worker.core.config import parse_config
from worker.core.errors import ConfigError, GitHubError, PostponedError
from worker.core.render.messages import CONFIG_PATH
from worker.github_api import PERMISSIONS, AppKey, GitHubApp, MemoryTokenCache
from worker.wiring import SystemClock

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from worker.core.refs import Installation, Registration, Repository
    from worker.settings import Settings

__all__ = ["examine_registration"]

UNASKED = frozenset({"installation", "installation_repositories", "ping"})
"""Events that come to every App."""
NEEDED = {**PERMISSIONS, "merge_queues": "read"}
OPTIONAL = {"statuses": "write", "members": "read"}
_LEVELS = ("", "read", "write", "admin")
_MOST_CONFIGURATIONS = 50
_MAX_CONFIG = 64 * 2**10
_GRANT = "in the App's settings at GitHub, then have the owners of its installations accept it"


def examine_registration(
    settings: Settings, repositories: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield what is to be said of the App's registration, installations and deliveries.

    `repositories` are full names of those whose branch protection is looked at.
    """
    app = GitHubApp(
        AppKey(settings.app_id, settings.private_key.get_secret_value()),
        base_url=settings.github_url,
        clock=SystemClock(),
        tokens=MemoryTokenCache(),
        download_hosts=settings.download_hosts,
    )
    try:
        registration = app.registration()
        yield Finding("github", OK, f"knows the App as {registration.slug!r}")
        yield from _permissions("the App", dict(registration.permissions))
        yield from _events(registration)
        installations = app.installations()
        yield from _installed(installations, dict(registration.permissions))
        yield from _teams(app, installations)
        yield from examine_hook(app, settings)
        yield from examine_deliveries(app)
        yield from examine_required(app, installations, repositories)
    except PostponedError as error:
        yield Finding(
            "github",
            ERROR,
            f"does not answer: {error}",
            "check COVGATE_GITHUB_URL, COVGATE_APP_ID, COVGATE_PRIVATE_KEY and the clock",
        )
    except GitHubError as error:
        yield Finding("github", ERROR, str(error), "check COVGATE_APP_ID and COVGATE_PRIVATE_KEY")


def _permissions(who: str, granted: Mapping[str, str]) -> Iterator[Finding]:
    missing = sorted(name for name, level in NEEDED.items() if not _suffices(granted, name, level))
    for name in missing:
        needed = f"`{name}: {NEEDED[name]}`"
        if name == "merge_queues":
            text = f"{who} lacks {needed}: commits of merge queues get no check"
            yield Finding("github", WARNING, text, f"grant it {_GRANT}")
        else:
            yield Finding("github", ERROR, f"{who} lacks {needed}", f"grant it {_GRANT}")
    more = [
        f"`{name}: {level}`"
        for name, level in sorted(granted.items())
        if _LEVELS.index(level if level in _LEVELS else "admin")
        > _LEVELS.index((NEEDED | OPTIONAL).get(name, ""))
    ]
    if more:
        text = f"{who} has more rights than Covgate uses: {', '.join(more)}"
        yield Finding("github", WARNING, text, "take them away; tokens are asked for less anyway")


def _suffices(granted: Mapping[str, str], name: str, level: str) -> bool:
    held = granted.get(name, "")
    return held in _LEVELS and _LEVELS.index(held) >= _LEVELS.index(level)


def _events(registration: Registration) -> Iterator[Finding]:
    for name in sorted(EVENTS.keys() - UNASKED - set(registration.events)):
        yield Finding(
            "github",
            ERROR,
            f"the App is not subscribed to the event `{name}`",
            "tick it in the App's settings at GitHub; docs/events.md says what it is for",
        )


def _installed(
    installations: tuple[Installation, ...], asked: Mapping[str, str]
) -> Iterator[Finding]:
    if not installations:
        text = "the App is installed nowhere: no repository is judged"
        yield Finding("github", WARNING, text, "install it from its page at GitHub")
    for one in installations:
        behind = sorted(
            name
            for name, level in asked.items()
            if name in NEEDED and not _suffices(dict(one.permissions), name, level)
        )
        if one.suspended:
            yield Finding("github", WARNING, f"the installation of {one.account} is suspended")
        elif behind:
            names = ", ".join(f"`{name}`" for name in behind)
            text = f"{one.account} has not yet accepted the App's new permissions: {names}"
            yield Finding("github", WARNING, text, "have an owner accept them")


def _teams(app: GitHubApp, installations: tuple[Installation, ...]) -> Iterator[Finding]:
    """Name the repositories whose configuration asks about teams that the App may not read."""
    asked = 0
    for installation in installations:
        if installation.suspended or _suffices(dict(installation.permissions), "members", "read"):
            continue
        for repository in app.repositories(installation.id):
            asked += 1
            if asked > _MOST_CONFIGURATIONS:
                return
            teams = _teams_of(app, repository)
            if teams:
                yield Finding(
                    "github",
                    WARNING,
                    f"{repository.full_name} lets {', '.join(teams)} command, and the App may not "
                    f"read the teams of {installation.account}: nobody is taken for a member",
                    f"grant `members: read` (an organisation permission) {_GRANT}",
                )


def _teams_of(app: GitHubApp, repository: Repository) -> list[str]:
    """Return the teams that a repository's configuration names."""
    with app.repository(repository.installation_id, repository.id, repository.full_name) as github:
        try:
            data = github.file(CONFIG_PATH, repository.default_branch, limit=_MAX_CONFIG)
            config = parse_config(data) if data is not None else None
        except (GitHubError, ConfigError):
            return []  # said on its pull requests
    allowed = config.commands.allow if config is not None else ()
    return sorted({who for _, names in allowed for who in names if "/" in who})
