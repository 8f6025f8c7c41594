"""Covgate's settings: read from the environment and a `.env` file, checked, immutable.

Whoever starts a process passes the environment in; nothing is read at import. A missing
or malformed setting ends in one `SettingError` whose text is a single line that names the
variable, says what is wrong with it and shows a right value. It never shows the value
that was found: a private key pasted into the wrong variable must not reach a log.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dotenv.parser import parse_stream
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from worker.core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "CREDENTIALS",
    "REQUIRED",
    "STORAGE",
    "LogFormat",
    "Settings",
    "load_settings",
    "load_webhook_secrets",
]

CREDENTIALS = frozenset({"COVGATE_APP_ID", "COVGATE_PRIVATE_KEY", "COVGATE_WEBHOOK_SECRET"})
"""What registering the GitHub App yields: all of them are set, or none."""
STORAGE = frozenset({"COVGATE_REDIS_URL", "COVGATE_DATABASE_URL"})
"""Where work and history live."""
REQUIRED = CREDENTIALS | STORAGE
"""What `serve` and `worker` can't start without."""

LogFormat = Literal["json", "text"]

_MAX_KEY_BYTES = 64 * 1024
_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(days=35)
_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s?)?")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


def _parse_app_id(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"0*[1-9][0-9]{0,17}", value):
        raise ValueError("must be the GitHub App's id, a positive whole number")
    return value


def _parse_private_key(value: object) -> object:
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


def _parse_webhook_secrets(value: object) -> object:
    if not isinstance(value, str):
        return value
    secrets = _split_list(value)
    if not secrets:
        raise ValueError("holds no secret")
    return secrets


def _parse_http_url(value: object) -> object:
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


def _parse_github_url(value: object) -> object:
    url = _parse_http_url(value)
    if isinstance(url, str) and urlsplit(url).hostname in {"github.com", "www.github.com"}:
        raise ValueError("must be the API's address, not that of the site")
    return url


def _parse_redis_url(value: object) -> object:
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


def _parse_database_url(value: object) -> object:
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


def _parse_hosts(value: object) -> object:
    if not isinstance(value, str):
        return value
    hosts = _split_list(value.lower())
    if not all(_HOST.fullmatch(host) or _is_address(host) for host in hosts):
        raise ValueError("must be names of hosts, separated by commas, without scheme or port")
    return hosts


