"""The commands `covgate tunnel` and `covgate replay`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["replay", "tunnel"]


def tunnel(
    channel: Annotated[str, typer.Argument(metavar="URL", help="A smee channel.")],
    to: Annotated[str, typer.Option(metavar="URL", help="The receiver.")] = "",
) -> None:
    """Bring deliveries from a smee channel to a receiver that GitHub can't reach."""
    from bot.relay.tunnel import run_tunnel
    from bot.signals import stopped_by_sigterm
    from worker.logs import configure_logs

    configure_logs(None, sys.stderr)
    with stopped_by_sigterm():
        run_tunnel(channel, to or _receiver())


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A saved delivery, as JSON.")],
    event: Annotated[
        str, typer.Option(metavar="NAME", help="Its event, where the file is a bare payload.")
    ] = "",
    to: Annotated[str, typer.Option(metavar="URL", help="The receiver.")] = "",
    same_id: Annotated[
        bool, typer.Option("--same-id", help="Keep its id: a receiver that knows it does nothing.")
    ] = False,
) -> None:
    """Send a saved delivery, signed, to a running receiver: 0 taken, 1 refused, 2 no answer."""
    from bot.app import WEBHOOK_PATH
    from bot.folder import FOLDER, read_stored
    from bot.relay.replay import read_saved
    from bot.relay.replay import replay as send
    from worker.settings import load_webhook_secrets

    delivery = read_saved(file, event)
    first, *_ = load_webhook_secrets(os.environ, Path(".env"), defaults=read_stored(FOLDER))
    number, answer = send(delivery, to or _receiver(), first.encode(), same_id=same_id)
    typer.echo(f"{answer.status} {delivery.headers['x-github-event']} {number}")
    typer.echo(answer.text)
    if answer.status in {404, 405}:
        todo = f"covgate: nothing takes webhooks there: a receiver's URL ends in {WEBHOOK_PATH}"
        typer.echo(todo, err=True)
    if not answer.taken:
        raise typer.Exit(1)


def _receiver() -> str:
    """Return where the receiver of this machine takes webhooks: that of `up`, if it runs."""
    from bot.app import WEBHOOK_PATH
    from bot.folder import ADDRESS, FOLDER, read_running

    return read_running(FOLDER).get(ADDRESS, "http://127.0.0.1:8000") + WEBHOOK_PATH
