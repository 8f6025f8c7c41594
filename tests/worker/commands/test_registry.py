"""Registry, documents, configuration, sandbox and stories tell of the same commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.sandbox.page.people import commands_to_try
from bot.sandbox.samples import load_samples
from bot.sandbox.world import World
from worker.commands import COMMANDS
from worker.core.config.commands import CommandsModel

ROOT = Path(__file__).parents[3]
STORIES = (Path(__file__).parent / "test_conversation.py").read_text(encoding="utf-8")


def documented() -> dict[str, str]:
    """Return the commands in docs/commands.md with their usage."""
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    table = page.partition("## The commands\n")[2].partition("\n\nThe check run")[0]
    cells = re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)
    return {name: usage.replace("\\|", "|") for name, _, usage in map(split, cells)}


def split(cell: str) -> tuple[str, str, str]:
    return cell.partition(" ")


def test_the_documents_list_every_command_as_it_is_written() -> None:
    """A reader would try what is not there, or never learn of what is."""
    assert documented() == {name: kind.usage for name, kind in COMMANDS.items()}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_file_and_a_story(name: str) -> None:
    """A command that nobody ever tried would be offered."""
    assert (ROOT / "worker" / "commands" / f"{name}.py").exists()
    assert f'"/covgate {name}' in STORIES
    assert COMMANDS[name].help.endswith(".")


def test_every_command_but_help_can_be_restricted() -> None:
    """A repository could not keep one to itself."""
    assert CommandsModel.model_fields.keys() - {"prefix"} == COMMANDS.keys() - {"help"}


def test_the_sandbox_lets_one_try_all_of_them() -> None:
    """A visitor would leave without having seen what there is."""
    samples = load_samples(World())
    lines = commands_to_try(samples["yajl"].open())
    assert [line.split()[:2] for line in lines] == [["/covgate", name] for name in COMMANDS]
