"""The set-up's pages as data: what a template shows, worked out without HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.folder import render
from bot.setup.manifest import PERMISSION_REASONS, read_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.setup.asking import Progress
    from bot.setup.state import Setup

__all__ = ["Step", "progress_data", "start_data", "steps"]

WEBHOOK_PATH = "/webhooks/github"
DONE, NOW, LATER = "done", "now", "later"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the progress: `state` is done, now or later."""

    name: str
    title: str
    state: str
    text: str = ""


def start_data(
    setup: Setup, origin: str, typed: Mapping[str, str], *, admitted: bool
) -> dict[str, Any]:
    """Return what the first page shows; `typed` is what a refused form held."""
    manifest = read_template()
    permissions = [
        {"name": name, "level": level, "reason": PERMISSION_REASONS.get(name, "")}
        for name, level in sorted(manifest["default_permissions"].items())
    ]
    offered = {
        "site": setup.site,
        "name": str(manifest["name"]),
        "hook": _hook(setup, origin),
        "owner": "person",
        "organisation": "",
        "keep": "file",
        "app_id": "",
    }
    return {
        "admitted": admitted,
        "used": setup.door.used,
        "registered": setup.registered,
        "permissions": permissions,
        "events": manifest["default_events"],
        "manifest": json.dumps(manifest, indent=2),
        "typed": offered | {name: text for name, text in typed.items() if name in offered},
    }


def _hook(setup: Setup, origin: str) -> str:
    """Return the address for webhooks that is likeliest right; "" where only this machine is."""
    if setup.hook_url:
        return setup.hook_url
    if setup.public_url:
        return setup.public_url + WEBHOOK_PATH
    host = origin.partition("://")[2].rpartition(":")[0] or origin.partition("://")[2]
    if host.strip("[]") in {"", "localhost", "127.0.0.1", "::1"}:
        return ""
    return origin + WEBHOOK_PATH


def steps(progress: Progress) -> tuple[Step, ...]:
    """Return the lines of the progress: what is done, what is next, what comes after."""
    installed = bool(progress.installed) or progress.received
    done = (progress.made, progress.made and installed, progress.received)
    first = next((at for at, is_done in enumerate(done) if not is_done), len(done))
    accounts = ", ".join(progress.installed)
    told = (
        ("made", "Make the App", "The App is made", ""),
        ("installed", "Install it", "It is installed", f"by {accounts}" if accounts else ""),
        ("received", "First delivery", "The first delivery has arrived", _waiting(progress)),
    )
    return tuple(
        Step(name, then if is_done else before, _state(at, first, is_done=is_done), text)
        for at, ((name, before, then, text), is_done) in enumerate(zip(told, done, strict=True))
    )


def _state(at: int, first: int, *, is_done: bool) -> str:
    if is_done:
        return DONE
    return NOW if at == first else LATER


def _waiting(progress: Progress) -> str:
    if progress.received:
        return ""
    if progress.problem:
        return f"GitHub can't be asked: {progress.problem}"
    if progress.failed:
        return f"GitHub tried {_some(progress)}, and the newest got {progress.failed}"
    if progress.attempts:
        return f"GitHub sent {_some(progress)}, and none came here"
    return ""


def _some(progress: Progress) -> str:
    return f"{progress.attempts} {'delivery' if progress.attempts == 1 else 'deliveries'}"


def progress_data(setup: Setup, progress: Progress) -> dict[str, Any]:
    """Return what the page after the App was made shows."""
    found = steps(progress)
    credentials = setup.credentials
    shown = credentials is not None and setup.revealed
    return {
        "steps": found,
        "done": all(step.state == DONE for step in found),
        "install_url": setup.install_url,
        "app_url": setup.app_url,
        "stored_at": str(setup.stored_at.absolute()) if setup.stored_at else "",
        "variables": render(credentials.variables()) if credentials and shown else "",
        "installed": found[1].state == DONE,
        "hook_failing": bool(progress.failed),
        "doctor": "covgate doctor",
    }
