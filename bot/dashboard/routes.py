"""The pages' and badges' HTTP side: what is asked for, who asks, and which template answers."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Match, Mount, Route

from bot.dashboard.api import make_api
from bot.dashboard.badges import (
    Badge,
    coverage_badge,
    draw_badge,
    find_flag,
    find_package,
    write_badge,
)
from bot.dashboard.facts import Count
from bot.dashboard.frame import HEADERS, Frame, answer, static_file
from bot.dashboard.gate import (
    MissingError,
    Parts,
    find_repository,
    full_number,
    full_sha,
    may_read,
    named_repository,
)
from bot.dashboard.pages import (
    Links,
    view_home,
    view_insight,
    view_pull,
    view_queue,
    view_repository,
    view_source,
)
from bot.dashboard.pages.insights import find_insight
from bot.dashboard.reading import find_file, list_repositories, read_branch, read_pull
from worker.core.errors import CovgateError, PostponedError
from worker.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

    from worker.core.refs import Repository

__all__ = ["dashboard_routes"]

RESERVED = frozenset(
    [
        *("api", "healthz", "metrics", "queue", "readyz", "sandbox", "setup"),
        *("sign-in", "sign-out", "static", "webhooks"),
    ]
)
"""First words of addresses that are no owners of repositories."""
PORTION = 30
"""Repositories on a page."""
_LONGEST_BRANCH = 255
_AGAIN = 30
"""Seconds after which who met a database without an answer may try again."""
_BADGE_HEADERS = {
    **HEADERS,
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}
_OPEN_BADGE = "public, max-age=60, must-revalidate"

_log = get_logger(__name__)


def dashboard_routes(parts: Parts) -> list[BaseRoute]:
    """Return the routes, to be put after all others: two words are a repository's address."""
    pages = _Pages(parts)
    home = "/{owner}/{repo}"
    views: dict[str, Callable[[Request], Response]] = {
        "/": pages.home,
        "/static/{name}": pages.static,
        f"{home}/badge.svg": pages.badge_svg,
        f"{home}/badge.json": pages.badge_json,
        f"{home}/pull/{{number}}": pages.pull,
        f"{home}/insights/{{name:path}}": pages.insight,
        f"{home}/blob/{{commit}}/{{path:path}}": pages.source,
        home: pages.repository,
    }
    return [
        Mount("/api/v1", app=parts.limit_api(make_api(parts))),
        Route("/queue", pages.queue, methods=["GET"]),
        *(_Page(path, pages.answering(view)) for path, view in views.items()),
    ]


