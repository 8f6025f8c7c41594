"""Who may give which slash-command, as pydantic models."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, WithJsonSchema
from pydantic_core import PydanticCustomError

from worker.core.config.fields import Model
from worker.core.config.gates import without_default
from worker.core.config.values import CommandsRule

__all__ = ["CommandsModel"]

_WHO = (
    r"^(read|triage|write|maintain|admin|author"
    r"|@[A-Za-z0-9][A-Za-z0-9_-]{0,99}(/[A-Za-z0-9_.-]{1,100})?)$"
)
_PREFIX = r"^/cov[a-z0-9-]{0,20}$"
_MOST = 50


def _who(value: str) -> str:
    if not re.fullmatch(_WHO, value, re.ASCII):
        raise PydanticCustomError(
            "who",
            "must be `read`, `triage`, `write`, `maintain`, `admin`, `author`, a team such as "
            '"@org/release" or a person such as "@mira"',
        )
    return value


def _not_the_author(value: str) -> str:
    if value == "author":
        raise PydanticCustomError("who", "can't be `author`: that is `allow_author: true`")
    return value


def _prefix(value: str) -> str:
    if not re.fullmatch(_PREFIX, value, re.ASCII):
        raise PydanticCustomError(
            "prefix", "must be a word such as /cov that begins with /cov, in lower case"
        )
    return value


Who = Annotated[str, AfterValidator(_who), Field(json_schema_extra={"pattern": _WHO})]
_Others = Annotated[Who, AfterValidator(_not_the_author)]
_Prefix = Annotated[
    str, AfterValidator(_prefix), WithJsonSchema({"type": "string", "pattern": _PREFIX})
]


class CommandModel(Model):
    """Who may give one command."""

    model_config = ConfigDict(title="Command")

    allow: Annotated[tuple[Who, ...], Field(min_length=1, max_length=_MOST)] = Field(
        description="A role stands for itself and every higher one; `author` is that of the pull "
        'request; a team is "@org/slug", a person "@login". Who is any of these may.',
    )


class OverrideModel(Model):
    """Who may let a pull request in though its check fails."""

    model_config = ConfigDict(title="Override")

    allow: Annotated[tuple[_Others, ...], Field(min_length=1, max_length=_MOST)] = Field(
        default=("write",),
        description="As for every command; without it, `write` and higher.",
    )
    allow_author: StrictBool = Field(
        default=False,
        description="Whether the author of the pull request may, too, if he is among the allowed.",
    )


def _command(what: str) -> Any:  # noqa: ANN401 - any field's default
    return Field(
        default=None, json_schema_extra=without_default, description=f"Who may ask for {what}."
    )


class CommandsModel(Model):
    """Who may give which slash-command."""

    model_config = ConfigDict(title="Commands")

    prefix: _Prefix = Field(
        default="",
        json_schema_extra=without_default,
        description="Another word that commands may begin with, beside /covgate and /coverage.",
    )
    override: OverrideModel = Field(
        default_factory=OverrideModel,
        description="Who may let a commit in though its check fails.",
    )
    revoke: CommandModel | None = _command("the end of an override")
    recheck: CommandModel | None = _command("a new verdict")
    status: CommandModel | None = _command("what is awaited")
    show: CommandModel | None = _command("a file's uncovered new lines")
    explain: CommandModel | None = _command("how a number was made")
    gaps: CommandModel | None = _command("the tests that are missing")
    baseline: CommandModel | None = _command("what is compared with")
    config: CommandModel | None = _command("the configuration in force")
    flaky: CommandModel | None = _command("the flaky tests")

    def value(self) -> CommandsRule:
        """Return the same as the core's value."""
        given = {
            name: tuple(model.allow)
            for name in sorted(type(self).model_fields)
            if isinstance(model := getattr(self, name), CommandModel)
        }
        if self.override.model_fields_set & {"allow"}:
            given["override"] = tuple(self.override.allow)
        return CommandsRule(
            prefix=self.prefix,
            allow=tuple(sorted(given.items())),
            allow_author=self.override.allow_author,
        )
