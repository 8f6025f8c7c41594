"""`config`: the configuration in force, and what the pull request's own file would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.config.effective import list_settings
from worker.core.errors import ConfigError
from worker.core.render.settings import render_settings
from worker.flows.asking import Answer, Call, CommandKind
from worker.flows.configured import read_config_file

if TYPE_CHECKING:
    from worker.core.config.effective import Setting

__all__ = ["COMMAND"]


def _run(call: Call) -> Answer:
    github, pull = call.look.github, call.pull
    own = _settings(read_config_file(github, pull.head_sha))
    base = _settings(read_config_file(github, pull.base_ref))
    return Answer(done=True, text=render_settings(base, own, pull.base_ref))


def _settings(data: bytes | None) -> tuple[Setting, ...] | str:
    """Return the settings of a file, or what is wrong with it."""
    try:
        return list_settings(data)
    except ConfigError as error:
        return str(error)


COMMAND = CommandKind(
    "config",
    "",
    "Shows the configuration in force, and what this pull request's own file would change.",
    _run,
)
