"""What is the App's and no repository's: installations, and the log of webhook deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.github_api.answers import (
    AppAnswer,
    DeliveryAnswer,
    HookAnswer,
    InstallationAnswer,
    RepositoryPage,
)

if TYPE_CHECKING:
    from datetime import datetime

    from worker.core.refs import Hook, HookDelivery, Installation, Registration, Repository
    from worker.github_api.transport import Transport

__all__ = [
    "list_deliveries",
    "list_installations",
    "list_repositories",
    "read_hook",
    "read_registration",
    "redeliver",
]

_DELIVERIES = "/app/hook/deliveries"


def list_deliveries(transport: Transport, since: datetime) -> tuple[HookDelivery, ...]:
    """Return the attempts since then, newest first: GitHub lists them so.

    https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
    """
    found = []
    for page in transport.pages(_DELIVERIES, list[DeliveryAnswer]):
        recent = [answer.value() for answer in page if answer.delivered_at >= since]
        found += recent
        if len(recent) < len(page):
            break
    return tuple(found)


def read_registration(transport: Transport) -> Registration:
    """Return how the App is registered.

    https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
    """
    return transport.get("/app", AppAnswer).value()


def read_hook(transport: Transport) -> Hook:
    """Return where the App's webhooks are delivered to.

    https://docs.github.com/en/rest/apps/webhooks#get-a-webhook-configuration-for-an-app
    """
    return transport.get("/app/hook/config", HookAnswer).value()


def redeliver(transport: Transport, delivery_id: int) -> None:
    """Ask for a delivery once more.

    https://docs.github.com/en/rest/apps/webhooks#redeliver-a-delivery-for-an-app-webhook
    """
    transport.send("POST", f"{_DELIVERIES}/{delivery_id}/attempts")


def list_installations(transport: Transport) -> tuple[Installation, ...]:
    """Return all installations, by id.

    https://docs.github.com/en/rest/apps/apps#list-installations-for-the-authenticated-app
    """
    pages = transport.pages("/app/installations", list[InstallationAnswer])
    found = {answer.id: answer.value() for page in pages for answer in page}
    return tuple(found[key] for key in sorted(found))


def list_repositories(
    transport: Transport, installation_id: int, *, every: bool = False
) -> tuple[Repository, ...]:
    """Return the repositories that have something open and are not archived, by id.

    With `every`, those without anything open, too.

    https://docs.github.com/en/rest/apps/installations#list-repositories-accessible-to-the-app-installation
    """
    pages = transport.pages("/installation/repositories", RepositoryPage)
    found = {
        answer.id: answer.value(installation_id)
        for page in pages
        for answer in page.repositories
        if (every or answer.open_issues_count) and not answer.archived
    }
    return tuple(found[key] for key in sorted(found))