class _Page(Route):
    """A route that leaves what belongs to others alone, though it looks like a repository."""

    def __init__(self, path: str, endpoint: Callable[[Request], Response]) -> None:
        super().__init__(path, endpoint, methods=["GET"])
        # A file's name may hold the end of a line.
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the route is for a request."""
        match, child = super().matches(scope)
        owner = child.get("path_params", {}).get("owner", "")
        return (Match.NONE, {}) if owner in RESERVED else (match, child)


class _Pages:
    """Every page and badge."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._frame = Frame(documentation=parts.documentation, greet=parts.greet)

    def answering(self, view: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """Return an endpoint that has a page for what is missing, or can't be had now."""

        def endpoint(request: Request) -> Response:
            try:
                return view(request)
            except MissingError:
                return self._frame.missing(request)
            except CovgateError as error:
                return self._away(request, error)

        return endpoint

    def home(self, request: Request) -> Response:
        after = request.query_params.get("after", "")
        history = self._parts.open_history()
        private = self._parts.viewer.private_ids(request)
        found = history.list_repositories(after=after, most=PORTION, private=private)
        page = view_home(
            list_repositories(history, found),
            _root(request),
            after=after,
            next_after=found[-1].full_name if len(found) == PORTION else "",
            registered=self._parts.registered,
        )
        return self._page(request, "home.html", page=page)

    def repository(self, request: Request) -> Response:
        repository = self._find(request)
        branch = _branch(request, repository)
        found = read_branch(self._parts.open_history(), repository, branch, around=True)
        links = Links(_root(request), repository.full_name)
        return self._page(
            request,
            "repository.html",
            repository=repository,
            links=links,
            page=view_repository(found, links),
            badge=self._badge_address(request, repository),
        )

    def insight(self, request: Request) -> Response:
        repository = self._find(request)
        branch = _branch(request, repository)
        found = read_branch(self._parts.open_history(), repository, branch, around=False)
        insight = find_insight(found.snapshot.insights, request.path_params["name"])
        if insight is None:
            raise MissingError
        links = Links(_root(request), repository.full_name)
        page = view_insight(insight, links, found.commit, found.name)
        return self._page(request, "insight.html", repository=repository, links=links, page=page)

    def pull(self, request: Request) -> Response:
        repository = self._find(request)
        number = full_number(request.path_params["number"])
        found = read_pull(self._parts.open_history(), repository, number)
        if found is None:
            raise MissingError
        links = Links(_root(request), repository.full_name)
        page = view_pull(found, links)
        return self._page(request, "pull.html", repository=repository, links=links, page=page)

    def source(self, request: Request) -> Response:
        repository = self._find(request)
        commit, path = full_sha(request.path_params["commit"]), request.path_params["path"]
        found = find_file(self._parts.open_history(), repository, commit, path)
        if found is None or not path:
            raise MissingError
        text = self._parts.source.read(request, repository, found.commit, path)
        if found.coverage is None and text is None:
            raise MissingError
        links = Links(_root(request), repository.full_name)
        page = view_source(path, commit, found, text)
        return self._page(request, "source.html", repository=repository, links=links, page=page)

    async def queue(self, request: Request) -> Response:
        """Return what waits; asked for on the event loop, where the inbox is."""
        if not await run_in_threadpool(self._parts.viewer.is_operator, request):
            return await run_in_threadpool(self._frame.missing, request)
        try:
            queue = await self._parts.read_queue()
        except CovgateError as error:
            return self._away(request, error)
        page = view_queue(queue, _root(request))
        return await run_in_threadpool(self._page, request, "queue.html", page=page)

    def static(self, request: Request) -> Response:
        found = static_file(request)
        if found is None:
            raise MissingError
        return found

    def badge_svg(self, request: Request) -> Response:
        return self._badge(request, draw_badge, "image/svg+xml")

    def badge_json(self, request: Request) -> Response:
        return self._badge(request, write_badge, "application/json")

    def _find(self, request: Request) -> Repository:
        return find_repository(self._parts, request, *_names(request))

    def _badge(self, request: Request, write: Callable[[Badge], str], kind: str) -> Response:
        repository = named_repository(self._parts, *_names(request))
        headers = dict(_BADGE_HEADERS)
        if not self._may_see_badge(request, repository) or repository is None:
            body = write(coverage_badge(None)).encode()
            return answer(request, body, kind, headers, HTTPStatus.NOT_FOUND)
        if not repository.private:
            headers["cache-control"] = _OPEN_BADGE
        return answer(request, write(self._measure(request, repository)).encode(), kind, headers)

    def _may_see_badge(self, request: Request, repository: Repository | None) -> bool:
        token = request.query_params.get("token", "")
        if token and repository is not None and self._parts.badges.opens(repository, token):
            return True
        return may_read(self._parts, request, *_names(request), repository)

    def _measure(self, request: Request, repository: Repository) -> Badge:
        """Return the badge of a branch, or of a package or a flag on it."""
        asked, branch = request.query_params, _branch(request, repository)
        history = self._parts.open_history()
        package, flag = asked.get("package", ""), asked.get("flag", "")
        if not package and not flag:
            points = history.points(repository.id, branch, most=1)
            return coverage_badge(
                Count(points[-1].covered, points[-1].total).ratio if points else None
            )
        snapshot = read_branch(history, repository, branch, around=False).snapshot
        if package:
            return coverage_badge(find_package(snapshot, package), package)
        return coverage_badge(find_flag(snapshot, flag), flag)

    def _badge_address(self, request: Request, repository: Repository) -> str:
        """Return the badge's address; that of a private repository holds its token."""
        root = self._parts.public_url or str(request.base_url).rstrip("/")
        address = f"{root}/{repository.full_name}/badge.svg"
        if not repository.private:
            return address
        return f"{address}?token={self._parts.badges.token(repository)}"

    def _page(self, request: Request, template: str, **data: object) -> Response:
        operator = self._parts.viewer.is_operator(request)
        return self._frame.page(request, template, {"operator": operator, **data})

    def _away(self, request: Request, error: CovgateError) -> Response:
        _log.warning("page unavailable", path=request.url.path, reason=str(error))
        seconds = error.seconds if isinstance(error, PostponedError) else _AGAIN
        return self._frame.away(request, max(1, int(seconds)))


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _names(request: Request) -> tuple[str, str]:
    return request.path_params["owner"], request.path_params["repo"]


def _branch(request: Request, repository: Repository) -> str:
    return request.query_params.get("branch", "")[:_LONGEST_BRANCH] or repository.default_branch
