"""What `covgate doctor` says of the settings themselves."""

from __future__ import annotations

import difflib
import ipaddress
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dotenv import dotenv_values

from bot.doctor.finding import OK, WARNING, Finding
from worker.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["examine_settings", "examine_sign_in"]

_PREFIX = "COVGATE_"
_SECRETS = (
    "COVGATE_PRIVATE_KEY",
    "COVGATE_WEBHOOK_SECRET",
    "COVGATE_CLIENT_SECRET",
    "COVGATE_NOTIFY_URL",
)
_SHORTEST_SECRET = 16
_KNOWN = {str(field.validation_alias) for field in Settings.model_fields.values()}


def examine_settings(
    settings: Settings, environment: Mapping[str, str], env_file: Path
) -> Iterator[Finding]:
    """Yield what is well-formed and yet unwise, or set for nobody."""
    from_file: dict[str, str] = {}
    with suppress(OSError, UnicodeDecodeError):  # told already
        found = dotenv_values(env_file, interpolate=False) if env_file.exists() else {}
        from_file = {name: value or "" for name, value in found.items()}
    yield from _unknown(environment.keys() | from_file.keys())
    yield from _files({**from_file, **environment}, from_file, env_file)
    for secret in settings.webhook_secrets:
        if len(secret.get_secret_value()) < _SHORTEST_SECRET:
            yield Finding(
                "settings",
                WARNING,
                f"a webhook secret has fewer than {_SHORTEST_SECRET} characters: who guesses it "
                "can send deliveries in GitHub's name",
                "set a long random one at GitHub and in COVGATE_WEBHOOK_SECRET (`openssl rand "
                "-hex 32`)",
            )
    yield from _addresses(settings)
    if settings.write_gap < 1 and not _is_near(settings.github_url):
        yield Finding(
            "settings",
            WARNING,
            f"COVGATE_WRITE_GAP is {settings.write_gap:g} s, and GitHub asks for a second between "
            "writes: it may lock the App out for minutes",
            "remove it, or set it to 1",
        )


def _unknown(names: set[str]) -> Iterator[Finding]:
    for name in sorted(names):
        if name.startswith(_PREFIX) and name not in _KNOWN:
            near = difflib.get_close_matches(name, sorted(_KNOWN), 1, 0.8)
            todo = f"did you mean {near[0]}?" if near else "remove it"
            yield Finding("settings", WARNING, f"{name} is no setting: nobody reads it", todo)


def _files(
    values: Mapping[str, str], from_file: Mapping[str, str], env_file: Path
) -> Iterator[Finding]:
    """Look whether others on this machine can read the secrets."""
    key = values.get("COVGATE_PRIVATE_KEY", "")
    files = [Path(key).expanduser()] if key and "-----BEGIN" not in key else []
    if any(from_file.get(name) for name in _SECRETS):
        files.append(env_file)
    for file in files:
        with suppress(OSError, ValueError):
            if stat.S_IMODE(os.stat(file).st_mode) & 0o077:  # noqa: PTH116 - as it is, a name
                text = f"{file} holds a secret, and others on this machine may read it"
                yield Finding("settings", WARNING, text, f"chmod 600 {file}")


def _addresses(settings: Settings) -> Iterator[Finding]:
    for name, url in (
        ("COVGATE_PUBLIC_URL", settings.public_url),
        ("COVGATE_GITHUB_URL", settings.github_url),
    ):
        if url and url.startswith("http://") and not _is_near(url):
            text = f"{name} is without TLS: who is on the way reads along, and may change it"
            yield Finding("settings", WARNING, text, "use https://")


def examine_sign_in(settings: Settings) -> Iterator[Finding]:
    """Yield whether people can sign in to see the pages of private repositories."""
    secret = settings.client_secret.get_secret_value()
    if settings.client_id and secret:
        yield Finding("sign-in", OK, "people can sign in with GitHub")
        return
    half = settings.client_id or secret
    text = "COVGATE_CLIENT_ID and COVGATE_CLIENT_SECRET belong together, and one is not set: "
    if not half:
        text = "nobody can sign in (COVGATE_CLIENT_ID and COVGATE_CLIENT_SECRET are not set): "
    yield Finding(
        "sign-in",
        WARNING if half else OK,
        f"{text}pages of private repositories are closed",
        "set both, from the App's settings page at GitHub (docs/sign-in.md)" if half else "",
    )


def _is_near(url: str) -> bool:
    """Return whether an address is of this machine or of a private network."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_private
