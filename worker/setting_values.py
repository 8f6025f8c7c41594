"""What the text of each setting has to be; each check returns its value.

They raise ValueError with words that go after the variable's name, and never show what was
found. Values that are no text are returned as they are.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

__all__ = [
    "parse_app_id",
    "parse_client_id",
    "parse_database_url",
    "parse_deadline",
    "parse_gap",
    "parse_github_url",
    "parse_hosts",
    "parse_http_url",
    "parse_log_format",
    "parse_networks",
    "parse_notify_url",
    "parse_private_key",
    "parse_redis_url",
    "parse_webhook_secrets",
    "parse_yes_no",
    "split_list",
]

_MAX_KEY_BYTES = 64 * 1024
_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(days=35)
_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s?)?")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


def parse_app_id(value: object) -> object:
    """Return an App's id."""
    if isinstance(value, str) and not re.fullmatch(r"0*[1-9][0-9]{0,17}", value):
        raise ValueError("must be the GitHub App's id, a positive whole number")
    return value


def parse_private_key(value: object) -> object:
    """Return the PEM text, read from its file where the value is a path, once it loads."""
    if not isinstance(value, str):
        return value
    text = value if "-----BEGIN" in value else _read_key_file(value)
    text = text.replace("\\r", "").replace("\\n", "\n").strip() + "\n"
    if "-----BEGIN" not in text:
        raise ValueError("names a file that holds no PEM text")
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except TypeError:
        raise ValueError("is encrypted; give the key as GitHub made it") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("holds a PEM text that can't be read as a private key") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("holds a key that is not RSA; GitHub Apps sign with RSA")  # noqa: TRY004 -- pydantic turns ValueErrors into reports
    return text


def _read_key_file(path: str) -> str:
    try:
        with Path(path).expanduser().open("rb") as file:
            return file.read(_MAX_KEY_BYTES).decode("ascii")
    except FileNotFoundError:
        raise ValueError("is neither PEM text nor the path of an existing file") from None
    except UnicodeDecodeError:
        raise ValueError("names a file that holds no PEM text") from None
    except (OSError, RuntimeError, ValueError):
        # RuntimeError: "~name" without such a user; ValueError: a NUL in the path.
        raise ValueError("names a file that can't be read by this user") from None


def parse_webhook_secrets(value: object) -> object:
    """Return the secrets between commas."""
    if not isinstance(value, str):
        return value
    secrets = split_list(value)
    if not secrets:
        raise ValueError("holds no secret")
    return secrets


def parse_http_url(value: object) -> object:
    """Return the URL without its trailing slash."""
    if not isinstance(value, str):
        return value
    parts = _split_url(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user or a password")
    if "?" in value or "#" in value:
        raise ValueError("must not have a query or a fragment")
    return value.rstrip("/")


def parse_github_url(value: object) -> object:
    """Return the API's URL without its trailing slash."""
    url = parse_http_url(value)
    if isinstance(url, str) and urlsplit(url).hostname in {"github.com", "www.github.com"}:
        raise ValueError("must be the API's address, not that of the site")
    return url


def parse_redis_url(value: object) -> object:
    """Return the address of a Redis server."""
    if not isinstance(value, str):
        return value
    parts = _split_url(value)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must begin with redis://, rediss:// (TLS) or unix:// (a socket)")
    if parts.scheme == "unix":
        if not parts.path.strip("/"):
            raise ValueError("must name the socket's path")
    elif not parts.hostname:
        raise ValueError("must name a host")
    elif not re.fullmatch(r"(/[0-9]*)?", parts.path):
        # redis-py takes database 0 where it can't read the number.
        raise ValueError("must end in a database's number, or in nothing")
    return value


def parse_database_url(value: object) -> object:
    """Return the address of a database that several processes can share."""
    if not isinstance(value, str):
        return value
    scheme, separator, rest = value.partition("://")
    if not separator:
        raise ValueError("must begin with postgresql+psycopg:// or sqlite:///")
    if scheme in {"postgres", "postgresql"} or scheme.startswith("postgresql+"):
        if scheme != "postgresql+psycopg":
            raise ValueError("must be spelled postgresql+psycopg:// (the driver's name included)")
        if not rest:
            raise ValueError("must name a server and a database")
        return value
    if scheme != "sqlite":
        raise ValueError("must begin with postgresql+psycopg:// or sqlite:///")
    if not re.match(r"/[^?]", rest) or rest.startswith("/:memory:"):
        raise ValueError("must name a file; processes can't share a database in memory")
    return value


def parse_hosts(value: object) -> object:
    """Return the hosts between commas, in small letters."""
    if not isinstance(value, str):
        return value
    hosts = split_list(value.lower())
    if not all(_HOST.fullmatch(host) or _is_address(host) for host in hosts):
        raise ValueError("must be names of hosts, separated by commas, without scheme or port")
    return hosts


def parse_client_id(value: object) -> object:
    """Return an App's client id."""
    if isinstance(value, str) and not re.fullmatch(r"[\w.-]{1,100}", value, re.ASCII):
        raise ValueError("must be the App's client id, of its settings page")
    return value


def parse_networks(value: object) -> object:
    """Return the addresses and networks between commas."""
    if not isinstance(value, str):
        return value
    networks = split_list(value)
    try:
        for network in networks:
            ipaddress.ip_network(network)
    except ValueError:
        raise ValueError("must be addresses or networks, separated by commas") from None
    return networks


def parse_notify_url(value: object) -> object:
    """Return an address that may hold what must not be known."""
    if isinstance(value, str):
        parts = _split_url(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http:// or https:// address")
    return value


def parse_deadline(value: object) -> object:
    """Return a length of time."""
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value.replace(" ", "").lower())
    if match is None or not value.strip():
        raise ValueError("must be a length of time: seconds, or a number with d, h, m or s")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        deadline = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        deadline = timedelta.max
    if not _SHORTEST <= deadline <= _LONGEST:
        raise ValueError("must be between 1 second and 35 days, a workflow's longest time")
    return deadline


def parse_gap(value: object) -> object:
    """Return seconds, as a float."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", value.strip()):
        raise ValueError("must be seconds, such as 1 or 0.5")
    return float(value)


def parse_yes_no(value: object) -> object:
    """Return whether it is yes."""
    if not isinstance(value, str):
        return value
    if value.lower() not in {"yes", "no"}:
        raise ValueError("must be yes or no")
    return value.lower() == "yes"


def parse_log_format(value: object) -> object:
    """Return a log's format."""
    if value not in {"json", "text", None}:
        raise ValueError("must be json or text")
    return value


def split_list(value: str) -> tuple[str, ...]:
    """Return the parts between commas, without spaces, empty ones and repetitions."""
    return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))


def _split_url(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port  # read for its check alone: out of range or no number
    except ValueError:
        raise ValueError("is no valid address") from None
    if re.search(r"\s", value):
        raise ValueError("must not hold spaces")
    return parts


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
