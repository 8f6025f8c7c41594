"""The `covgate` command. Each subcommand imports what it needs, when it is called."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import local
from bot.relay import command
from worker.core.errors import ConfigError, CovgateError, GitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.settings import Settings

__all__ = ["app", "main", "run"]

UNUSABLE = 2
"""Exit status for input or settings that can't be used."""
DEFECT = 70
"""Exit status for a defect of Covgate: EX_SOFTWARE of sysexits(3). 1 means a failed gate."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it; servers end with 0."""
TERMINATED = 143
"""Exit status of what SIGTERM kept from its end, as shells have it; servers end with 0."""
_UNREAD = 141
"""Exit status where the reader of the output is gone, as shells have it for SIGPIPE."""
_ISSUES = "https://github.com/covgate/covgate/issues"

app = typer.Typer(
    name="covgate",
    help="Judge the test coverage of every pull request.",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]


def main() -> None:
    """Be the `covgate` command: a defect of its own is told in one line too, with a way on."""
    try:
        status = run(sys.argv[1:])
    except Exception as error:  # noqa: BLE001 - kept in a file, and told
        status = _defect(error)
    sys.exit(status)


def run(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit status. Errors of the user's are one line each.

    Raises what is a defect of Covgate's own.
    """
    for stream in (sys.stdout, sys.stderr):
        # A file's name may be no text, and a terminal know no ✅.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    command = typer.main.get_command(app)
    try:
        # Not `app()`, which ends with 1, "a gate failed", where a pipe's reader is gone.
        with command.make_context("covgate", list(arguments)) as context:
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _UNREAD
    except Exception as error:
        told = _told(error)
        if not told:
            raise
        _complain(told)
        return UNUSABLE
    return 0


def _told(error: Exception) -> str:
    """Return what to tell of an error that the user can mend; "" of a defect."""
    if isinstance(error, GitError):
        return " ".join(str(error).split())  # git's own words may be several lines
    if isinstance(error, CovgateError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"can't write: {error.strerror}; make room, or write elsewhere"
    # Typer carries click under a name that differs between versions.
    if hasattr(error, "format_message"):
        path = getattr(getattr(error, "ctx", None), "command_path", "covgate")
        return f"{str(error.format_message()).rstrip('.')}; see `{path} --help`"
    return ""


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def _complain(text: str) -> None:
    typer.echo(f"covgate: {text}", err=True)


def _defect(error: Exception) -> int:
    """Keep the traceback in a file of this user's, without secrets; tell where; return 70."""
    import tempfile
    import traceback

    from worker.logs import redact

    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", errors="backslashreplace", prefix="covgate-", suffix=".txt",
        delete=False,
    ) as file:  # fmt: skip
        file.write(redact("".join(traceback.format_exception(error))))
    what = " ".join(redact(f"{type(error).__name__}: {error}").split())
    _complain(
        f"this is a defect of Covgate ({what[:200]}); please report it at {_ISSUES}"
        f" with {file.name}"
    )
    return DEFECT


