"""The REST API as an ASGI application.

What each route answers is in `bot.sandbox.routes`; here is what they have in common:
who may, how often, entity tags, faults, and a log of it all.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.requests import Request

from bot.sandbox import auth, wire
from bot.sandbox.auth import Caller
from bot.sandbox.records import Json, RequestRecord
from bot.sandbox.replies import Call, RefusalError, Reply, Route
from bot.sandbox.routes import actions, apps, checks, code, people, pulls, teams

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from bot.sandbox.faults import Fault, Limit
    from bot.sandbox.world import World

__all__ = ["ALL_ROUTES", "ApiApp"]

ALL_ROUTES: tuple[Route, ...] = (
    *apps.ROUTES,
    *code.ROUTES,
    *pulls.ROUTES,
    *actions.ROUTES,
    *checks.ROUTES,
    *teams.ROUTES,
    *people.ROUTES,
)

MANY_SEGMENTS = ("basehead", "branch", "path", "ref", "tree_sha")
"""Parameters that may hold slashes."""

DOCUMENTATION = "https://docs.github.com/rest"


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    text = "".join(
        re.escape(part)
        if at % 2 == 0
        else f"(?P<{part}>{'.+' if part in MANY_SEGMENTS else '[^/]+'})"
        for at, part in enumerate(parts)
    )
    return re.compile(text)


# The most literal template first: ".../commits/{ref}/check-runs" before ".../commits/{ref}".
_PATTERNS = sorted(
    ((_pattern(route.template), route) for route in ALL_ROUTES),
    key=lambda pair: -len(re.sub(r"\{\w+\}", "", pair[1].template)),
)


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a raw (still quoted) path, and its parameters, decoded."""
    # The root folder is the one content without a path.
    path = path if not path.endswith("/contents") else f"{path}/"
    for pattern, route in _PATTERNS:
        if route.method == method:
            match = pattern.fullmatch(path)
            if match:
                return route, {name: unquote(text) for name, text in match.groupdict().items()}
    return None


@dataclass(slots=True)
class _Exchange:
    """One request on its way through."""

    request: Request
    path: str
    body: bytes
    route: Route | None = None
    params: dict[str, str] | None = None
    caller: Caller = field(default_factory=Caller)
    fault: Fault | None = None

    @property
    def name(self) -> str:
        return f"{self.request.method} {self.path}"


