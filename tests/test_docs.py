"""What the README and docs/ say is what the program does."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from pathlib import Path

import pytest
import typer.main
from markdown_it import MarkdownIt

from bot.cli import app
from bot.events import EVENTS
from bot.setup.manifest import PERMISSION_REASONS, read_template
from tests.core.test_config import keys_of
from worker.core.config import DEFAULT_CONFIG, config_schema, parse_config
from worker.github_api.auth import PERMISSIONS, STATUS_PERMISSIONS
from worker.settings import REQUIRED, Settings

ROOT = Path(__file__).parents[1]
MANIFEST = "deploy/app-manifest.json"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "deploy/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


def rows(heading, text=README):
    """Return the cells of the first table's rows below a heading."""
    section = re.split(r"^#{2,3} ", text.partition(f" {heading}\n")[2], flags=re.MULTILINE)[0]
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        for line in section.splitlines()
        if line.startswith("|")
    ]


def first_cells(heading):
    """Return the names in the first column below a heading, without the tables' heads."""
    return [name for row in rows(heading) for name in re.findall(r"`([^`]+)`", row[0])]


def test_the_commands_are_those_of_the_program():
    """A reader would try a command that is not there, or never learn of one that is."""
    group = typer.main.get_command(app)
    shown = {}
    for cell in first_cells("Commands"):
        shown[cell.split()[1]] = set(re.findall(r"(?<![\w-])--?[a-z]+(?:-[a-z]+)*", cell))
    assert shown == {
        name: {
            next((option for option in parameter.opts if option.startswith("--")), "")
            or parameter.opts[0]
            for parameter in command.params
            if parameter.param_type_name == "option" and not parameter.hidden
        }
        for name, command in group.commands.items()
    }


def test_the_settings_are_those_of_the_program():
    """An operator would set what nobody reads, or miss what must be set."""
    table = {row[0].strip("`"): row[2] for row in rows("Settings")[2:]}
    assert list(table) == [str(field.validation_alias) for field in Settings.model_fields.values()]
    required = {name for name, default in table.items() if default.startswith("required")}
    assert required == REQUIRED
    assert table["COVGATE_GITHUB_URL"] == f"`{Settings.model_fields['github_url'].default}`"


def test_the_permissions_are_those_of_the_tokens():
    """Whoever registers the App by the table would give too much or too little."""
    table = {row[0].strip("`"): row[1] for row in rows("Permissions and events") if "`" in row[0]}
    permissions = {name: level for name, level in table.items() if level in {"read", "write"}}
    assert permissions == dict(PERMISSIONS)


def test_the_events_are_those_that_are_heard():
    """Whoever registers the App by the table would miss deliveries."""
    names = set(first_cells("Permissions and events")) - PERMISSIONS.keys()
    assert names == set(EVENTS)


def test_the_page_of_permissions_is_that_of_the_manifest():
    """An administrator would read of other rights than the App asks for."""
    text = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    asked, more, events = (
        {row[0].strip("`"): row[1:] for row in rows(heading, text)[2:]}
        for heading in ("Permissions", "What may be added", "Events")
    )
    for manifest in (read_template(), json.loads((ROOT / MANIFEST).read_text(encoding="utf-8"))):
        assert {name: row[0] for name, row in asked.items()} == manifest["default_permissions"]
        assert list(events) == manifest["default_events"]
    assert asked.keys() - PERMISSIONS.keys() == {"merge_queues"}
    assert asked.keys() == PERMISSION_REASONS.keys()
    assert dict(STATUS_PERMISSIONS)["statuses"] == more["statuses"][0]
    assert EVENTS.keys() - events.keys() == {"installation", "installation_repositories", "ping"}
    assert all(row[1] for row in (*asked.values(), *more.values()))


def test_the_published_schema_is_the_current_one(request):
    """An editor would mark a right configuration as wrong; `--update` writes the new one."""
    path = ROOT / "docs" / "covgate.schema.json"
    current = json.dumps(config_schema(), indent=2) + "\n"
    if request.config.getoption("--update"):
        path.write_text(current, encoding="utf-8")
    else:
        published = path.read_text(encoding="utf-8")
        assert published == current, "run pytest tests/test_docs.py --update"


