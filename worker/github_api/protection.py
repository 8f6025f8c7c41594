"""What a branch asks for before something is merged into it."""

from __future__ import annotations

import msgspec

from worker.core.errors import NotFoundError
from worker.core.refs import RequiredCheck
from worker.github_api.transport import Transport, quoted

__all__ = ["list_required_checks"]


class _ProtectedCheck(msgspec.Struct):
    context: str
    app_id: int | None = None


class _ProtectedChecks(msgspec.Struct):
    enforcement_level: str = ""
    checks: list[_ProtectedCheck] = []


class _Protection(msgspec.Struct):
    enabled: bool = False
    required_status_checks: _ProtectedChecks | None = None


class _Branch(msgspec.Struct):
    """A branch, and what protects it as far as everybody may see."""

    protection: _Protection | None = None

    def values(self) -> tuple[RequiredCheck, ...]:
        """Return the checks that the branch's protection requires."""
        checks = self.protection and self.protection.required_status_checks
        if not checks or checks.enforcement_level == "off":
            return ()
        return tuple(_required(one.context, one.app_id) for one in checks.checks)


class _RuledCheck(msgspec.Struct):
    context: str
    integration_id: int | None = None


class _RuleParameters(msgspec.Struct):
    required_status_checks: list[_RuledCheck] = []


class _Rule(msgspec.Struct):
    """A rule of a ruleset; those of other types have other parameters."""

    type: str
    parameters: msgspec.Raw = msgspec.Raw(b"{}")

    def values(self) -> tuple[RequiredCheck, ...]:
        """Return the checks that the rule requires."""
        if self.type != "required_status_checks":
            return ()
        parameters = msgspec.json.decode(self.parameters, type=_RuleParameters)
        return tuple(
            _required(one.context, one.integration_id) for one in parameters.required_status_checks
        )


def _required(name: str, app_id: int | None) -> RequiredCheck:
    """Return a required check; GitHub has null, and -1, for "any source"."""
    return RequiredCheck(name, app_id if app_id is not None and app_id > 0 else None)


def list_required_checks(
    transport: Transport, repository: str, branch: str
) -> tuple[RequiredCheck, ...]:
    """Return the checks that a branch requires, by its protection and by rulesets, sorted.

    The protection itself takes the right to administer; what a reader sees of the branch
    names its required checks, too.
    https://docs.github.com/en/rest/branches/branches#get-a-branch
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    """
    found = set(transport.get(f"{repository}/branches/{quoted(branch)}", _Branch).values())
    try:
        for page in transport.pages(f"{repository}/rules/branches/{quoted(branch)}", list[_Rule]):
            found |= {check for rule in page for check in rule.values()}
    except NotFoundError:
        pass  # an Enterprise Server that has no rulesets yet
    return tuple(sorted(found, key=lambda check: (check.name, check.app_id or 0)))