def _parse_client_id(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[\w.-]{1,100}", value, re.ASCII):
        raise ValueError("must be the App's client id, of its settings page")
    return value


def _parse_networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    networks = _split_list(value)
    try:
        for network in networks:
            ipaddress.ip_network(network)
    except ValueError:
        raise ValueError("must be addresses or networks, separated by commas") from None
    return networks


def _parse_notify_url(value: object) -> object:
    if isinstance(value, str):
        parts = _split_url(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http:// or https:// address")
    return value


def _parse_deadline(value: object) -> object:
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


def _parse_gap(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", value.strip()):
        raise ValueError("must be seconds, such as 1 or 0.5")
    return float(value)


def _parse_log_format(value: object) -> object:
    if value not in {"json", "text", None}:
        raise ValueError("must be json or text")
    return value


class Settings(BaseModel):
    """What a process was told by its operator.

    A setting that was not asked for and not given is empty (0, "", (), None): which ones
    may be is the `require` of `load_settings`. Values that are already of the field's own
    type are taken as they are, so that tests and the sandbox can build settings by name.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, hide_input_in_errors=True
    )

    app_id: Annotated[int, BeforeValidator(_parse_app_id)] = Field(
        default=0, validation_alias="COVGATE_APP_ID", examples=["123456"]
    )
    private_key: Annotated[SecretStr, BeforeValidator(_parse_private_key)] = Field(
        default=SecretStr(""),
        validation_alias="COVGATE_PRIVATE_KEY",
        examples=["/etc/covgate/private-key.pem"],
    )
    """The PEM text, with real line ends, whatever form the variable had."""
    webhook_secrets: Annotated[tuple[SecretStr, ...], BeforeValidator(_parse_webhook_secrets)] = (
        Field(
            default=(),
            validation_alias="COVGATE_WEBHOOK_SECRET",
            examples=["new-secret,old-secret"],
        )
    )
    github_url: Annotated[str, BeforeValidator(_parse_github_url)] = Field(
        default="https://api.github.com",
        validation_alias="COVGATE_GITHUB_URL",
        examples=["https://ghes.example.com/api/v3"],
    )
    """Without a trailing slash."""
    redis_url: Annotated[str, BeforeValidator(_parse_redis_url)] = Field(
        default="",
        validation_alias="COVGATE_REDIS_URL",
        examples=["redis://localhost:6379/0"],
        repr=False,
    )
    """It may hold a password."""
    database_url: Annotated[str, BeforeValidator(_parse_database_url)] = Field(
        default="",
        validation_alias="COVGATE_DATABASE_URL",
        examples=["postgresql+psycopg://covgate@localhost/covgate"],
        repr=False,
    )
    """It may hold a password."""
    public_url: Annotated[str | None, BeforeValidator(_parse_http_url)] = Field(
        default=None,
        validation_alias="COVGATE_PUBLIC_URL",
        examples=["https://covgate.example.com"],
    )
    """Without a trailing slash."""
    download_hosts: Annotated[tuple[str, ...], BeforeValidator(_parse_hosts)] = Field(
        default=(),
        validation_alias="COVGATE_DOWNLOAD_HOSTS",
        examples=["artifacts.example.com,10.0.0.7"],
    )
    """Lower-case names (or addresses) from which artifacts may come beside public hosts."""
    deadline: Annotated[timedelta, BeforeValidator(_parse_deadline)] = Field(
        default=timedelta(hours=2), validation_alias="COVGATE_DEADLINE", examples=["2h"]
    )
    """How long a check may wait for reports before it concludes, naming what is missing."""
    write_gap: Annotated[float, BeforeValidator(_parse_gap)] = Field(
        default=1.0, validation_alias="COVGATE_WRITE_GAP", examples=["1"]
    )
    """Seconds between two writes of one installation, as GitHub asks for."""
    log_format: Annotated[LogFormat | None, BeforeValidator(_parse_log_format)] = Field(
        default=None, validation_alias="COVGATE_LOG_FORMAT", examples=["json"]
    )
    """None: text on a terminal, json elsewhere."""

    client_id: Annotated[str, BeforeValidator(_parse_client_id)] = Field(
        default="", validation_alias="COVGATE_CLIENT_ID", examples=["Iv23liAbCdEf01234567"]
    )
    """By which people sign in; without it, and the secret, private pages are closed."""
    client_secret: SecretStr = Field(
        default=SecretStr(""),
        validation_alias="COVGATE_CLIENT_SECRET",
        examples=["the-secret-of-40-digits"],
    )
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(_parse_networks)] = Field(
        default=(), validation_alias="COVGATE_TRUSTED_PROXIES", examples=["10.0.0.0/8"]
    )
    """Addresses whose word counts on where a request came from."""
    notify_url: Annotated[SecretStr, BeforeValidator(_parse_notify_url)] = Field(
        default=SecretStr(""),
        validation_alias="COVGATE_NOTIFY_URL",
        examples=["https://hooks.slack.com/services/T0/B0/xyz"],
    )
    """Gets a message when a default branch falls below its floor; who has it may write there."""

    @property
    def registered(self) -> bool:
        """Whether the GitHub App's credentials are there."""
        return bool(self.app_id and self.private_key and self.webhook_secrets)


def _variables() -> dict[str, str]:
    """Return each variable's name with an example of a right value, in reading order."""
    return {
        str(field.validation_alias): str((field.examples or [""])[0])
        for field in Settings.model_fields.values()
    }


def load_settings(
    environment: Mapping[str, str],
    env_file: Path | None = None,
    *,
    require: Collection[str] = REQUIRED,
    defaults: Mapping[str, str] | None = None,
) -> Settings:
    """Return the checked settings; a variable that is empty counts as not set.

    `environment` wins over `env_file` (which need not exist), and that over `defaults`.
    All three map variables ("COVGATE_REDIS_URL") to texts. `require` names the variables
    that must be set; of `CREDENTIALS`, one that is set requires the others. A variable
    that is set must be well formed, required or not.

    Raises `SettingError`: one line that names the first wrong variable and lists the
    others by name.
    """
    examples = _variables()
    from_file = _read_env_file(env_file) if env_file is not None else {}
    values: dict[str, str] = {}
    for source in (defaults or {}, from_file, environment):
        for name in examples.keys() & source.keys():
            if text := source[name].strip():
                values[name] = text
    required = set(require)
    if CREDENTIALS & values.keys():
        required |= CREDENTIALS
    problems = dict.fromkeys(required - values.keys(), "is missing")
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems |= _explain(error)
    if not problems:
        return settings
    raise SettingError(_one_line(problems, examples))


def load_webhook_secrets(
    environment: Mapping[str, str],
    env_file: Path | None = None,
    *,
    defaults: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Return the webhook secrets alone, for who signs and needs nothing else.

    Sources and errors as of `load_settings`.
    """
    name = "COVGATE_WEBHOOK_SECRET"
    from_file = _read_env_file(env_file) if env_file is not None else {}
    for source in (environment, from_file, defaults or {}):
        if secrets := _split_list(source.get(name, "")):
            return secrets
    raise SettingError(_one_line({name: "is missing"}, _variables()))


def _explain(error: ValidationError) -> dict[str, str]:
    return {
        str(problem["loc"][0]): problem["msg"].removeprefix("Value error, ")
        for problem in error.errors(include_url=False, include_input=False)
    }


def _one_line(problems: Mapping[str, str], examples: Mapping[str, str]) -> str:
    first, *others = (name for name in examples if name in problems)
    more = f"; to be mended too: {', '.join(others)}" if others else ""
    return f"{first} {problems[first]}; for example {first}={examples[first]}{more}"


def _read_env_file(path: Path) -> dict[str, str]:
    """Return the assignments of a `.env` file; nothing where there is no such file.

    `$` has no meaning in it: a secret may hold one.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            bindings = list(parse_stream(file))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise SettingError(
            f"{path} can't be read; make it a UTF-8 file that this user may read, or remove it"
        ) from None
    values = {}
    for binding in bindings:
        if binding.error:
            raise SettingError(
                f"{path}, line {binding.original.line}, is no assignment; "
                "for example COVGATE_APP_ID=123456"
            )
        if binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value
    return values


def _split_list(value: str) -> tuple[str, ...]:
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
