"""The recipes in docs/recipes/ can be copied as they are: workflows, configuration, commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main
import yaml
from markdown_it import MarkdownIt

from bot.cli import app
from worker.commands import COMMANDS
from worker.core.config import DEFAULT_CONFIG, parse_config
from worker.core.names import matches_any
from worker.core.translation import translate

ROOT = Path(__file__).parents[1]
RECIPES = sorted((ROOT / "docs" / "recipes").glob("*.md"))
UPLOAD = "actions/upload-artifact"
FOREIGN = "# codecov.yml\n"
NAMES = [page.stem for page in RECIPES]


def blocks(page, language):
    """Return the contents of a page's code blocks in a language."""
    tokens = MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
    return [token.content for token in tokens if token.type == "fence" and token.info == language]


def recipes(page):
    """Return a page's workflows, each with the configurations that follow it, which it needs."""
    found = []
    for text in blocks(page, "yaml"):
        if "\njobs:\n" in text:
            read = yaml.safe_load(text)
            # YAML 1.1, which PyYAML reads, takes `on` for true.
            found.append(({"on" if key is True else key: read[key] for key in read}, []))
        elif not text.startswith(FOREIGN):
            found[-1][1].append(text)
    return found


def workflows(page):
    return [workflow for workflow, _ in recipes(page)]


def configurations(page):
    return [text for _, texts in recipes(page) for text in texts]


def uploads(workflow):
    """Yield each job with the `with` of its uploads, and what the step runs on."""
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith(UPLOAD):
                yield job, step


def artifacts(workflow):
    """Return the names under which a workflow uploads, one for each value of a matrix."""
    names = []
    for job, step in uploads(workflow):
        made = [step["with"]["name"]]
        for key, values in job.get("strategy", {}).get("matrix", {}).items():
            made = [
                name.replace(f"${{{{ matrix.{key} }}}}", str(value))
                for name in made
                for value in values
            ]
        names += made
    return names


@pytest.mark.parametrize("page", RECIPES, ids=NAMES)
def test_every_workflow_can_be_copied(page):
    """A reader's CI would refuse it, run with too many rights, or never on a base branch."""
    assert workflows(page), "a recipe without a workflow"
    for workflow in workflows(page):
        assert set(workflow) == {"name", "on", "permissions", "jobs"}
        assert workflow["permissions"] == {"contents": "read"}
        assert "pull_request" in workflow["on"], "pull requests are judged"
        assert workflow["on"]["push"] == {"branches": ["main"]}, "baselines are made of pushes"
        for job in workflow["jobs"].values():
            assert job["runs-on"] == "ubuntu-latest"
            for step in job["steps"]:
                assert ("run" in step) != ("uses" in step), step
                if "uses" in step:
                    assert re.fullmatch(r"[\w.-]+/[\w.-]+@v[0-9]+", step["uses"]), step["uses"]


@pytest.mark.parametrize("page", RECIPES, ids=NAMES)
def test_every_job_uploads_what_covgate_finds(page):
    """The check would end without a report, or two jobs upload under one name and fail."""
    for workflow, texts in recipes(page):
        steps = list(uploads(workflow))
        assert len(steps) == len(workflow["jobs"]), "each job uploads once"
        for _, step in steps:
            assert step["if"] == "always()", "a failed test leaves a report, too"
            paths = step["with"]["path"].split()
            hidden = any(part.startswith(".") for path in paths for part in path.split("/"))
            assert hidden == step["with"].get("include-hidden-files", False)
        names = artifacts(workflow)
        assert len(set(names)) == len(names), names
        assert not any("${{" in name for name in names), names
        for config in [parse_config(text.encode()) for text in texts] or [DEFAULT_CONFIG]:
            patterns = [source.artifact for source in config.reports]
            assert [name for name in names if not matches_any(patterns, name)] == []


@pytest.mark.parametrize("page", RECIPES, ids=NAMES)
def test_every_configuration_is_valid(page):
    """A reader who copies it would get `action_required` on every pull request."""
    for workflow, texts in recipes(page):
        for text in texts:
            assert text.startswith("version: 1\n"), "no workflow and no configuration: what is it?"
            config = parse_config(text.encode())
            flags = {source.flag for source in config.reports} - {None}
            used = {*config.flags, *(one.flag for one in (*config.packages, *config.critical))}
            assert used - {None} <= flags
            for source in config.reports:
                # What every artifact of a coverage report matches is a rest that may be empty.
                names = [*artifacts(workflow), "coverage"]
                assert any(matches_any((source.artifact,), name) for name in names)


def test_what_becomes_of_their_configuration_is_what_is_shown():
    """Whoever moves would expect other rules than he gets."""
    page = ROOT / "docs" / "recipes" / "migration.md"
    (theirs,) = [text for text in blocks(page, "yaml") if text.startswith(FOREIGN)]
    ours = translate(theirs.encode())
    assert ours[ours.index("version: 1") :] in configurations(page)


def command_lines():
    """Yield each `covgate …` of the documents, as it stands in a code block or span."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for token in MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8")):
            texts = [token.content] if token.type == "fence" and token.info == "sh" else []
            texts += [one.content for one in token.children or () if one.type == "code_inline"]
            for line in (line.strip() for text in texts for line in text.splitlines()):
                # A usage with its choices (`[--json]`) is compared with the program elsewhere.
                found = re.match(r"(?:\S+/)?(covgate [a-z].*|/covgate [a-z].*)", line)
                if found and not re.search(r"\[-|\[OWNER|…\]|\[\w+=\]", line):
                    yield pytest.param(found[1], id=f"{page.stem}: {line}")


LINES = list({param.id: param for param in command_lines()}.values())


@pytest.mark.parametrize("line", LINES)
def test_every_command_exists_with_its_options(line):
    """A reader would copy a command that the program refuses."""
    program, *words = shlex.split(line.split(" | ")[0].split(" > ")[0], comments=True)
    if program.startswith("/"):
        assert words[0] in COMMANDS, f"there is no `/covgate {words[0]}`"
        return
    command = typer.main.get_command(app).commands.get(words[0])
    assert command is not None, f"there is no `covgate {words[0]}`"
    known = {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}
    given = {word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)}
    assert given <= known


def test_every_recipe_can_be_found():
    """A page that nothing leads to is read by nobody."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert [page.name for page in RECIPES if f"](recipes/{page.name})" not in index] == []
