"""GitHub, asked with a person's own right: what they may read here is what they may there.

A token that the App's user authorisation yields reaches what both the person and the App's
installation reach, and what is public:
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-with-a-github-app-on-behalf-of-a-user
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec

from worker.core.errors import PostponedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests
    from pydantic import SecretStr

__all__ = ["NOBODY", "Identity", "PersonGitHub", "Sight", "SignedOutError"]

_TIMEOUT = (5.0, 10.0)
"""Seconds to connect, and between two pieces of an answer."""
_MOST_BYTES = 2**22
_AGAIN = 30.0
_PER_PAGE = 100
_MOST_INSTALLATIONS = 100
_T = TypeVar("_T")


class SignedOutError(Exception):
    """GitHub does not take the token any more: it ended, or the person took it back."""


class Identity(msgspec.Struct, frozen=True):
    """A person's account."""

    id: int
    login: str


class _Rights(msgspec.Struct, frozen=True):
    push: bool = False


class _Repository(msgspec.Struct, frozen=True):
    id: int
    permissions: _Rights = _Rights()


class _Installation(msgspec.Struct, frozen=True):
    id: int


class _Installations(msgspec.Struct, frozen=True):
    installations: list[_Installation]


class _Repositories(msgspec.Struct, frozen=True):
    repositories: list[_Repository]


class _Membership(msgspec.Struct, frozen=True):
    state: str
    role: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What a name at GitHub stands for, for one person; 0 where it is nothing to them."""

    repository_id: int
    writes: bool = False


NOBODY = Sight(0)


class PersonGitHub:
    """GitHub's REST API at `url`. Its methods block.

    They raise `SignedOutError` where the token is no good, and `PostponedError` where GitHub
    can't answer now.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def identify(self, token: SecretStr) -> Identity | None:
        """Return whose token it is.

        https://docs.github.com/en/rest/users/users#get-the-authenticated-user
        """
        return self._get(token, "/user", Identity)

    def sight(self, token: SecretStr, full_name: str) -> Sight:
        """Return what the person may do with the repository of a name.

        https://docs.github.com/en/rest/repos/repos#get-a-repository
        """
        found = self._get(token, f"/repos/{quote(full_name)}", _Repository)
        return NOBODY if found is None else Sight(found.id, found.permissions.push)

    def readable(self, token: SecretStr, *, most: int) -> frozenset[int]:
        """Return the ids of at most so many repositories of the App's that they may read.

        https://docs.github.com/en/rest/apps/installations#list-repositories-accessible-to-the-user-access-token
        """
        path = f"/user/installations?per_page={_MOST_INSTALLATIONS}"
        known = self._get(token, path, _Installations)
        ids: set[int] = set()
        for installation in () if known is None else known.installations:
            for page in range(1, most // _PER_PAGE + 1):
                path = f"/user/installations/{installation.id}/repositories"
                path += f"?per_page={_PER_PAGE}&page={page}"
                found = self._get(token, path, _Repositories)
                ids |= set() if found is None else {one.id for one in found.repositories}
                if len(ids) >= most:
                    return frozenset(sorted(ids)[:most])
                if found is None or len(found.repositories) < _PER_PAGE:
                    break
        return frozenset(ids)

    def administers(self, token: SecretStr, organisation: str) -> bool:
        """Return whether they are an owner of an organisation, as far as the App may know.

        It may where it has the permission to read members:
        https://docs.github.com/en/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user
        """
        path = f"/user/memberships/orgs/{quote(organisation, safe='')}"
        found = self._get(token, path, _Membership)
        return found is not None and (found.state, found.role) == ("active", "admin")

    def file(
        self, token: SecretStr, full_name: str, commit: str, path: str, *, limit: int
    ) -> bytes | None:
        """Return a file's bytes; None where it can't be had, or is larger than `limit`.

        https://docs.github.com/en/rest/repos/contents#get-repository-content
        """
        if any(part in {"", ".", ".."} for part in path.split("/")):
            return None  # no path of git's, and one that leads to another of GitHub's resources
        place = f"/repos/{quote(full_name)}/contents/{quote(path)}?ref={quote(commit)}"
        with self._ask(token, place, "application/vnd.github.raw+json") as answer:
            # A folder is answered with JSON, whatever was asked for.
            listed = answer.headers.get("content-type", "").startswith("application/json")
            if answer.status_code != HTTPStatus.OK or listed:
                return None
            return _read(answer, limit)

    def _get(self, token: SecretStr, path: str, kind: type[_T]) -> _T | None:
        """Return an answer; None for a clear no."""
        with self._ask(token, path, "application/vnd.github+json") as answer:
            if answer.status_code != HTTPStatus.OK:
                return None
            data = _read(answer, _MOST_BYTES)
        try:
            return None if data is None else msgspec.json.decode(data, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise PostponedError("GitHub's answer is none", seconds=_AGAIN) from None

    @contextmanager
    def _ask(self, token: SecretStr, path: str, media: str) -> Iterator[requests.Response]:
        # Only here: the receiver does without it.
        import requests  # noqa: PLC0415 -- as above

        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {token.get_secret_value()}"
            return request

        headers = {"Accept": media, "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "covgate"}
        try:
            # A name that moved is none of theirs until the event of its move has come. With
            # `auth`, no .netrc of this machine's is looked at.
            with requests.get(
                self._url + path, headers=headers, auth=sign, timeout=_TIMEOUT,
                allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                _check(answer)
                yield answer
        except requests.RequestException as error:
            raise PostponedError(
                f"GitHub does not answer: {type(error).__name__}", seconds=_AGAIN
            ) from None


def _check(answer: requests.Response) -> None:
    """Let pass what is an answer to the question, be it a no."""
    status = answer.status_code
    if status == HTTPStatus.UNAUTHORIZED:
        raise SignedOutError
    limited = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    if status >= 500 or status == 429 or (status == HTTPStatus.FORBIDDEN and limited):
        wait = answer.headers.get("retry-after", "")
        seconds = float(wait) if wait.isdigit() else _AGAIN
        raise PostponedError(f"GitHub answered {status}", seconds=seconds)


def _read(answer: requests.Response, limit: int) -> bytes | None:
    data = b""
    for chunk in answer.iter_content(65_536):
        data += chunk
        if len(data) > limit:
            return None
    return data
