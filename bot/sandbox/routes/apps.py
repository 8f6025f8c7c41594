"""The App itself: installations, tokens, deliveries, manifest, rate limit."""

from __future__ import annotations

from datetime import timedelta

from bot.sandbox import auth
from bot.sandbox.bodies import basics
from bot.sandbox.records import Delivery, Installation, Json, stamp
from bot.sandbox.replies import Call, RefusalError, Reply, Route

__all__ = ["ROUTES"]

REDELIVERABLE = timedelta(days=3)
"""GitHub keeps deliveries for redelivery so long."""


def _app(call: Call) -> Reply:
    body = basics.app(call.world, call.world.app)
    return Reply(body | {"installations_count": len(call.world.installations)})


def _installations(call: Call) -> Reply:
    records = sorted(call.world.installations.values(), key=lambda record: record.id)
    page, headers = call.page(records)
    return Reply([basics.installation(call.world, record) for record in page], headers=headers)


def _find(call: Call) -> Installation:
    record = call.world.installations.get(call.number("installation_id"))
    if record is None:
        raise RefusalError(404, "Not Found")
    return record


def _installation(call: Call) -> Reply:
    return Reply(basics.installation(call.world, _find(call)))


def _installation_of(call: Call) -> Reply:
    record = call.world.installation_of(call.repo)
    if record is None:
        raise RefusalError(404, "Not Found")
    return Reply(basics.installation(call.world, record))


def _access_token(call: Call) -> Reply:
    token = auth.issue_token(call.world, _find(call), call.body)
    body: Json = {
        "token": token.text,
        "expires_at": stamp(token.expires_at),
        "permissions": token.permissions,
        "repository_selection": "selected",
    }
    if token.repository_ids is not None:
        repos = [call.world.repositories[number] for number in sorted(token.repository_ids)]
        body["repositories"] = [basics.repository(repo) for repo in repos]
    return Reply(body, 201)


def _accessible(call: Call) -> Reply:
    token = call.caller.token
    if token is None:
        raise RefusalError(401, "Requires authentication")
    ids = call.world.installations[token.installation_id].repository_ids
    if token.repository_ids is not None:
        ids = ids & token.repository_ids
    repos = [call.world.repositories[number] for number in sorted(ids)]
    page, headers = call.page(repos)
    body = {
        "total_count": len(repos),
        "repository_selection": "selected",
        "repositories": [basics.repository(repo) for repo in page],
    }
    return Reply(body, headers=headers)


def _delivery_item(item: Delivery) -> Json:
    return {
        "id": item.id,
        "guid": item.guid,
        "delivered_at": stamp(item.delivered_at or item.created_at),
        "redelivery": item.redelivery,
        "duration": round(item.duration, 2),
        "status": item.status,
        "status_code": item.status_code or 0,
        "event": item.event,
        "action": item.action,
        "installation_id": item.installation_id,
        "repository_id": item.repository_id,
        "throttled_at": None,
    }


def _hook(call: Call) -> Reply:
    body: Json = {"content_type": "json", "insecure_ssl": "0", "secret": "********"}
    return Reply(body | ({"url": call.world.hook_url} if call.world.hook_url else {}))


def _deliveries(call: Call) -> Reply:
    """List newest first. The cursor is the id of the last delivery seen."""
    items = sorted(call.world.deliveries, key=lambda item: -item.id)
    oldest = call.world.clock() - REDELIVERABLE
    items = [item for item in items if item.created_at > oldest]
    wanted = call.query.get("status")
    if wanted in ("success", "failure"):
        items = [item for item in items if _succeeded(item) == (wanted == "success")]
    cursor = call.query.get("cursor", "")
    if cursor.isdigit():
        items = [item for item in items if item.id < int(cursor)]
    size = min(int(call.query.get("per_page", "30")), 100)
    page = items[:size]
    headers = {}
    if len(items) > size:
        link = f"{call.url}?per_page={size}&cursor={page[-1].id}"
        headers["Link"] = f'<{link}>; rel="next"'
    return Reply([_delivery_item(item) for item in page], headers=headers)


def _succeeded(item: Delivery) -> bool:
    return 200 <= (item.status_code or 0) < 400


def _find_delivery(call: Call) -> Delivery:
    number = call.number("delivery_id")
    for item in call.world.deliveries:
        if item.id == number:
            return item
    raise RefusalError(404, "Not Found")


def _delivery(call: Call) -> Reply:
    item = _find_delivery(call)
    body = _delivery_item(item) | {
        "url": item.url,
        "request": {"headers": item.request_headers, "payload": item.payload},
        "response": {"headers": item.response_headers, "payload": item.response_body},
    }
    return Reply(body)


def _redeliver(call: Call) -> Reply:
    call.world.redeliver(_find_delivery(call))
    return Reply({}, 202)


def _convert_manifest(call: Call) -> Reply:
    """Hand out an App's credentials, once, for the code of a manifest."""
    world = call.world
    manifest = world.manifests.pop(call.path["code"], None)
    if manifest is None:
        raise RefusalError(404, "Not Found")
    body = basics.app(world, world.app) | {
        "name": manifest.get("name", world.app.slug),
        "client_secret": world.client_secret,
        "webhook_secret": world.webhook_secret,
        "pem": world.private_key,
    }
    return Reply(body, 201)


def _rate_limit(call: Call) -> Reply:
    number = call.caller.installation_id or 0
    limits = call.world.limits
    reset = int(limits.window(number).timestamp())
    used = limits.used[number]
    core = {
        "limit": limits.hourly,
        "used": used,
        "remaining": max(0, limits.hourly - used),
        "reset": reset,
    }
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": reset}
    return Reply({"resources": {"core": core, "search": search}, "rate": core})


PAGED = frozenset({"per_page", "page"})

ROUTES = (
    Route("GET", "/app", _app, "jwt"),
    Route("GET", "/app/installations", _installations, "jwt", PAGED | {"since", "outdated"}),
    Route("GET", "/app/installations/{installation_id}", _installation, "jwt"),
    Route(
        "POST",
        "/app/installations/{installation_id}/access_tokens",
        _access_token,
        "jwt",
        fields=frozenset({"repositories", "repository_ids", "permissions"}),
    ),
    Route("GET", "/app/hook/config", _hook, "jwt"),
    Route(
        "GET",
        "/app/hook/deliveries",
        _deliveries,
        "jwt",
        frozenset({"per_page", "cursor", "status"}),
    ),
    Route("GET", "/app/hook/deliveries/{delivery_id}", _delivery, "jwt"),
    Route("POST", "/app/hook/deliveries/{delivery_id}/attempts", _redeliver, "jwt"),
    Route("POST", "/app-manifests/{code}/conversions", _convert_manifest, ""),
    Route("GET", "/repos/{owner}/{repo}/installation", _installation_of, "jwt"),
    Route("GET", "/installation/repositories", _accessible, "token", PAGED),
    Route("GET", "/rate_limit", _rate_limit, ""),
)