@app.callback(invoke_without_command=True)
def _covgate(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"covgate {version_of('covgate')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UNUSABLE)


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    listener: Annotated[int | None, typer.Option(hidden=True)] = None,
    ready: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Receive webhooks and queue them for the workers. SIGHUP restarts it, refusing nobody."""
    from bot.listener import activated, adopt, bind, follower, keep_listening

    settings = _settings()
    if listener is not None:  # the child of another `covgate serve`, which keeps the socket
        from bot.serve import serve as serve_web

        serve_web(settings, adopt(listener), ready)
        return
    opened = activated(os.environ) or bind(host, port)
    raise typer.Exit(keep_listening(opened, follower("serve")))


@app.command()
def worker(
    count: Annotated[int, typer.Option("-n", help="How many workers to run.", min=1)] = 1,
) -> None:
    """Run workers: they read coverage, judge, and answer on GitHub."""
    from worker.contracts import STANDING
    from worker.store import SqlStore, migrate, open_engine
    from worker.supervisor import run_workers

    settings = _settings()
    migrate(settings.database_url)
    if not settings.keep_sources:
        SqlStore(open_engine(settings.database_url)).drop_sources()
    _check_redis(settings.redis_url)
    raise typer.Exit(run_workers(settings.redis_url, count, standing=STANDING))


@app.command()
def up(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    count: Annotated[int, typer.Option("-n", help="How many workers to run.", min=1)] = 1,
    tunnel: Annotated[
        str, typer.Option(metavar="URL", help="Take deliveries from this smee channel, too.")
    ] = "",
) -> None:
    """Run all of it on this machine: own Redis-compatible server, SQLite under ./.covgate.

    Without a GitHub App yet, it leads to the page that makes one.
    """
    from bot.up import run_up

    run_up(os.environ, host, port, count, tunnel)


@app.command()
def sandbox(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    once: Annotated[
        bool, typer.Option("--once", help="Run one pull request through, print, and exit.")
    ] = False,
) -> None:
    """Try the whole loop without a GitHub account: `up` beside a local stand-in of GitHub."""
    from bot.sandbox.command import run_once, run_sandbox
    from bot.signals import stopped_by_sigterm

    if once:
        with stopped_by_sigterm(TERMINATED) as stopped:
            if not run_once(stopped):
                raise typer.Exit(TERMINATED)
    else:
        with stopped_by_sigterm():
            run_sandbox(host, port)


app.command(cls=local.ManyFiles)(local.check)
app.command(cls=local.ManyFiles)(local.report)


@app.command()
def export(
    repository: Annotated[str, typer.Argument(metavar="OWNER/REPO")],
    number: Annotated[int, typer.Argument(help="The pull request.", min=1)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to.")],
    head: Annotated[
        str, typer.Option(metavar="SHA", help="Fail unless the verdict is on this commit.")
    ] = "",
) -> None:
    """Write what a verdict on the server was made from, for `covgate check --replay`."""
    from bot.export import export_inputs, open_history

    with open_history(os.environ, Path(".env")) as store:
        inputs = export_inputs(store, repository, number, head)
    output.write_bytes(inputs)


@app.command()
def ledger(
    repository: Annotated[str, typer.Argument(metavar="OWNER/REPO")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a list.")] = False,
) -> None:
    """Show who overrode the check, why, and what stayed uncovered."""
    from bot.export import open_history
    from bot.ledger import render_ledger, render_ledger_json

    with open_history(os.environ, Path(".env")) as store:
        entries = store.ledger(repository)
    typer.echo((render_ledger_json if as_json else render_ledger)(entries))


@app.command()
def inspect(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Reports, or folders of them.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a file.")] = False,
) -> None:
    """Show what reports hold: format, tool, files, lines, branches, functions, contexts, tests."""
    from bot.inspect import (
        absent_notes,
        inspect_files,
        render_inspections,
        render_inspections_json,
    )
    from bot.progress import working

    with working("reading reports"):
        inspections, errors = inspect_files(files)
    if as_json:
        typer.echo(render_inspections_json(inspections), nl=False)
    elif inspections:
        typer.echo(render_inspections(inspections), nl=False)
    for note in absent_notes(inspections):
        typer.echo(note, err=True)
    for error in errors:
        _complain(str(error))
    if errors:
        raise typer.Exit(UNUSABLE)


@app.command()
def config(
    file: Annotated[
        Path | None, typer.Argument(help="The configuration; .github/covgate.yml by default.")
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema.")] = False,
    other: Annotated[
        Path | None,
        typer.Option("--from", help="Translate a codecov.yml or .coveralls.yml.", metavar="FILE"),
    ] = None,
) -> None:
    """Validate a repository's configuration, or translate another service's."""
    import json

    from bot.given import read_file
    from worker.core.config import config_schema, parse_config

    if schema:
        typer.echo(json.dumps(config_schema(), indent=2))
        return
    if other is not None:
        from worker.core.translation import translate

        try:
            typer.echo(translate(read_file(other)), nl=False)
        except ConfigError as error:
            raise CovgateError(f"{other}: {error}") from error
        return
    path = file or Path(".github/covgate.yml")
    if file is None and not path.exists():
        raise CovgateError(
            f"there is no {path} here, so the defaults hold: name a file, or go to the top of the "
            "repository"
        )
    data = read_file(path)
    try:
        parse_config(data)
    except ConfigError as error:
        raise CovgateError(f"{path}: {error}") from error
    typer.echo(f"{path} is valid.")


app.command()(command.tunnel)
app.command()(command.replay)


@app.command()
def doctor(
    repositories: Annotated[
        list[str] | None,
        typer.Argument(metavar="[OWNER/REPO…]", help="Whose branch protection to look at."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check settings, Redis, database, workers and the App at GitHub, and say what to mend."""
    from bot.doctor import run_doctor

    raise typer.Exit(run_doctor(os.environ, Path(".env"), repositories or (), as_json=as_json))


def _check_redis(url: str) -> None:
    """Stop at the start where Redis can't be reached; later, it is waited for."""
    from redis.exceptions import RedisError

    from worker.inbox import connect

    try:
        with connect(url) as client:
            client.ping()
    except (RedisError, OSError) as error:
        raise CovgateError(
            f"COVGATE_REDIS_URL: Redis does not answer ({error}); start it, or mend the address"
        ) from error


def _settings() -> Settings:
    from worker.logs import configure_logs
    from worker.settings import load_settings

    settings = load_settings(os.environ, Path(".env"))
    configure_logs(settings.log_format, sys.stderr)
    return settings


if __name__ == "__main__":
    main()
