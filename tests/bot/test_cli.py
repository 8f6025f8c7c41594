"""The command line: its commands, its exit statuses, and one line for whatever goes wrong."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot
import bot.check
from bot.cli import main, run
from bot.listener import bind
from bot.local import spread
from bot.progress import working
from tests.support.stores import ROCKETS
from worker.core.config import parse_config
from worker.store import open_store

ROOT = Path(__file__).parents[2]
COMMANDS = ("serve", "worker", "up", "sandbox", "check", "inspect", "ledger", "config", "doctor")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Work in an empty folder, without settings."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("COVGATE_"):
            monkeypatch.delenv(name)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False
    )


def test_help_lists_every_command(capsys):
    """A user would have to read the documentation to find a command."""
    assert run(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f" {command} " in told for command in COMMANDS)
    assert run([]) == 2
    assert capsys.readouterr().out == told


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys, command):
    """A user would not learn of options, or -h be an error."""
    assert run([command, "-h"]) == 0
    assert "--help" in capsys.readouterr().out


def test_the_version_is_told(capsys):
    """A report of a defect could not say of which version."""
    assert run(["--version"]) == 0
    name, version = capsys.readouterr().out.split()
    assert name == "covgate"
    assert version[0].isdigit()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chek"], "'chek'"),
        (["check", "--repotr", "x"], "--repotr"),
        (["check"], "give --report FILE… or --replay FILE; see `covgate check --help`"),
        (["check", "--report"], "--report"),
        (["inspect"], "FILE"),
        (["serve", "--port", "many"], "--port"),
        (["worker", "-n", "0"], "-n"),
    ],
)
def test_a_mistyped_call_is_one_line(capsys, arguments, words):
    """A script's log would be full of boxes, and the hint be lost in them."""
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("covgate: ")
    assert told.err.count("\n") == 1
    assert words in told.err
    assert "--help`" in told.err


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_missing_setting_is_one_line_and_nothing_is_begun(capsys, tmp_path, command):
    """An operator would look through a traceback for the variable's name."""
    assert run([command]) == 2
    told = capsys.readouterr().err
    assert told.startswith("covgate: COVGATE_APP_ID is missing")
    assert "COVGATE_PRIVATE_KEY, COVGATE_WEBHOOK_SECRET" in told
    assert "COVGATE_REDIS_URL" in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_half_of_the_credentials_is_no_reason_for_a_set_up(capsys, monkeypatch, tmp_path):
    """A variable that was forgotten would lead `up` to a second App."""
    monkeypatch.setenv("COVGATE_APP_ID", "1")
    assert run(["up"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("covgate: COVGATE_PRIVATE_KEY is missing; ")
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_used_port_is_one_line(capsys, monkeypatch, private_key):
    """The operator would get a traceback in place of the number."""
    monkeypatch.setenv("COVGATE_APP_ID", "1")
    monkeypatch.setenv("COVGATE_PRIVATE_KEY", private_key)
    monkeypatch.setenv("COVGATE_WEBHOOK_SECRET", "s")
    monkeypatch.setenv("COVGATE_REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("COVGATE_DATABASE_URL", "sqlite:////nowhere/covgate.db")
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        for command in ("serve", "up"):
            assert run([command, "--port", str(port)]) == 2
            told = capsys.readouterr().err
            assert told.startswith(f"covgate: can't listen on 127.0.0.1, port {port}")
            assert told.count("\n") == 1
    assert run(["worker"]) == 2
    assert "COVGATE_DATABASE_URL" in capsys.readouterr().err


@pytest.mark.parametrize(("keep", "left"), [("yes", 1), ("no", 0)])
def test_workers_that_keep_no_sources_drop_those_of_before(monkeypatch, private_key, keep, left):
    """Source code would stay in a database after its operator said that it must not be there."""
    monkeypatch.setenv("COVGATE_APP_ID", "1")
    monkeypatch.setenv("COVGATE_PRIVATE_KEY", private_key)
    monkeypatch.setenv("COVGATE_WEBHOOK_SECRET", "s")
    monkeypatch.setenv("COVGATE_REDIS_URL", "redis://127.0.0.1:1")  # they get no further
    monkeypatch.setenv("COVGATE_DATABASE_URL", "sqlite:///covgate.db")
    monkeypatch.setenv("COVGATE_KEEP_SOURCES", keep)
    store, today = open_store("sqlite:///covgate.db"), date(2030, 1, 1)
    store.remember_repository(ROCKETS)
    store.keep_sources(ROCKETS.id, {"1" * 40: b"packed"}, today, room=100)
    assert run(["worker"]) != 0
    assert len(store.sources(ROCKETS.id, ["1" * 40], today)) == left


@pytest.fixture
def private_key() -> str:
    from bot.sandbox.server import key_pair  # noqa: PLC0415 - this test alone needs it

    return key_pair()[0]


def test_a_file_that_may_not_be_written_is_one_line(capsys, monkeypatch, private_key):
    """A folder of somebody else's would end `covgate up` in a traceback."""
    monkeypatch.setenv("COVGATE_APP_ID", "1")
    monkeypatch.setenv("COVGATE_PRIVATE_KEY", private_key)
    monkeypatch.setenv("COVGATE_WEBHOOK_SECRET", "s")
    Path(".covgate").write_text("a file, where the folder has to be")
    assert run(["up"]) == 2
    assert capsys.readouterr().err == "covgate: .covgate: File exists\n"


def test_another_services_configuration_is_translated(capsys):
    """Whoever moves here would have to write his rules anew."""
    file = Path(__file__).parents[1] / "data" / "translation" / "codecov.yml"
    assert run(["config", "--from", str(file)]) == 0
    assert parse_config(capsys.readouterr().out.encode()).packages[0].name == "api"
    assert run(["config", "--from", __file__]) == 2
    assert "line 1" in capsys.readouterr().err


def test_a_configuration_is_validated_with_line_and_column(capsys, tmp_path):
    """A typing error would be found out by the next pull request."""
    assert run(["config"]) == 2
    assert "there is no .github/covgate.yml here" in capsys.readouterr().err
    file = tmp_path / ".github" / "covgate.yml"
    file.parent.mkdir()
    file.write_text("version: 1\ngates:\n  new_code: {minimum: 101}\n")
    assert run(["config"]) == 2
    told = capsys.readouterr()
    assert told.err.startswith("covgate: .github/covgate.yml: line 3, column 23: ")
    assert told.out == ""
    file.write_text("version: 1\n")
    assert run(["config"]) == run(["config", str(file)]) == 0
    assert capsys.readouterr().out == f".github/covgate.yml is valid.\n{file} is valid.\n"
    assert run(["config", "nix.yml"]) == 2
    assert "nix.yml can't be read" in capsys.readouterr().err


def test_the_schema_is_json(capsys):
    """Editors could not help to write the configuration."""
    assert run(["config", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "gates" in schema["properties"]


def test_ctrl_c_is_quiet(capsys, monkeypatch):
    """Who has had enough would get a page of internals."""

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(bot.check, "check_checkout", interrupt)
    assert run(["check", "--report", "x"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_defect_is_one_line_with_a_file_to_report(capsys, monkeypatch, tmp_path):
    """A user could neither go on nor tell us what happened; or a secret would be posted."""

    def fail(*_):
        raise ZeroDivisionError("ghs_abcdefghijklmnop\nand more")

    monkeypatch.setattr(bot.check, "check_checkout", fail)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["covgate", "check", "--report", "x"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 70
    told = capsys.readouterr().err
    (file,) = tmp_path.iterdir()
    assert told.startswith("covgate: this is a defect of Covgate (ZeroDivisionError: ")
    assert told.endswith(f"/issues with {file}\n")
    assert told.count("\n") == 1
    kept = file.read_text()
    assert "Traceback" in kept
    assert "abcdefgh" not in kept + told
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(ZeroDivisionError):
        run(["check", "--report", "x"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux' /dev/full")
@pytest.mark.parametrize("arguments", [["config", "--schema"], ["--version"]])
def test_a_full_disk_is_no_defect(arguments):
    """`covgate report > file` would ask to be reported where nothing but room is missing."""
    with open("/dev/full", "w") as full:  # noqa: PTH123 -- as a shell opens it
        done = subprocess.run(
            [sys.executable, "-m", "bot.cli", *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == (
        "covgate: can't write: No space left on device; make room, or write elsewhere\n"
    )


def test_names_that_are_no_text_are_shown_all_the_same():
    """One file with a name in Latin-1 would end the command in a traceback."""
    name = os.fsdecode(b"caf\xe9.xml")
    done = python("-m", "bot.cli", "inspect", name)
    assert done.returncode == 2
    assert done.stderr == "covgate: caf\\udce9.xml can't be read: No such file or directory\n"


def test_a_reader_that_goes_away_is_no_error():
    """`covgate … | head` would end in a traceback, or look like a failed gate."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "bot.cli", "config", "--schema"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_the_command_line_loads_nothing_heavy():
    """Every call would wait for a web framework that it does not use."""
    code = "import sys, bot.cli; print(*sys.modules)"
    loaded = set(python("-c", code).stdout.split())
    for heavy in ("fastapi", "sqlalchemy", "github", "pydantic", "redis", "rq", "uvicorn"):
        assert heavy not in loaded


def test_an_old_python_is_told_in_one_line():
    """Somebody with Python 3.9 would get a SyntaxError or an ImportError."""
    done = python("-c", "import sys; sys.version_info = (3, 9, 2, 'final', 0); import bot.cli")
    assert done.returncode == 2
    assert done.stderr.startswith("covgate: Python 3.11 or newer is needed, and this is 3.9: ")
    assert done.stderr.count("\n") == 1
    source = Path(bot.__file__).read_text()
    ast.parse(source, feature_version=(3, 4))
    assert "import annotations" not in source  # unknown before 3.7


NAMES = st.sampled_from(["a.xml", "b.xml", "-x", "--report", "--base", "--report=c.xml", "--"])


@given(st.lists(NAMES, max_size=8))
def test_spreading_adds_options_and_nothing_else(arguments):
    """An argument would be lost, or taken for a report."""
    result = spread(arguments, ["--report"])
    assert spread(result, ["--report"]) == result
    left = iter(result)
    for argument in arguments:
        assert argument in left
    assert set(result) <= {*arguments, "--report"}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("--report a b --base c", "--report a --report b --base c"),
        ("--report=a b", "--report=a --report b"),
        ("--base c d --report a", "--base c d --report a"),
        ("--report --base", "--report --base"),
        ("--report a -x b", "--report a -x b"),
    ],
)
def test_files_go_on_to_the_next_option(given, meant):
    """`--report *.xml` would be an error, as the shell writes many files there."""
    assert spread(given.split(), ["--report"]) == meant.split()


def test_a_spinner_is_for_terminals_alone(capsys, monkeypatch):
    """Logs would be full of control characters; or people think that it hangs."""
    with working("reading [reports]"):
        pass
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with working("reading [reports]"):
        pass
    told = capsys.readouterr()
    assert told.out == ""
    assert "reading [reports]" in told.err
