"""How far a set-up has come, and its steps; GitHub is asked here, HTTP is elsewhere."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.folder import Credentials, store_credentials
from bot.setup.addresses import api_of, check_address, new_app_url, site_of
from bot.setup.asking import Progress, ask_progress, ask_registration
from bot.setup.door import Door
from bot.setup.manifest import build_manifest
from worker.core.errors import CovgateError, SettingError
from worker.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

__all__ = ["Handover", "Setup", "SetupError", "Wishes"]

_LIFE = 3600.0
"""Seconds that a manifest's code is good for, so that its state need not live longer."""
_MOST_PENDING = 20
_ASK_EVERY = 3.0
"""Seconds between two questions to GitHub, however often the page asks."""


class SetupError(CovgateError):
    """A step can't be done. The text says what to do instead."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was chosen on the page. `organisation` is "" for the person's own account."""

    site: str
    organisation: str
    name: str
    hook_url: str
    keep: bool
    """Whether the credentials are stored here; else they are shown."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What the browser posts to GitHub: the manifest, to an address that holds the state."""

    url: str
    manifest: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Pending:
    wishes: Wishes
    api: str
    begun: float


@dataclass(slots=True)
class Setup:
    """One process's set-up. Its steps block, and may be called from any thread.

    `folder` is where credentials are stored, `hook_url` and `github_url` what the form
    offers. `deliveries` tells how many signed deliveries this receiver took.
    """

    folder: Path
    door: Door = field(default_factory=Door)
    credentials: Credentials | None = None
    registered: bool = False
    """Whether there are credentials, be they of this set-up or of the settings."""
    github_url: str = "https://api.github.com"
    hook_url: str = ""
    public_url: str | None = None
    deliveries: Callable[[], int] = lambda: 0
    finish: Callable[[], None] = lambda: None
    stored_at: Path | None = None
    app_url: str = ""
    revealed: bool = False
    """Whether the credentials are still to be shown, because they are not stored."""
    _pending: dict[str, _Pending] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asked: float = float("-inf")
    _told: Progress = field(default_factory=Progress)

    @property
    def site(self) -> str:
        """The address of the GitHub that the form offers."""
        return site_of(self.github_url)

    @property
    def install_url(self) -> str:
        """Where the App is installed from; "" until there is one."""
        return f"{self.app_url}/installations/new" if self.app_url else ""

    def begin(self, wishes: Wishes, here: str) -> Handover:
        """Return what to post to GitHub for the App to be made. `here` is this page's origin.

        Raises `AddressError` and `SetupError`.
        """
        site = check_address(wishes.site, "GitHub's address")
        hook = check_address(wishes.hook_url, "The address for webhooks")
        api = api_of(site)
        state = secrets.token_urlsafe(32)
        url = new_app_url(site_of(api), wishes.organisation, state)
        manifest = build_manifest(
            name=wishes.name, hook_url=hook, here=here, public_url=self.public_url
        )
        with self._lock:
            self._refuse_second()
            now = time.monotonic()
            alive = {key: one for key, one in self._pending.items() if now - one.begun < _LIFE}
            while len(alive) >= _MOST_PENDING:
                alive.pop(next(iter(alive)))
            self._pending = {**alive, state: _Pending(wishes, api, now)}
        return Handover(url, manifest)

    def complete(self, code: str, state: str) -> None:
        """Exchange a manifest's code for the App's credentials. A state serves once.

        Raises `SetupError` for a state that is not of this set-up, and what
        `worker.github_api.convert_manifest` raises.
        """
        from worker.github_api import convert_manifest  # noqa: PLC0415 - the receiver needs no PyGithub

        with self._lock:
            self._refuse_second()
            pending = self._take(state)
            if not code:
                raise SetupError("GitHub sent no code: begin again")
            app = convert_manifest(pending.api, code)
            credentials = Credentials(
                app.id,
                app.private_key.reveal(),
                app.webhook_secret.reveal(),
                pending.api,
                app.client_id,
                app.client_secret.reveal(),
            )
            self._settle(credentials, app.url, keep=pending.wishes.keep)

    def adopt(self, app_id: str, key: str, secret: str, site: str, *, keep: bool) -> None:
        """Take over an App that exists. Raises `SetupError` where GitHub does not confirm it."""
        api = api_of(site)
        settings = _checked(app_id, key, secret, api)
        with self._lock:
            self._refuse_second()
            url = ask_registration(settings)
            credentials = Credentials(
                settings.app_id,
                settings.private_key.get_secret_value(),
                ",".join(one.get_secret_value() for one in settings.webhook_secrets),
                api,
            )
            self._settle(credentials, url, keep=keep)

    def hide(self) -> None:
        """Show the credentials no more."""
        self.revealed = False

    def ask_again(self) -> None:
        """Let the next look ask GitHub at once: something has happened there."""
        self._asked = float("-inf")

    def progress(self) -> Progress:
        """Return how far it is; GitHub is asked at most every few seconds."""
        received = self.deliveries() > 0
        credentials = self.credentials
        if credentials is None:
            return Progress(made=self.registered, received=received)
        with self._lock:
            if time.monotonic() - self._asked >= _ASK_EVERY:
                self._told = ask_progress(credentials)
                self._asked = time.monotonic()
            told = self._told
        return Progress(True, told.installed, received, told.attempts, told.failed, told.problem)

    def _refuse_second(self) -> None:
        if self.registered:
            raise SetupError(
                "This Covgate has its App already. To change it, stop Covgate, remove "
                "github-app.env from its folder .covgate (or its settings), and start it again"
            )

    def _take(self, state: str) -> _Pending:
        found = None
        for known in list(self._pending):
            if secrets.compare_digest(known.encode(), state.encode()):
                found = self._pending.pop(known)
        if found is None or time.monotonic() - found.begun > _LIFE:
            raise SetupError(
                "This answer does not belong to a set-up that was begun here, or it was used "
                "already: begin again"
            )
        return found

    def _settle(self, credentials: Credentials, app_url: str, *, keep: bool) -> None:
        if keep:
            self.stored_at = store_credentials(self.folder, credentials)
        self.revealed = not keep
        self.credentials, self.app_url = credentials, app_url
        self.registered = True


def _checked(app_id: str, key: str, secret: str, api: str) -> Settings:
    """Return what was typed as settings. Raises `SetupError` with the settings' own words."""
    if "-----BEGIN" not in key:
        # The settings would take it for a path, and read that file.
        raise SetupError("The private key is the whole text of the .pem file, BEGIN line included")
    values = {
        "COVGATE_APP_ID": app_id,
        "COVGATE_PRIVATE_KEY": key.replace("\r\n", "\n"),
        "COVGATE_WEBHOOK_SECRET": secret,
        "COVGATE_GITHUB_URL": api,
    }
    if not secret.strip().isprintable():
        raise SetupError("The webhook secret must be of one line")
    try:
        return load_settings(values, require=())
    except SettingError as error:
        raise SetupError(str(error)) from None
