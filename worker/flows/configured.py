"""The configuration in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.config import DEFAULT_CONFIG, Config, parse_config
from worker.core.errors import ConfigError, RefusedError
from worker.core.render.messages import CONFIG_PATH

if TYPE_CHECKING:
    from worker.core.refs import Sha
    from worker.flows.deps import Look
    from worker.ports import GitHub

__all__ = ["MAX_CONFIG", "read_config", "read_config_at", "read_config_file"]

_NONE, _SOME = b"0", b"1"
"""What a kept file begins with, and what stands for there being none."""

MAX_CONFIG = 64 * 2**10
"""The longest configuration file, in bytes."""


def read_config(github: GitHub, branch: str) -> Config:
    """Return the configuration at a branch's tip, the defaults where it has none.

    Raises `ConfigError`. Never read from a pull request's head: it would loosen its own
    gate.
    """
    data = read_config_file(github, branch)
    return DEFAULT_CONFIG if data is None else parse_config(data)


def read_config_at(look: Look, tip: Sha) -> Config:
    """Return the configuration at a commit; of one that was read already, nothing is asked.

    Raises `ConfigError`.
    """
    cache = look.deps.cache
    key = f"{look.repository.installation_id}:{look.repository.id}:config:{tip}"
    kept = cache.get(key) if cache is not None else None
    if kept is None:
        data = read_config_file(look.github, tip)
        if cache is not None:
            cache.put(key, _NONE if data is None else _SOME + data)
    else:
        data = kept[1:] if kept[:1] == _SOME else None
    return DEFAULT_CONFIG if data is None else parse_config(data)


def read_config_file(github: GitHub, ref: str) -> bytes | None:
    """Return the file's bytes at a branch or commit; None where there is none.

    Raises `ConfigError` where GitHub does not give it.
    """
    try:
        return github.file(CONFIG_PATH, ref, limit=MAX_CONFIG)
    except RefusedError as error:
        raise ConfigError(f"the file can not be read: {error}") from error
