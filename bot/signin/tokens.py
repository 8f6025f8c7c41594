"""Tokens of the API: one repository, read-only, for 90 days. None of them is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itsdangerous import BadData, URLSafeTimedSerializer

if TYPE_CHECKING:
    from starlette.requests import Request

    from worker.core.refs import Repository

__all__ = ["DAYS", "ApiTokens"]

DAYS = 90
"""How long a token opens."""
_PREFIX = "covgate_"
_LONGEST = 200


class ApiTokens:
    """Makes tokens for programs, and knows them again: they are signed, with their time.

    Another key ends all of them.
    """

    def __init__(self, key: bytes) -> None:
        self._serializer = URLSafeTimedSerializer(key, salt="api")

    def issue(self, repository: Repository) -> str:
        """Return a fresh token."""
        return f"{_PREFIX}{self._serializer.dumps(repository.id)}"

    def opens(self, request: Request, repository: Repository) -> bool:
        """Return whether a request of the API brings a token of the repository's."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not is_api(request) or len(token) > _LONGEST:
            return False
        prefix, signed = token[: len(_PREFIX)], token[len(_PREFIX) :]
        try:
            named = self._serializer.loads(signed, max_age=DAYS * 24 * 3600)
        except BadData:
            return False
        return prefix == _PREFIX and named == repository.id


def is_api(request: Request) -> bool:
    """Return whether a request is the API's: a token there opens no page, which shows more."""
    return str(request.scope.get("root_path", "")).endswith("/api/v1")