class ApiApp:
    """GitHub's REST API over a world. `prefix` is "/api/v3" on GitHub Enterprise Server."""

    def __init__(self, world: World, *, prefix: str = "") -> None:
        self.world = world
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise ValueError(f"no {scope['type']} here")
        request = Request(scope, receive)
        raw = scope["raw_path"].decode("ascii").partition("?")[0]
        path = raw.removeprefix(self.prefix) if raw.startswith(self.prefix) else f"!{raw}"
        exchange = _Exchange(request, path, await request.body())
        found = find_route(request.method, path)
        if found is not None:
            exchange.route, exchange.params = found
        template = exchange.route.template if exchange.route else path
        exchange.fault = self.world.faults.take(request.method, template)
        await wire.wait_before(exchange.fault)
        with self.world.lock:
            status, headers, body = self._exchange(exchange)
        await wire.send_answer(send, status, headers, body, exchange.fault)

    def _exchange(self, exchange: _Exchange) -> tuple[int, dict[str, str], bytes]:
        try:
            reply = self._admit(exchange)
        except RefusalError as refusal:
            reply = _refuse(refusal)
        fault = exchange.fault
        if fault is not None and fault.replaces and (fault.after or reply.status < 400):
            reply = self._strike(exchange, fault, reply)
        body = self._encode(exchange, reply)
        headers = self._headers(exchange, reply, body)
        world, query = self.world, exchange.request.url.query
        world.record(
            RequestRecord(
                exchange.request.method,
                exchange.route.template if exchange.route else "",
                exchange.path + (f"?{query}" if query else ""),
                reply.status,
                world.clock(),
                exchange.caller.installation_id,
            )
        )
        return reply.status, headers, body

    def _admit(self, exchange: _Exchange) -> Reply:
        world, request = self.world, exchange.request
        exchange.caller = caller = auth.identify(world, request.headers.get("authorization"))
        self._spend(exchange)
        route, fault = exchange.route, exchange.fault
        if route is None:
            raise RefusalError(404, "Not Found")
        call = self._call(exchange, route)
        self._authorize(route, caller, call)
        if fault is not None and fault.status is not None and not fault.after:
            return Reply()
        return route.answer(call)

    def _spend(self, exchange: _Exchange) -> None:
        number = exchange.caller.installation_id
        if number is None or exchange.path == "/rate_limit":
            return
        limits = self.world.limits
        if limits.early(number):
            self.world.complain(f"{exchange.name} came before the wait was over")
        limit = limits.spend(number, write=exchange.request.method != "GET")
        if limit is not None:
            limits.close(number, limit.retry_after)
            raise _limited(limit, number)

    def _authorize(self, route: Route, caller: Caller, call: Call) -> None:
        if route.permission == "jwt":
            if not caller.app:
                raise RefusalError(401, "A JSON web token could not be decoded")
        elif route.permission == "token":
            if caller.token is None:
                raise RefusalError(401, "Requires authentication")
        elif route.permission:
            read = route.method == "GET"
            auth.authorize(self.world, caller, call.repo, route.permission, read=read)

    def _call(self, exchange: _Exchange, route: Route) -> Call:
        request, params = exchange.request, exchange.params or {}
        query = dict(request.query_params)
        body = self._body(exchange)
        for name in sorted(set(query) - route.query):
            self.world.complain(f"{exchange.name}: unknown parameter {name!r}")
        for name in sorted(set(body) - route.fields):
            self.world.complain(f"{exchange.name}: unknown field {name!r}")
        repo = None
        if "owner" in params:
            try:
                repo = self.world.repository(f"{params['owner']}/{params['repo']}")
            except KeyError:
                raise RefusalError(404, "Not Found") from None
        stale = exchange.fault.stale if exchange.fault else 0
        hidden = self.world.clock() - timedelta(seconds=stale) if stale else None
        url = self.world.api_url + exchange.path
        accept = request.headers.get("accept", "*/*")
        return Call(self.world, exchange.caller, url, params, query, accept, body, repo, hidden)

    def _body(self, exchange: _Exchange) -> Json:
        if not exchange.body:
            return {}
        try:
            body = json.loads(exchange.body)
        except ValueError:
            raise RefusalError(400, "Problems parsing JSON") from None
        if body is not None and not isinstance(body, dict):
            raise RefusalError(400, "Body should be a JSON object")
        return body or {}

    def _strike(self, exchange: _Exchange, fault: Fault, reply: Reply) -> Reply:
        """Return the answer that a fault puts in the place of the right one."""
        if fault.status is None:
            return Reply((fault.body or "").encode(), reply.status, media="text/html")
        number = exchange.caller.installation_id
        headers = {}
        if fault.retry_after is not None:
            headers["Retry-After"] = str(fault.retry_after)
            if number is not None:
                self.world.limits.close(number, fault.retry_after)
        if fault.exhausted:
            headers["X-RateLimit-Remaining"] = "0"
        if fault.body is not None:
            return Reply(fault.body.encode(), fault.status, headers, "text/html")
        secondary = fault.status in (403, 429)
        message = SECONDARY if secondary and not fault.exhausted else MESSAGES[fault.status]
        return _refuse(RefusalError(fault.status, message, headers=headers))

    def _encode(self, exchange: _Exchange, reply: Reply) -> bytes:
        """Return the body's bytes; turn the reply into a 304 where the client has it."""
        body = _serialize(reply.body)
        if exchange.request.method != "GET" or reply.status != 200:
            return body
        token = exchange.request.headers.get("authorization", "")
        digest = hashlib.sha256(token.encode() + reply.media.encode() + body).hexdigest()
        reply.headers["ETag"] = f'W/"{digest}"'
        if reply.headers["ETag"] in exchange.request.headers.get("if-none-match", ""):
            reply.status = 304
            if exchange.caller.installation_id is not None:
                self.world.limits.forgive(exchange.caller.installation_id)
            return b""
        return body

    def _headers(self, exchange: _Exchange, reply: Reply, body: bytes) -> dict[str, str]:
        limits = self.world.limits
        number = exchange.caller.installation_id or 0
        reset = limits.window(number)
        used = limits.used[number]
        headers = {
            "Server": "github.com",
            "X-GitHub-Request-Id": f"{len(self.world.requests):04X}:{len(body):X}",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-RateLimit-Limit": str(limits.hourly),
            "X-RateLimit-Remaining": str(max(0, limits.hourly - used)),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str(int(reset.timestamp())),
            "X-RateLimit-Resource": "core",
            "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
        }
        if exchange.request.method == "GET":
            headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
        if reply.status not in (204, 304):
            headers["Content-Type"] = reply.media
        if self.prefix:
            headers["X-GitHub-Enterprise-Version"] = "3.19.0"
        return headers | reply.headers


MESSAGES = {
    401: "Bad credentials",
    403: "API rate limit exceeded",
    404: "Not Found",
    410: "Gone",
    422: "Validation Failed",
    429: "API rate limit exceeded",
    500: "Server Error",
    502: "Server Error",
    503: "Service unavailable",
    504: "We couldn't respond to your request in time.",
}
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)


def _limited(limit: Limit, installation: int) -> RefusalError:
    if limit.primary:
        return RefusalError(403, f"API rate limit exceeded for installation ID {installation}.")
    return RefusalError(403, SECONDARY, headers={"Retry-After": str(limit.retry_after)})


def _refuse(refusal: RefusalError) -> Reply:
    body: Json = {"message": refusal.message}
    if refusal.errors:
        body["errors"] = refusal.errors
    body |= {"documentation_url": DOCUMENTATION, "status": str(refusal.status)}
    return Reply(body, refusal.status, dict(refusal.headers))


def _serialize(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return json.dumps(body, separators=(",", ":")).encode()
