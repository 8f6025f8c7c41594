"""Artifacts: listed by the API, downloaded from the storage that it points to.

https://docs.github.com/en/rest/actions/artifacts#download-an-artifact

The API answers with a redirect that is valid for a minute. It is not followed but taken:
the storage refuses requests that bear an Authorization header, an archive is too long for
PyGithub's way of reading, and its address has to be looked at first.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from worker.core.errors import CovgateError, GoneError, PostponedError, RefusedError, ReportError
from worker.github_api.answers import ArtifactPage
from worker.github_api.errors import OUTAGE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.core.refs import Artifact
    from worker.github_api.hosts import Destination, HostRule
    from worker.github_api.transport import Transport

__all__ = ["Download", "list_artifacts", "locate_artifact"]

TIMEOUT_SECONDS = 10
TOTAL_SECONDS = 120.0
CHUNK = 1 << 16
EXPIRED_SECONDS = 5.0
"""A link that has run out is replaced by the next request: no need to wait long."""


def list_artifacts(transport: Transport, repository: str, run_id: int) -> tuple[Artifact, ...]:
    """Return a run's artifacts, by id, the expired ones too."""
    pages = transport.pages(f"{repository}/actions/runs/{run_id}/artifacts", ArtifactPage)
    found = {item.id: item.value(run_id) for page in pages for item in page.artifacts}
    return tuple(found[key] for key in sorted(found))


def locate_artifact(transport: Transport, repository: str, artifact: Artifact) -> str:
    """Return the address that the archive can be had from, for a minute.

    It is a secret: whoever knows it can download. Raises `GoneError` for expired artifacts.
    """
    if artifact.expired:
        raise GoneError(f"The artifact {artifact.name!r} has expired: run the workflow again")
    path = f"{repository}/actions/artifacts/{artifact.id}/zip"
    answer = transport.send("GET", path)
    location = answer.headers.get("location")
    if location is None:
        raise PostponedError(f"GitHub named no address for {path}", seconds=OUTAGE_SECONDS)
    return location


class _Pinned(HTTPAdapter):
    """Connects to an address and speaks TLS with the host of the name."""

    def __init__(self, host: str) -> None:
        self._host = host
        super().__init__(max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **names: str
    ) -> None:
        names |= {"server_hostname": self._host, "assert_hostname": self._host}
        super().init_poolmanager(connections, maxsize, block, **names)


class Download:
    """One download, of an artifact or another archive called `name`.

    What was written before an error has to be thrown away. `digest` is what GitHub says of
    it, "sha256:…", where it does. `limit` is in bytes, `seconds` is for all of it. Raises
    `ReportError` for an archive that is too long or not the one that GitHub knows,
    `PostponedError` where the storage fails, `RefusedError` where the address is not allowed.
    """

    def __init__(
        self,
        name: str,
        rule: HostRule,
        *,
        digest: str | None = None,
        seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._called = name
        self._digest = digest
        self._rule = rule
        self._end = time.monotonic() + seconds

    def run(self, location: str, target: BinaryIO, *, limit: int) -> int:
        """Write the archive into `target` and return its bytes; one redirect is followed."""
        for _ in range(2):
            failure: CovgateError
            try:
                following = self._visit(self._rule.admit(location), target, limit)
            except (requests.RequestException, HTTPError, OSError) as error:
                failure = self._postponed(f"broke off ({type(error).__name__})")
            else:
                if isinstance(following, int):
                    return following
                location = urljoin(location, following)
                continue
            # Raised out here: the address in the other one's text is a secret.
            raise failure
        raise RefusedError(f"{self._name} is redirected more than once")

    @property
    def _name(self) -> str:
        return f"The download of {self._called!r}"

    def _postponed(self, what: str, seconds: float = OUTAGE_SECONDS) -> PostponedError:
        return PostponedError(f"{self._name} {what}", seconds=seconds)

    def _visit(self, place: Destination, target: BinaryIO, limit: int) -> int | str:
        """Return the bytes written, or where a redirect leads."""
        with requests.Session() as session:
            verify = session.merge_environment_settings(
                f"{place.scheme}://{place.host}", {}, stream=True, verify=None, cert=None
            )["verify"]
            # Past this no proxy and no .netrc, which would add an Authorization header.
            session.trust_env = False
            session.mount("https://", _Pinned(place.host))
            with self._connect(session, place, verify) as response:
                if response.is_redirect:
                    return response.headers["location"]
                self._check_status(response.status_code)
                return self._copy(response, target, limit)

    def _connect(
        self, session: requests.Session, place: Destination, verify: bool | str | None
    ) -> requests.Response:
        """Return the answer of the first of the host's addresses that can be reached."""
        plain = (place.scheme, place.port) in (("https", 443), ("http", 80))
        name = f"[{place.host}]" if ":" in place.host else place.host
        headers = {
            "Host": name if plain else f"{name}:{place.port}",
            "Accept-Encoding": "identity",
            "User-Agent": "covgate",
        }
        for address in place.addresses:
            host = f"[{address}]" if address.version == 6 else str(address)
            url = f"{place.scheme}://{host}:{place.port}{place.target}"
            try:
                return session.get(
                    url,
                    headers=headers,
                    stream=True,
                    allow_redirects=False,
                    timeout=TIMEOUT_SECONDS,
                    verify=verify,
                )
            except requests.ConnectionError:
                if address == place.addresses[-1] or time.monotonic() > self._end:
                    raise
        raise requests.ConnectionError

    def _check_status(self, status: int) -> None:
        if status == 200:
            return
        if status == 410:
            raise GoneError(f"{self._name}: it has expired; run the workflow again")
        if status in (401, 403, 404):
            raise self._postponed(f"was answered {status}: the link ran out", EXPIRED_SECONDS)
        raise self._postponed(f"was answered {status}")

    def _copy(self, response: requests.Response, target: BinaryIO, limit: int) -> int:
        declared = _length(response.headers)
        if declared is not None and declared > limit:
            raise self._too_long(limit)
        digest = hashlib.sha256()
        size = 0
        # `read1` returns after each piece that comes in: a slow sender can not hold the
        # worker beyond its time by keeping one long read alive.
        while chunk := response.raw.read1(CHUNK, decode_content=False):
            size += len(chunk)
            if size > limit:
                raise self._too_long(limit)
            if time.monotonic() > self._end:
                raise self._postponed("takes too long")
            digest.update(chunk)
            target.write(chunk)
        self._check_digest(digest.hexdigest(), whole=declared is not None)
        return size

    def _too_long(self, limit: int) -> ReportError:
        return ReportError(
            f"the artifact has more than {limit} bytes; upload the coverage report alone",
            name=self._called,
        )

    def _check_digest(self, found: str, *, whole: bool) -> None:
        kind, _, expected = (self._digest or "").partition(":")
        if kind != "sha256" or expected.lower() == found:
            return
        if not whole:
            # Without a length a body that was cut off looks like a shorter one.
            raise self._postponed("is not what GitHub announced")
        raise ReportError(
            "the artifact's archive does not match the digest that GitHub recorded; "
            "run the workflow again",
            name=self._called,
        )


def _length(headers: Mapping[str, str]) -> int | None:
    text = headers.get("content-length", "")
    return int(text) if text.isdecimal() and text.isascii() else None
