"""The slash-commands: one file each, one registry, from which `/covgate help` is made.

To add one: a file beside these, a line in `COMMANDS`, a row in docs/commands.md, a story in
tests/worker/commands.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.commands import (
    baseline,
    config,
    explain,
    flaky,
    gaps,
    help,  # noqa: A004 - the command's name
    override,
    recheck,
    revoke,
    show,
    status,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.flows.asking import CommandKind

__all__ = ["COMMANDS"]

COMMANDS: Mapping[str, CommandKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            help.COMMAND,
            status.COMMAND,
            recheck.COMMAND,
            show.COMMAND,
            explain.COMMAND,
            gaps.COMMAND,
            baseline.COMMAND,
            config.COMMAND,
            flaky.COMMAND,
            override.COMMAND,
            revoke.COMMAND,
        )
    }
)
"""Every command by its name, in the order of help."""
