"""Covgate's settings: read from the environment and a `.env` file, checked, immutable.

Whoever starts a process passes the environment in; nothing is read at import. A missing
or malformed setting ends in one `SettingError` whose text is a single line that names the
variable, says what is wrong with it and shows a right value. It never shows the value
that was found: a private key pasted into the wrong variable must not reach a log.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

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
from worker.setting_values import (
    parse_app_id,
    parse_client_id,
    parse_database_url,
    parse_deadline,
    parse_gap,
    parse_github_url,
    parse_hosts,
    parse_http_url,
    parse_log_format,
    parse_networks,
    parse_notify_url,
    parse_private_key,
    parse_redis_url,
    parse_webhook_secrets,
    parse_yes_no,
    split_list,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

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


class Settings(BaseModel):
    """What a process was told by its operator.

    A setting that was not asked for and not given is empty (0, "", (), None): which ones
    may be is the `require` of `load_settings`. Values that are already of the field's own
    type are taken as they are, so that tests and the sandbox can build settings by name.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, hide_input_in_errors=True
    )

    app_id: Annotated[int, BeforeValidator(parse_app_id)] = Field(
        default=0, validation_alias="COVGATE_APP_ID", examples=["123456"]
    )
    private_key: Annotated[SecretStr, BeforeValidator(parse_private_key)] = Field(
        default=SecretStr(""),
        validation_alias="COVGATE_PRIVATE_KEY",
        examples=["/etc/covgate/private-key.pem"],
    )
    """The PEM text, with real line ends, whatever form the variable had."""
    webhook_secrets: Annotated[tuple[SecretStr, ...], BeforeValidator(parse_webhook_secrets)] = (
        Field(
            default=(),
            validation_alias="COVGATE_WEBHOOK_SECRET",
            examples=["new-secret,old-secret"],
        )
    )
    github_url: Annotated[str, BeforeValidator(parse_github_url)] = Field(
        default="https://api.github.com",
        validation_alias="COVGATE_GITHUB_URL",
        examples=["https://ghes.example.com/api/v3"],
    )
    """Without a trailing slash."""
    redis_url: Annotated[str, BeforeValidator(parse_redis_url)] = Field(
        default="",
        validation_alias="COVGATE_REDIS_URL",
        examples=["redis://localhost:6379/0"],
        repr=False,
    )
    """It may hold a password."""
    database_url: Annotated[str, BeforeValidator(parse_database_url)] = Field(
        default="",
        validation_alias="COVGATE_DATABASE_URL",
        examples=["postgresql+psycopg://covgate@localhost/covgate"],
        repr=False,
    )
    """It may hold a password."""
    public_url: Annotated[str | None, BeforeValidator(parse_http_url)] = Field(
        default=None,
        validation_alias="COVGATE_PUBLIC_URL",
        examples=["https://covgate.example.com"],
    )
    """Without a trailing slash."""
    download_hosts: Annotated[tuple[str, ...], BeforeValidator(parse_hosts)] = Field(
        default=(),
        validation_alias="COVGATE_DOWNLOAD_HOSTS",
        examples=["artifacts.example.com,10.0.0.7"],
    )
    """Lower-case names (or addresses) from which artifacts may come beside public hosts."""
    deadline: Annotated[timedelta, BeforeValidator(parse_deadline)] = Field(
        default=timedelta(hours=2), validation_alias="COVGATE_DEADLINE", examples=["2h"]
    )
    """How long a check may wait for reports before it concludes, naming what is missing."""
    write_gap: Annotated[float, BeforeValidator(parse_gap)] = Field(
        default=1.0, validation_alias="COVGATE_WRITE_GAP", examples=["1"]
    )
    """Seconds between two writes of one installation, as GitHub asks for."""
    keep_sources: Annotated[bool, BeforeValidator(parse_yes_no)] = Field(
        default=True, validation_alias="COVGATE_KEEP_SOURCES", examples=["yes"]
    )
    """Whether contents of base branches' files are kept in the database, to save requests."""
    log_format: Annotated[LogFormat | None, BeforeValidator(parse_log_format)] = Field(
        default=None, validation_alias="COVGATE_LOG_FORMAT", examples=["json"]
    )
    """None: text on a terminal, json elsewhere."""

    client_id: Annotated[str, BeforeValidator(parse_client_id)] = Field(
        default="", validation_alias="COVGATE_CLIENT_ID", examples=["Iv23liAbCdEf01234567"]
    )
    """By which people sign in; without it, and the secret, private pages are closed."""
    client_secret: SecretStr = Field(
        default=SecretStr(""),
        validation_alias="COVGATE_CLIENT_SECRET",
        examples=["the-secret-of-40-digits"],
    )
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(parse_networks)] = Field(
        default=(), validation_alias="COVGATE_TRUSTED_PROXIES", examples=["10.0.0.0/8"]
    )
    """Addresses whose word counts on where a request came from."""
    notify_url: Annotated[SecretStr, BeforeValidator(parse_notify_url)] = Field(
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
        if secrets := split_list(source.get(name, "")):
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
