"""One request and its reply, as the routes see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.sandbox.auth import Caller
    from bot.sandbox.records import Json
    from bot.sandbox.repository import Repo
    from bot.sandbox.world import World

__all__ = ["Call", "RefusalError", "Reply", "Route", "invalid"]

MOST_PER_PAGE = 100


class RefusalError(Exception):
    """An answer of 4xx in GitHub's shape."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: Sequence[object] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)
        self.headers = dict(headers or {})


def invalid(resource: str, field_name: str, code: str = "invalid", text: str = "") -> RefusalError:
    """Return the 422 for one field that GitHub did not like."""
    error = {"resource": resource, "field": field_name, "code": code}
    if text:
        error["message"] = text
    return RefusalError(422, "Validation Failed", [error])


@dataclass(slots=True)
class Reply:
    """An answer: `body` becomes JSON, except for `bytes`, which go out as they are."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media: str = "application/json; charset=utf-8"


@dataclass(slots=True)
class Call:
    """A request that was let in. `path` holds the template's parameters, decoded."""

    world: World
    caller: Caller
    url: str
    path: dict[str, str]
    query: dict[str, str]
    accept: str
    body: Json
    known_repo: Repo | None = None
    hidden_since: datetime | None = None
    """A stale answer does not know what was made after that."""

    @property
    def repo(self) -> Repo:
        """The repository in the path."""
        if self.known_repo is None:
            raise RefusalError(404, "Not Found")
        return self.known_repo

    def number(self, name: str) -> int:
        """Return a parameter of the path as a number; 404 where it is none."""
        text = self.path[name]
        if not text.isdigit():
            raise RefusalError(404, "Not Found")
        return int(text)

    def wants(self, *media: str) -> bool:
        """Whether the Accept header asks for one of GitHub's media types: "diff", "raw"."""
        kinds = ("application/vnd.github.", "application/vnd.github.v3.")
        accepted = [part.split(";")[0].strip() for part in self.accept.split(",")]
        return any(
            part.removesuffix("+json") == kind + name
            for part in accepted
            for kind in kinds
            for name in media
        )

    def visible(self, items: Sequence[Any]) -> list[Any]:
        """Return those of the items (with a `created_at`) that this answer knows of."""
        limit = self.hidden_since
        return [item for item in items if limit is None or item.created_at <= limit]

    def page(self, items: Sequence[Any]) -> tuple[list[Any], dict[str, str]]:
        """Return one page of the items and the Link header that leads to the others."""
        size = min(max(self._positive("per_page", 30), 1), MOST_PER_PAGE)
        page = max(self._positive("page", 1), 1)
        last = max(1, -(-len(items) // size))
        targets: dict[str, int] = {}
        if page > 1:
            targets |= {"prev": min(page - 1, last), "first": 1}
        if page < last:
            targets |= {"next": page + 1, "last": last}
        links = [f'<{self._at_page(number)}>; rel="{name}"' for name, number in targets.items()]
        headers = {"Link": ", ".join(links)} if links else {}
        return list(items[(page - 1) * size : page * size]), headers

    def _positive(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        return int(text) if text.isdigit() else default

    def _at_page(self, number: int) -> str:
        return f"{self.url}?{urlencode({**self.query, 'page': number})}"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of GitHub's description.

    `permission` is what an installation token needs; "jwt" is the App itself, "token" any
    installation, "" nobody. `query` and `fields` are the names that GitHub's description
    gives to parameters and to the body's fields: any other one is a complaint.
    """

    method: str
    template: str
    answer: Callable[[Call], Reply]
    permission: str
    query: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
