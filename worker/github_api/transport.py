"""Requests to GitHub's REST API, one at a time, over PyGithub's `Requester`.

The raw requester, not PyGithub's objects: those send requests of their own when an
attribute is missing, and several of the calls that Covgate needs they do not have.
Nothing is repeated and nothing sleeps in here: a retried POST doubles a comment, and a
worker that sleeps through a rate limit holds its lease for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol, Self, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec
import requests
from github import Github
from github.Auth import Auth

from worker.core.errors import GitHubError, PostponedError, RefusedError
from worker.github_api.errors import (
    OUTAGE_SECONDS,
    Answer,
    failure_of_answer,
    failure_of_network,
)
from worker.github_api.secrets import Secret

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

    from worker.ports import Clock

__all__ = ["JSON", "Query", "TokenSource", "Transport", "decode", "quoted"]

T = TypeVar("T")
Query = Mapping[str, str | int]

JSON = "application/vnd.github+json"
API_VERSION = "2022-11-28"
TIMEOUT_SECONDS = 10
PAGE = 100
"""The most that GitHub puts on a page."""

MAX_PAGES = 100
"""No list that Covgate reads has 10,000 entries; an endless one is somebody's mistake."""


class TokenSource(Protocol):
    """Where the Authorization of requests comes from."""

    def token(self) -> Secret:
        """Return what is valid now."""
        ...

    def renew(self) -> bool:
        """Drop what GitHub did not accept; whether it is worth asking again."""
        ...


class _Bearer(Auth):
    """The token of the next request, as PyGithub wants it."""

    def __init__(self) -> None:
        self.secret = Secret("")

    @property
    def token_type(self) -> str:
        return "Bearer"

    @property
    def token(self) -> str:
        return self.secret.reveal()


class Transport:
    """One connection to GitHub. Not thread-safe, and not to be carried over a fork.

    `note` is told of each request, with its answer or None. `pace` is told of its verb
    before it is sent, and returns when it may be.

    Every method raises what `worker.ports.GitHub` says: `PostponedError`, `RefusedError`,
    `NotFoundError`, `GoneError`.
    """

    def __init__(
        self,
        base_url: str,
        source: TokenSource,
        clock: Clock,
        note: Callable[[str, str, Answer | None], None] = lambda _verb, _path, _answer: None,
        pace: Callable[[str], None] = lambda _verb: None,
    ) -> None:
        self._source = source
        self._pace = pace
        self._note = note
        self._clock = clock
        self._bearer = _Bearer()
        self._github = Github(
            auth=self._bearer,
            base_url=base_url,
            timeout=TIMEOUT_SECONDS,
            user_agent="covgate",
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
            api_version=API_VERSION,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; a later request opens a new one."""
        self._github.close()

    def now(self) -> datetime:
        """Return the time of day."""
        return self._clock.now()

    def send(
        self,
        verb: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, object] | None = None,
        accept: str = JSON,
    ) -> Answer:
        """Send one request and return its answer, 2xx or 3xx (redirects are not followed).

        A 401 is asked again, once, with a new token: it was not carried out, whatever it was.
        """
        answer = self._once(verb, path, query, body, accept)
        if answer.status == 401 and self._source.renew():
            answer = self._once(verb, path, query, body, accept)
        failure = failure_of_answer(f"{verb} {path}", answer, self._clock.now())
        if failure is not None:
            raise failure
        return answer

    def get(self, path: str, kind: type[T], query: Query | None = None) -> T:
        """Return one thing."""
        return decode(self.send("GET", path, query=query), kind, path)

    def pages(self, path: str, kind: type[T], query: Query | None = None) -> Iterator[T]:
        """Yield the pages of a list, as far as `Link: rel="next"` goes.

        Only the query of that link is used: the address stays ours.
        https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
        """
        asked: dict[str, str | int] = {**(query or {}), "per_page": PAGE}
        for _ in range(MAX_PAGES):
            answer = self.send("GET", path, query=asked)
            yield decode(answer, kind, path)
            following = _next_query(answer.headers.get("link", ""))
            if not following:
                return
            asked |= following
        raise GitHubError(f"GET {path} has more than {MAX_PAGES} pages of {PAGE}")

    def _once(
        self,
        verb: str,
        path: str,
        query: Query | None,
        body: Mapping[str, object] | None,
        accept: str,
    ) -> Answer:
        self._bearer.secret = self._source.token()
        self._pace(verb)
        try:
            status, headers, text = self._github.requester.requestJson(
                verb,
                path,
                parameters=dict(query or {}),
                headers={"Accept": accept},
                input=None if body is None else dict(body),
            )
        except (requests.RequestException, RuntimeError, ValueError) as error:
            failure = failure_of_network(f"{verb} {path}", error)
        else:
            answer = Answer(status, headers, text)
            self._note(verb, path, answer)
            return answer
        self._note(verb, path, None)
        # Raised out here: in there the error would carry the one of `requests`, whose
        # request holds the token.
        raise failure


def decode(answer: Answer, kind: type[T], path: str) -> T:
    """Return the body of an answer as `kind`.

    Raises `PostponedError` where it is cut off, no JSON, or JSON of something else: what a
    proxy in trouble says.
    """
    try:
        return msgspec.json.decode(answer.text, type=kind)
    except msgspec.DecodeError as error:
        problem = str(error)
    raise PostponedError(
        f"GitHub's answer about {path} can not be read: {problem}", seconds=OUTAGE_SECONDS
    )


def quoted(name: str) -> str:
    """Return a path or a ref as it stands in an address, its slashes kept.

    Raises `RefusedError` for names that git does not know and addresses do: "../.." would
    lead to another repository's resources.
    """
    if not name or any(part in ("", ".", "..") for part in name.split("/")):
        raise RefusedError(f"{name!r} is neither a path nor a ref that a repository can have")
    return quote(name, safe="/")


def _next_query(link: str) -> dict[str, str]:
    for entry in requests.utils.parse_header_links(link):
        if entry.get("rel") == "next":
            return dict(parse_qsl(urlsplit(entry["url"]).query))
    return {}
