"""Other services' configuration files, read and written anew as `.github/covgate.yml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.config.yaml import read_yaml
from worker.core.errors import ConfigError
from worker.core.translation.codecov import translate_codecov
from worker.core.translation.coveralls import translate_coveralls
from worker.core.translation.writing import write_config

if TYPE_CHECKING:
    from worker.core.config.yaml import Data

__all__ = ["translate"]

_CODECOV = frozenset(
    {
        "codecov",
        "coverage",
        "comment",
        "component_management",
        "fixes",
        "flag_management",
        "flags",
        "github_checks",
        "ignore",
        "parsers",
    }
)
_COVERALLS = frozenset(
    {
        "flag_name",
        "parallel",
        "repo_name",
        "repo_secret_token",
        "repo_token",
        "service_job_id",
        "service_name",
        "service_number",
        "service_pull_request",
    }
)


def translate(data: bytes) -> str:
    """Return what a codecov.yml or .coveralls.yml asks for, as Covgate's configuration.

    It is valid. What has no counterpart stands on top of it as comments, with its line.
    Raises `ConfigError` where it is neither.
    """
    document = read_yaml(data)
    keys: dict[str, Data] = document.data if isinstance(document.data, dict) else {}
    if keys.keys() & _CODECOV:
        return write_config("codecov.yml", translate_codecov(document))
    if keys.keys() & _COVERALLS:
        return write_config(".coveralls.yml", translate_coveralls(document))
    raise ConfigError(
        "this is neither a codecov.yml (with `coverage`, `flags`, `ignore`, `comment`, …) nor a "
        ".coveralls.yml (with `service_name`, `repo_token`, …)"
    )