def test_the_configuration_s_keys_and_defaults_are_those_of_the_schema():
    """A team would rely on a default that does not hold, or write a key that is refused."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    told = {row[0].strip("`"): row[2] for row in rows("Keys", page)[2:]}
    keys = keys_of(config_schema(), config_schema())
    assert {name for name in told.keys() - keys.keys() if "<name>" not in name} == set()
    defaults = {
        name: node["default"] if isinstance(node["default"], str) else json.dumps(node["default"])
        for name, node in keys.items()
        if isinstance(node.get("default"), bool | int | float | str)
    }
    # Those of a level are told where nothing is configured; the schema's hold within one.
    levels = {"risk.critical.lines", "risk.high.lines"}
    told |= {"path_fixes[].to": "``"}  # the repository's root, in words
    assert {name: told[name] for name in defaults.keys() - levels} == {
        name: f"`{default}`" for name, default in defaults.items() if name not in levels
    }


def test_every_document_can_be_found():
    """A page that nothing leads to is read by nobody."""
    index = {target.partition("#")[0] for target in links(ROOT / "docs" / "index.md")}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - index == {"index.md"}


@pytest.mark.parametrize("kind", ["dependencies", "test"])
def test_every_dependency_is_named_with_its_purpose(kind):
    """Nobody could tell why a package is there, and so whether it may go."""
    declared = (
        PROJECT["dependencies"]
        if kind == "dependencies"
        else PROJECT["optional-dependencies"]["test"]
    )
    wanted = [re.match(r"[A-Za-z0-9._-]+", requirement).group() for requirement in declared]
    named = [row for row in rows("Dependencies") if "`" in row[0]]
    assert all(len(row[1]) > 3 for row in named)
    # Two tables: first what the program needs, then the tests' own.
    own = {
        re.match(r"[A-Za-z0-9._-]+", requirement).group()
        for requirement in PROJECT["optional-dependencies"]["test"]
    }
    names = [row[0].strip("`") for row in named]
    assert [name for name in names if (name in own) == (kind == "test")] == wanted


@pytest.mark.parametrize("name", ["sandbox", "test"])
def test_one_line_installs_and_runs(name):
    """The two lines are the first that a stranger tries."""
    line = runpy.run_path(str(ROOT / ".ci" / "readme_line.py"))["readme_line"](name)
    assert line.startswith("python3 -m venv .venv && .venv/bin/pip install -c constraints.txt ")
    assert line.count("\n") == 0


def test_the_shown_comment_is_a_real_one(request):
    """The README would praise a comment that nobody gets; `--update` takes the new one over."""
    begin, _, rest = README.partition("<!-- begin: tests/golden/comment/")
    name, _, rest = rest.partition(" -->\n")
    shown, end, rest = rest.partition("<!-- end -->")
    golden = (ROOT / "tests" / "golden" / "comment" / name).read_text(encoding="utf-8")
    # The marker would make nothing visible; the rest is quoted line by line.
    quoted = "".join(f"> {line}".rstrip() + "\n" for line in golden.splitlines()[1:])
    if request.config.getoption("--update"):
        opening = f"{begin}<!-- begin: tests/golden/comment/{name} -->\n"
        (ROOT / "README.md").write_text(f"{opening}{quoted}{end}{rest}", encoding="utf-8")
    else:
        assert shown == quoted, "run pytest tests/test_docs.py --update, and read the README"


def test_the_shown_configuration_is_the_default():
    """Copying the example into a repository would change its gates."""
    (example,) = re.findall(r"```yaml\n(version: 1\n.+?)```", README, re.DOTALL)
    config = parse_config(example.encode())
    for name in ("reports", "workflows", "new_code", "regression"):
        assert getattr(config, name) == getattr(DEFAULT_CONFIG, name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_project_lead_somewhere(page):
    """A reader would be sent to a page or a section that is not there."""
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.name}: {target}"


def test_paths_that_the_texts_name_exist():
    """A stranger who looks for the named module would find nothing."""
    texts = [README, *((ROOT / "docs").rglob("*.md"))]
    named = set()
    for text in texts:
        content = text if isinstance(text, str) else text.read_text(encoding="utf-8")
        named |= set(
            re.findall(r"`((?:bot|worker|tests|deploy|docs|benchmarks)/[\w./-]*)`", content)
        )
    for source in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]:
        named |= set(re.findall(r"(?<![\w./])docs/[\w-]+\.md", source.read_text(encoding="utf-8")))
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def links(page):
    """Return the targets of a page's links and images."""
    tokens = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    return [
        str(child.attrs.get("href") or child.attrs.get("src"))
        for token in tokens
        for child in token.children or ()
        if child.type in {"link_open", "image"}
    ]


def anchors(page):
    """Return the anchors that GitHub gives a page's headings."""
    titles = re.findall(r"^#{1,6} (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
