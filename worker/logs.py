"""Logs: one chain for structlog and for the standard library, in JSON lines or as text.

Three nets keep secrets out: by type (pydantic's secrets, and any type whose repr masks
itself), by the field's name, and by pattern in every text, tracebacks included. A value
from a pull request never makes a second line in JSON, and no control character of it
reaches a terminal.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, cast

import structlog
from pydantic import SecretBytes, SecretStr

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

    from worker.settings import LogFormat

__all__ = ["MASK", "configure_logs", "get_logger", "log_context", "redact"]

MASK = "**********"
"""What stands where a secret was; the same as pydantic's."""

_SECRET_NAMES = frozenset(
    {
        "authorization",
        "client_secret",
        "cookie",
        "database_url",
        "jwt",
        "notify_url",
        "passwd",
        "password",
        "private_key",
        "redis_url",
        "secret",
        "set_cookie",
        "token",
        "webhook_secret",
        "webhook_secrets",
    }
)
# Every repetition that a match may begin with is bounded or anchored on a literal, so that
# a long text from outside costs linear time.
_PATTERNS = (
    # A key that was cut off has no end line.
    (
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END[^-]{0,60}-----|\Z)", re.DOTALL
        ),
        MASK,
    ),
    # https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
    # Installation tokens may hold a JWT, hence the dots and dashes.
    (re.compile(r"\b(gh[opsur]_|github_pat_)[\w.-]{4,}"), rf"\1{MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), MASK),
    (
        re.compile(r"(?i)(\bauthorization\W{1,5}(?:(?:bearer|token|basic)\s+)?)[^\s'\",}]+"),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?i)(\bbearer\s+)[\w.~+/=-]{4,}"), rf"\1{MASK}"),
    (re.compile(r"(?<=://)([^\s:/@]{0,256}):[^\s/]{1,1024}@"), rf"\1:{MASK}@"),
    # The signatures of download addresses (Azure, S3) and one-time tokens.
    (
        re.compile(
            r"(?i)([?&](?:sig|signature|x-amz-signature|x-amz-security-token"
            r"|token|access_token|jwt|code|state|client_secret)=)[^&\s'\"]+"
        ),
        rf"\1{MASK}",
    ),
)
# What every pattern above needs somewhere in the text. Most texts hold none of it, and one
# search instead of seven halves the cost of a line.
_SUSPICIOUS = re.compile(
    r"-----BEGIN|gh[opsur]_|github_pat_|eyJ|://|[?&]"
    # Classes, because a pattern that ignores case is searched for at half the speed.
    r"|[aA][uU][tT][hH][oO][rR][iI][zZ]|[bB][eE][aA][rR][eE][rR]"
)
# Control characters, line separators, marks that turn the direction of text, and lone
# surrogates, which no stream can encode.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_UNPRINTABLE_BUT_LINES = re.compile(_UNPRINTABLE.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def redact(text: str) -> str:
    """Return a text with everything that looks like a secret masked."""
    if _SUSPICIOUS.search(text) is None:
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def configure_logs(format: LogFormat | None, stream: TextIO) -> None:  # noqa: A002 -- the setting's own name
    """Send all logs of this process to `stream`; once, at its start.

    `json` writes one object a line, `text` is for people; None takes text on a terminal
    and json elsewhere. Forked workers inherit it.
    """
    chosen = format or ("text" if stream.isatty() else "json")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
        # Plain tracebacks: the pretty ones show local variables, and those hold secrets.
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _redact_event,
                *_renderers(chosen, colors=stream.isatty()),
            ],
        )
    )
    _route_everything_to(handler)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger; it may be asked for at import and used after `configure_logs`."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(name))


@contextmanager
def log_context(
    *,
    delivery: str | None = None,
    installation: int | None = None,
    repository: str | int | None = None,
    pull_request: int | None = None,
    head: str | None = None,
) -> Iterator[None]:
    """Add what is being worked on to every line logged inside; None keeps what was there."""
    fields = {
        "delivery": delivery,
        "installation": installation,
        "repository": repository,
        "pull_request": pull_request,
        "head": head,
    }
    known = {name: value for name, value in fields.items() if value is not None}
    with structlog.contextvars.bound_contextvars(**known):
        yield


def _route_everything_to(handler: logging.Handler) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # These bring handlers of their own; RQ adds none where the root has one.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "rq.worker"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def _renderers(format: LogFormat, *, colors: bool) -> list[Processor]:  # noqa: A002 -- as above
    if format == "json":
        # ASCII only: a lone surrogate in a path can't stop the line from being written.
        return [structlog.processors.JSONRenderer(sort_keys=False, default=repr)]
    console = structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback, timestamp_key="time"
    )
    return [_escape_event, console]


def _redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _clean(value, name) for name, value in event.items()}


def _clean(value: Any, name: str = "") -> Any:  # noqa: ANN401 -- a log takes any value
    """Return a value that JSON knows, without secrets."""
    named_secret = bool(value) and name.lower().replace("-", "_") in _SECRET_NAMES
    if named_secret or isinstance(value, (SecretStr, SecretBytes)):
        return MASK
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(str(key)): _clean(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(item) for item in value]
    return redact(_describe(value))


def _describe(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 -- a broken repr must not lose the line, nor the job
        return f"<{type(value).__name__} without a repr>"


def _escape_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _escape(value, name) for name, value in event.items()}


def _escape(value: Any, name: str) -> Any:  # noqa: ANN401 -- as above
    """Escape what could forge a line or steer a terminal; tracebacks keep their lines."""
    if not isinstance(value, str):
        return value  # the renderer shows its repr
    pattern = _UNPRINTABLE_BUT_LINES if name in {"exception", "stack"} else _UNPRINTABLE
    return pattern.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), value)
