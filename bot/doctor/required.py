"""What `covgate doctor` says of whether repositories require the check, and of whom.

A check that is not required keeps nobody from merging; one that is required of anybody can
be set by a workflow of the very pull request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.finding import ERROR, OK, WARNING, Finding
from worker.contracts import CHECK_NAME
from worker.core.errors import GitHubError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from worker.core.refs import Installation, Repository, RequiredCheck
    from worker.github_api import GitHubApp

__all__ = ["examine_required"]

_MOST = 10
"""Repositories that are looked at unless some are named."""
_AREA = "required check"


def examine_required(
    app: GitHubApp, installations: Sequence[Installation], wanted: Collection[str]
) -> Iterator[Finding]:
    """Yield how each repository's default branch asks for the check.

    `wanted` are full names; without any, the first few of all installations are looked at.
    """
    names = {name.lower() for name in wanted}
    found = [
        repository
        for installation in installations
        if not installation.suspended
        for repository in app.repositories(installation.id, every=True)
        if not names or repository.full_name.lower() in names
    ]
    missing = names - {repository.full_name.lower() for repository in found}
    for name in sorted(missing):
        text = f"the App is not installed on {name}, or it is archived"
        yield Finding(_AREA, WARNING, text, "install it there, or mend the name")
    shown = found if names else found[:_MOST]
    for repository in shown:
        yield _examine(app, repository)
    if len(found) > len(shown):
        rest = f"{len(found) - len(shown)} more repositories were not looked at"
        yield Finding(_AREA, OK, f"{rest}: name them, `covgate doctor OWNER/REPO`")


def _examine(app: GitHubApp, repository: Repository) -> Finding:
    name, branch = repository.full_name, repository.default_branch
    with app.repository(repository.installation_id, repository.id, name) as github:
        try:
            checks = github.required_checks(branch)
        except GitHubError as error:
            return Finding(_AREA, WARNING, f"{name} can't be looked at: {error}")
    return _judge(name, branch, [one for one in checks if one.name == CHECK_NAME], app.app_id)


def _judge(name: str, branch: str, checks: Sequence[RequiredCheck], app_id: int) -> Finding:
    sources = {one.app_id for one in checks}
    where = f"in the branch protection or ruleset of `{branch}`"
    others = sorted(one for one in sources if one is not None and one != app_id)
    if others:
        text = f"{name} requires `{CHECK_NAME}` of another App ({others[0]}): nothing can be merged"
        return Finding(_AREA, ERROR, text, f"choose this App ({app_id}) as its source {where}")
    if app_id in sources:
        return Finding(_AREA, OK, f"{name} requires `{CHECK_NAME}` of this App on `{branch}`")
    if sources:
        text = (
            f"{name} requires `{CHECK_NAME}` on `{branch}` of anybody: a workflow of the pull "
            "request itself could report one"
        )
        return Finding(_AREA, WARNING, text, f"choose this App ({app_id}) as its source {where}")
    text = f"{name} does not require `{CHECK_NAME}` on `{branch}`: nobody is kept from merging"
    return Finding(_AREA, WARNING, text, f"require it, with this App as its source, {where}")
