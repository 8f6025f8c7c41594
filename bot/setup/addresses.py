"""GitHub's addresses: those that people open, and those of its API."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from worker.core.errors import CovgateError

__all__ = ["AddressError", "api_of", "check_address", "new_app_url", "site_of"]

PUBLIC_SITE = "https://github.com"
PUBLIC_API = "https://api.github.com"
_PLACE = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_ACCOUNT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,98}[A-Za-z0-9])?(?:_[A-Za-z0-9]+)?")


class AddressError(CovgateError):
    """An address or a name that was typed can't be one. The text says why."""


def check_address(text: str, what: str) -> str:
    """Return an http(s) address without its trailing slash. Raises `AddressError`."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        _ = parts.port  # read for its check alone
    except ValueError:
        raise AddressError(f"{what} is no valid address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", text):
        raise AddressError(f"{what} must be an address that begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise AddressError(f"{what} must not hold a user or a password")
    if not _PLACE.fullmatch(parts.netloc):
        # It goes into a page's policy, where a semicolon would begin a rule of its own.
        raise AddressError(f"{what} must name a host as in https://example.com:8443")
    if "#" in text or len(text) > 2_000:
        raise AddressError(f"{what} must not have a part after # and not be endless")
    return text.rstrip("/")


def api_of(site: str) -> str:
    """Return the API's address of a GitHub that people open at `site`.

    github.com, GitHub Enterprise Cloud with data residency (NAME.ghe.com), or an Enterprise
    Server: https://docs.github.com/en/enterprise-server/rest/quickstart
    """
    site = check_address(site, "GitHub's address")
    parts = urlsplit(site)
    host = parts.hostname or ""
    if host in {"github.com", "www.github.com", "api.github.com"}:
        return PUBLIC_API
    if host.endswith(".ghe.com"):
        return f"https://api.{host.removeprefix('api.')}"
    return f"{parts.scheme}://{parts.netloc}/api/v3"


def site_of(api: str) -> str:
    """Return the address that people open, of the API's."""
    parts = urlsplit(api)
    host = parts.hostname or ""
    if host == "api.github.com":
        return PUBLIC_SITE
    if host.startswith("api.") and host.endswith(".ghe.com"):
        return f"https://{host.removeprefix('api.')}"
    return f"{parts.scheme}://{parts.netloc}"


def new_app_url(site: str, organisation: str, state: str) -> str:
    """Return where a manifest is posted to; `organisation` is "" for the person's own account.

    Raises `AddressError` where the organisation's name can't be one.
    """
    if organisation and not _ACCOUNT.fullmatch(organisation):
        raise AddressError(f"{organisation!r} can't be the name of an organisation")
    below = f"/organizations/{organisation}" if organisation else ""
    return f"{site}{below}/settings/apps/new?state={quote(state, safe='')}"
