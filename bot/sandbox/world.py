"""The state of the stand-in: accounts, repositories, the App, what was sent and asked.

One lock guards all of it. Ids and commit dates are counted, so that the same story gives
the same ids and SHAs every time.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from bot.sandbox import payloads
from bot.sandbox.faults import Faults, RateLimits
from bot.sandbox.objects import Commit, Objects
from bot.sandbox.records import (
    ACTIONS_APP_ID,
    App,
    Caps,
    CheckRun,
    Consent,
    Delivery,
    Installation,
    Json,
    RequestRecord,
    Token,
    User,
    UserToken,
)
from bot.sandbox.repository import Repo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["DEFAULT_EVENTS", "DEFAULT_PERMISSIONS", "World"]

DEFAULT_PERMISSIONS = {
    "actions": "read",
    "checks": "write",
    "contents": "read",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
}
DEFAULT_EVENTS = (
    "check_run",
    "check_suite",
    "issue_comment",
    "merge_group",
    "pull_request",
    "push",
    "repository",
    "workflow_run",
)
ALWAYS_SENT = ("installation", "installation_repositories", "ping")
"""An App gets these without asking for them."""

FIRST_COMMIT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

# Ids as they look on github.com: those of newer kinds no longer fit 32 bits, and no two
# kinds share a range, so that a mix-up is seen.
FIRST_IDS = {
    "app": 400_001,
    "artifact": 4_100_000_001,
    "check_run": 55_000_000_001,
    "check_suite": 48_000_000_001,
    "comment": 3_200_000_001,
    "delivery": 180_000_000_001,
    "installation": 71_000_001,
    "manifest": 1,
    "pull": 2_600_000_001,
    "reaction": 310_000_001,
    "repository": 910_000_001,
    "run": 16_300_000_001,
    "status": 36_000_000_001,
    "user": 5_500_001,
    "workflow": 130_000_001,
}


class World:
    """A whole GitHub with one App under test.

    `clock` tells the time (aware, UTC); `public_key` is the PEM text of the App's key. With
    `private_key` the App can be registered from a manifest, see `offer_manifest`.
    `emitted` are all webhooks, sent or not; `outbox` those that wait, `deliveries` the log of
    those sent. `complaints` are what GitHub lets pass but a client should not do.
    `api_url`, `storage_url` and `web_url` are what links in answers start with.
    """

    def __init__(  # noqa: PLR0913 - what an App is registered with
        self,
        *,
        app_id: int = FIRST_IDS["app"],
        slug: str = "covgate",
        webhook_secret: str = "",
        public_key: str = "",
        private_key: str = "",
        permissions: Mapping[str, str] = DEFAULT_PERMISSIONS,
        events: tuple[str, ...] = DEFAULT_EVENTS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        web_url: str = "https://github.com",
    ) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.clock = clock
        self.webhook_secret = webhook_secret
        self.public_key = public_key
        self.private_key = private_key
        self.manifests: dict[str, Json] = {}
        self.registered: Json = {}
        """The manifest that the App was made from."""
        self.api_url = "https://api.github.com"
        self.storage_url = "https://productionresults.blob.core.windows.net"
        self.web_url = web_url
        self.hook_url = ""
        self.caps = Caps()
        self.faults = Faults()
        self.limits = RateLimits(clock)
        self.users: dict[str, User] = {}
        self.teams: dict[str, set[str]] = {}
        """Logins by team, "org/slug"."""
        self.owners: dict[str, set[str]] = {}
        """Logins by organisation."""
        self.repositories: dict[int, Repo] = {}
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        self.client_id = f"Iv23li{app_id:014}"
        self.client_secret = f"{app_id:040x}"
        self.consents: dict[str, Consent] = {}
        """By code."""
        self.user_tokens: dict[str, UserToken] = {}
        self.outbox: deque[Delivery] = deque()
        self.emitted: list[Delivery] = []
        self.deliveries: list[Delivery] = []
        self.requests: list[RequestRecord] = []
        self.complaints: list[str] = []
        self._ids = dict(FIRST_IDS)
        self._commits = 0
        self._tokens = 0
        now = clock()
        owner = self.user("covgate-owner")
        self.app = App(app_id, slug, owner, dict(permissions), events, now)
        self.bot = self.user(f"{slug}[bot]", "Bot")
        github = self.user("github", "Organization")
        self.actions_app = App(
            ACTIONS_APP_ID, "github-actions", github, {"checks": "write"}, (), now
        )
        self.actions_bot = self.user("github-actions[bot]", "Bot")

    def next_id(self, kind: str) -> int:
        """Return a fresh id."""
        number = self._ids[kind]
        self._ids[kind] += 1
        return number

    def next_commit_date(self) -> datetime:
        """Return a date later than that of all commits before."""
        self._commits += 1
        return FIRST_COMMIT + timedelta(minutes=self._commits)

    def next_token_text(self) -> str:
        """Return the text of a fresh installation token."""
        self._tokens += 1
        return f"ghs_{self._tokens:036}"

    def user(self, login: str, kind: str = "User") -> User:
        """Return an account, made on first sight."""
        with self.lock:
            if login not in self.users:
                self.users[login] = User(self.next_id("user"), login, kind)
            return self.users[login]

    def add_repository(
        self,
        full_name: str,
        *,
        private: bool = False,
        default_branch: str = "main",
        files: Mapping[str, bytes] | None = None,
        installed: bool = True,
    ) -> Repo:
        """Make a repository with one commit, and install the App on it."""
        with self.lock:
            owner, _, name = full_name.partition("/")
            account = self.user(owner, "Organization")
            repo = Repo(self, account, name, private, default_branch, Objects())
            self.repositories[repo.id] = repo
            if files is not None:
                commit = repo.store(files, (), "Begin", owner)
                repo.branches[default_branch] = commit.sha
            if installed:
                self.install(repo)
            return repo

    def repository(self, full_name: str) -> Repo:
        """Return a repository by its name; KeyError where there is none."""
        wanted = full_name.lower()
        for repo in self.repositories.values():
            if repo.full_name.lower() == wanted and not repo.deleted:
                return repo
        raise KeyError(full_name)

    def install(self, repo: Repo) -> Installation:
        """Install the App on a repository, within its owner's one installation."""
        with self.lock:
            known = self.installation_of_account(repo.owner)
            if known is None:
                known = Installation(
                    self.next_id("installation"),
                    repo.owner,
                    dict(self.app.permissions),
                    self.clock(),
                    {repo.id},
                )
                self.installations[known.id] = known
                self.emit("installation", payloads.installation(self, "created", known))
            elif repo.id not in known.repository_ids:
                known.repository_ids.add(repo.id)
                payload = payloads.installation_repositories(self, "added", known, repo)
                self.emit("installation_repositories", payload)
            return known

    def remove_from_installation(self, repo: Repo) -> None:
        """Take one repository out of the App's sight."""
        with self.lock:
            installation = self.installation_of(repo)
            if installation is not None:
                installation.repository_ids.discard(repo.id)
                payload = payloads.installation_repositories(self, "removed", installation, repo)
                self.emit("installation_repositories", payload)

    def uninstall(self, account: str) -> None:
        """Remove the App from an account; its tokens die with it."""
        with self.lock:
            installation = self.installation_of_account(self.users[account])
            if installation is None:
                raise KeyError(account)
            payload = payloads.installation(self, "deleted", installation)
            del self.installations[installation.id]
            self.tokens = {
                text: token
                for text, token in self.tokens.items()
                if token.installation_id != installation.id
            }
            self.emit("installation", payload)

    def installation_of_account(self, account: User) -> Installation | None:
        """Return the App's installation in an account."""
        found = (i for i in self.installations.values() if i.account.id == account.id)
        return next(found, None)

    def installation_of(self, repo: Repo) -> Installation | None:
        """Return the installation that sees a repository."""
        found = (i for i in self.installations.values() if repo.id in i.repository_ids)
        return next(found, None)

    def offer_manifest(self, manifest: Json) -> str:
        """Take an App's manifest and return the code that its credentials are had for, once."""
        with self.lock:
            code = f"{self.next_id('manifest'):040x}"
            self.manifests[code] = self.registered = manifest
            return code

    def ping(self) -> Delivery | None:
        """Send what GitHub sends when a webhook is set up."""
        return self.emit("ping", payloads.ping(self))

    def emit(self, event: str, payload: Json, repo: Repo | None = None) -> Delivery | None:
        """Put a webhook into the outbox if the App gets it; None where it does not."""
        with self.lock:
            installation = None if repo is None else self.installation_of(repo)
            if repo is not None and (
                installation is None or installation.suspended or event not in self.app.events
            ):
                return None
            if repo is None and event not in ALWAYS_SENT:
                return None
            if installation is not None:
                payload["installation"] = payloads.installation_reference(installation)
            about = payload.get("installation")
            number = self.next_id("delivery")
            delivery = Delivery(
                id=number,
                guid=str(UUID(int=number << 64 | 0x4000_8000_0000_0000_0000, version=4)),
                event=event,
                action=payload.get("action"),
                body=json.dumps(payload, separators=(",", ":")).encode(),
                installation_id=about["id"] if about else None,
                repository_id=repo.id if repo else None,
                created_at=self.clock(),
            )
            self.emitted.append(delivery)
            self.outbox.append(delivery)
            self.changed.notify_all()
            return delivery

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Put a sent webhook into the outbox again, under its old GUID."""
        with self.lock:
            again = Delivery(
                id=self.next_id("delivery"),
                guid=delivery.guid,
                event=delivery.event,
                action=delivery.action,
                body=delivery.body,
                installation_id=delivery.installation_id,
                repository_id=delivery.repository_id,
                created_at=self.clock(),
                redelivery=True,
            )
            self.outbox.append(again)
            self.changed.notify_all()
            return again

    def record_sent(self, delivery: Delivery) -> None:
        """Enter a delivery into the log that `/app/hook/deliveries` shows."""
        with self.lock:
            self.deliveries.append(delivery)
            self.changed.notify_all()

    def take_outbox(self) -> list[Delivery]:
        """Return and empty the outbox, for a test that delivers by hand."""
        with self.lock:
            taken = list(self.outbox)
            self.outbox.clear()
            return taken

    def complain(self, text: str) -> None:
        """Record what GitHub would let pass but a client should not do."""
        with self.lock:
            self.complaints.append(text)

    def record(self, request: RequestRecord) -> None:
        """Enter a request into the log."""
        with self.lock:
            self.requests.append(request)
            self.changed.notify_all()

    def count_requests(self, method: str = "", route: str = "") -> int:
        """Return how many requests were answered, of a method and route if given."""
        with self.lock:
            return sum(
                1
                for request in self.requests
                if request.method.startswith(method) and route in ("", request.route)
            )

    def wait_for(self, condition: Callable[[], bool], timeout: float = 10.0) -> bool:
        """Wait until a condition on the world holds; False after `timeout` seconds.

        Look at it again after every change and every request; `condition` runs under the
        lock.
        """
        with self.changed:
            return self.changed.wait_for(condition, timeout)

    def commits(self) -> Iterator[Commit]:
        """Yield every commit of every repository."""
        for repo in self.repositories.values():
            yield from repo.objects.commits.values()

    def check_run(self, number: int) -> tuple[Repo, CheckRun]:
        """Return a check run and its repository; KeyError where there is none."""
        for repo in self.repositories.values():
            if number in repo.checks:
                return repo, repo.checks[number]
        raise KeyError(number)
