"""What a branch asks for before something is merged into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.errors import NotFoundError
from worker.github_api.answers import BranchAnswer, RuleAnswer
from worker.github_api.transport import Transport, quoted

if TYPE_CHECKING:
    from worker.core.refs import RequiredCheck

__all__ = ["list_required_checks"]


def list_required_checks(
    transport: Transport, repository: str, branch: str
) -> tuple[RequiredCheck, ...]:
    """Return the checks that a branch requires, by its protection and by rulesets, sorted.

    The protection itself takes the right to administer; what a reader sees of the branch
    names its required checks, too.
    https://docs.github.com/en/rest/branches/branches#get-a-branch
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    """
    found = set(transport.get(f"{repository}/branches/{quoted(branch)}", BranchAnswer).values())
    try:
        for page in transport.pages(
            f"{repository}/rules/branches/{quoted(branch)}", list[RuleAnswer]
        ):
            found |= {check for rule in page for check in rule.values()}
    except NotFoundError:
        pass  # an Enterprise Server that has no rulesets yet
    return tuple(sorted(found, key=lambda check: (check.name, check.app_id or 0)))
