"""An App that was just made from a manifest: its credentials, which GitHub hands out once.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec
import requests

from worker.core.errors import GitHubError, NotFoundError
from worker.github_api.errors import Answer, failure_of_answer, failure_of_network
from worker.github_api.secrets import Secret
from worker.github_api.transport import API_VERSION, JSON, TIMEOUT_SECONDS, decode

__all__ = ["NewApp", "convert_manifest"]


@dataclass(frozen=True, slots=True)
class NewApp:
    """An App and all that it signs with. `url` is its page at GitHub."""

    id: int
    slug: str
    url: str
    private_key: Secret
    webhook_secret: Secret
    client_id: str
    client_secret: Secret


class _NewApp(msgspec.Struct):
    id: int
    html_url: str
    pem: str
    slug: str = ""
    webhook_secret: str | None = None
    client_id: str = ""
    client_secret: str = ""


def convert_manifest(base_url: str, code: str) -> NewApp:
    """Exchange the code of a manifest for the App's credentials; it works once, for an hour.

    `base_url` is the API's. Nobody is signed in: the code is the proof. Raises `GitHubError`
    where GitHub does not know the code (any more) or made an App without a webhook secret,
    `PostponedError` where it does not answer.

    https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest
    """
    path = f"/app-manifests/{quote(code, safe='')}/conversions"
    headers = {"Accept": JSON, "X-GitHub-Api-Version": API_VERSION, "User-Agent": "covgate"}
    try:
        with requests.post(
            base_url.rstrip("/") + path,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        ) as response:
            names = {name.lower(): value for name, value in response.headers.items()}
            answer = Answer(response.status_code, names, response.text)
    except requests.RequestException as error:
        # The code is as good as the credentials: it is not for a log.
        raise failure_of_network("POST /app-manifests/…/conversions", error) from None
    _check(answer)
    made = decode(answer, _NewApp, "the new App")
    if not made.webhook_secret:
        raise GitHubError(
            "GitHub made the App without a webhook secret: delete it there, and begin again with "
            "an address for its webhook"
        )
    return NewApp(
        made.id,
        made.slug,
        made.html_url,
        Secret(made.pem),
        Secret(made.webhook_secret),
        made.client_id,
        Secret(made.client_secret),
    )


def _check(answer: Answer) -> None:
    """Raise what an answer stands for, unless it is the App."""
    if answer.status in {404, 422}:
        raise NotFoundError(
            "GitHub does not know this code: it works once and for an hour. Begin again; an App "
            "that was made already can be imported, or deleted at GitHub"
        )
    failure = failure_of_answer("POST /app-manifests/…/conversions", answer, datetime.now(UTC))
    if failure is not None:
        raise failure
