"""`covgate sandbox`: the real receiver and workers, beside a stand-in of GitHub."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import IO, TYPE_CHECKING

import typer
from starlette.routing import Mount

from bot.dashboard.access import is_loopback
from bot.listener import bind
from bot.sandbox.loop import Loop, SandboxError, started_loop
from bot.sandbox.samples import Sample, load_samples
from bot.serve import open_app, run_app, serving
from worker.contracts import CHECK_NAME
from worker.logs import configure_logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from bot.sandbox.records import CheckRun

__all__ = ["open_sandbox", "run_once", "run_sandbox"]

_LOG_LINES = 20


def run_once(stopped: Callable[[], bool]) -> bool:
    """Run one pull request through the whole loop; print its check and its comment.

    False, and nothing is printed, where `stopped` says that a signal came. Raises
    `SandboxError` where the loop does not come to its end, with the log's last lines.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        configure_logs("text", log)
        try:
            found = _run_once(log, stopped)
        except SandboxError as error:
            log.seek(0)
            last = "".join(log.readlines()[-_LOG_LINES:])
            raise SandboxError(f"{error}; the log ends so:\n{last}") from error
    if found is None:
        return False
    check, comment = found
    typer.echo(f"\ncheck {CHECK_NAME}: {check.conclusion}\n{check.title}\n\n{check.summary}\n")
    typer.echo(f"{check.text}\n\ncomment:\n{comment}")
    return True


def _run_once(log: IO[str], stopped: Callable[[], bool]) -> tuple[CheckRun, str] | None:
    environment = {**os.environ, "COVGATE_LOG_FORMAT": "text"}
    with started_loop(environment, log=log) as loop:
        listener = bind("127.0.0.1", 0)
        port = listener.getsockname()[1]
        with serving(open_app(loop.settings), listener):
            loop.github.deliver_to(f"http://127.0.0.1:{port}/webhooks/github")
            _say("A repository with a baseline:", "octo/humanize, CI on main left a report")
            sample = load_samples(loop.github.world)["humanize"]
            loop.settle()
            return _play(loop, sample, stopped)


def _play(loop: Loop, sample: Sample, stopped: Callable[[], bool]) -> tuple[CheckRun, str] | None:
    while sample.run is None or sample.run.status != "completed":
        step = sample.next_step
        if step is None:
            raise SandboxError(f"{sample.repo.full_name} has no pull request")
        if stopped():
            return None
        _say("On GitHub:", step.title)
        sample.advance()
    if sample.pull is None:
        raise SandboxError(f"{sample.repo.full_name} has no pull request")
    verdict = loop.verdict(sample.pull)
    return None if stopped() else verdict


def run_sandbox(host: str, port: int) -> None:
    """Serve until Ctrl-C: the receiver, and a page to play GitHub with."""
    listener = bind(host, port)
    address = f"http://{host}:{listener.getsockname()[1]}"
    configure_logs(None, sys.stderr)
    with started_loop(os.environ, public_url=address) as loop:
        app, _samples = open_sandbox(loop, address, here=is_loopback(host))
        loop.github.deliver_to(f"{address}/webhooks/github")
        _say("Open", f"{address}/sandbox  (Ctrl-C ends it and leaves nothing behind)")
        run_app(app, listener)


def open_sandbox(loop: Loop, address: str, *, here: bool) -> tuple[FastAPI, dict[str, Sample]]:
    """Return the receiver with the page to play GitHub with, and the repositories on it.

    `address` is where it will be served, `here` whether to the one at this machine alone.
    """
    from bot.sandbox.page import page_routes  # noqa: PLC0415 - `--once` shows no page

    world = loop.github.world
    world.web_url = f"{address}/sandbox"
    samples = load_samples(world)
    app = open_app(loop.settings, here=here)
    page = Mount("/sandbox", routes=page_routes(world, samples, loop.github.courier))
    app.router.routes.insert(0, page)
    return app, samples


def _say(what: str, text: str) -> None:
    typer.echo(f"{what} {text}", err=True)
