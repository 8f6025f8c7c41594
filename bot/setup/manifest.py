"""The manifest that a GitHub App is made from: the least that Covgate needs.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

__all__ = ["PERMISSION_REASONS", "SIGNED_IN_PATH", "build_manifest", "read_template"]

SIGNED_IN_PATH = "/sign-in/callback"
"""Where GitHub leads people back to who sign in."""
_LONGEST_NAME = 34

PERMISSION_REASONS = {
    "actions": "workflow runs and the coverage reports that they left as artifacts",
    "checks": "the check run on each pull request's head commit",
    "contents": "the configuration on the base branch, the diff, the files' names",
    "merge_queues": "GitHub sends the commits of merge queues to no other App",
    "metadata": "GitHub gives it to every App: the repository's name and visibility",
    "pull_requests": "the pull request, its changed files, and the one comment on it",
}
"""What each permission is for, in the words of the set-up page."""


def read_template() -> dict[str, Any]:
    """Return the manifest as it is for everybody: permissions, events, words."""
    text = files("bot.setup").joinpath("app-manifest.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def build_manifest(
    *, name: str, hook_url: str, here: str, public_url: str | None = None
) -> dict[str, Any]:
    """Return the manifest of one installation.

    `hook_url` is where GitHub delivers to, `here` the address of these pages without a
    slash: GitHub leads back to it with the App's code, and after the installation. People
    may sign in under that address, and under `public_url`.
    """
    made = read_template()
    made["name"] = name.strip()[:_LONGEST_NAME] or made["name"]
    made["hook_attributes"] = {"url": hook_url, "active": True}
    made["redirect_url"] = f"{here}/setup/created"
    made["setup_url"] = f"{here}/setup/installed"
    signing_in = dict.fromkeys([here, public_url or here])
    made["callback_urls"] = [f"{address}{SIGNED_IN_PATH}" for address in signing_in]
    return made
